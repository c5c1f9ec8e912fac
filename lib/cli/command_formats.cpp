#include <iostream>

#include "attncert/construction/approximation.hpp"
#include "attncert/model/output_files.hpp"
#include "common.hpp"
#include "format_table.hpp"

namespace attncert::cli {
namespace {

struct Options {
  std::string reach = "16";
  std::vector<std::string> formats;
  std::string underflow = "gradual";
  std::string output;
  bool json = false;
};

Result<TableSetting> setting_of(const Options& options) {
  TableSetting setting;
  ATTNCERT_TRY(setting.reach, positive_argument("--reach", options.reach));
  setting.underflow = options.underflow == "flush" ? Underflow::flush : Underflow::gradual;
  for (const std::string& name : options.formats) {
    ATTNCERT_TRY(const Format format, format_named(name));
    setting.formats.push_back(format);
  }
  if (setting.formats.empty()) setting.formats.assign(formats().begin(), formats().end());
  return setting;
}

int run(const Options& options) {
  const auto setting = setting_of(options);
  if (!setting) return exit_with(setting.error());
  const auto table = format_table(setting.value(), terminal_progress("formats", "entries"));
  if (!table) return exit_with(table.error());
  end_progress();
  const std::string text = options.json ? to_json(table.value(), setting.value()).dump() + "\n"
                                        : in_markdown(table.value(), setting.value());
  if (options.output.empty()) {
    std::cout << text;
    return kDone;
  }
  if (Status written = write_file_atomically(options.output, text); !written) {
    return exit_with(written.error());
  }
  std::cout << options.output << ": " << table.value().entries.size() << " entries\n";
  return kDone;
}

}  // namespace

void add_formats(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "formats", "For each activation and number format, the best heads and their error, bounded");
  command->add_option("--reach", options->reach, "pre-activations z of |z| <= R")
      ->capture_default_str();
  command->add_option("--format", options->formats,
                      "fp64, fp32, tf32, fp16, bf16, e4m3, e5m2; several times for several (all)");
  command->add_option("--underflow", options->underflow, "gradual or flush")
      ->check(CLI::IsMember({"gradual", "flush"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "file to write, such as docs/formats.md");
  command->add_flag("--json", options->json, "one JSON object, with the gates");
  command->footer("Example:\n  attncert formats --format bf16 --reach 8");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
