#include <iostream>

#include "attncert/model/importer.hpp"
#include "attncert/onnx/export.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

struct Options {
  std::string model;
  std::string output;
  std::string sublayer;
  std::string type = "F32";
};

Status write(const Options& options) {
  ATTNCERT_TRY(const LoadedModel loaded, load_model(options.model));
  OnnxOptions how;
  if (options.type == "F64") how.type = NumberType::f64;
  if (!options.sublayer.empty()) how.sublayer = options.sublayer;
  StagedFiles staged;
  ATTNCERT_CHECK(staged.stage(options.output, [&](const ByteSink& sink) {
    return write_onnx(loaded.model, how, sink, terminal_progress("writing", "tensors"));
  }));
  return staged.commit();
}

int run(const Options& options) {
  const Status status = write(options);
  if (!status) return exit_with(status.error());
  end_progress();
  std::cout << "written: " << options.output << "\n";
  return kDone;
}

}  // namespace

void add_export(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "export", "Write a model, original or converted, as ONNX with standard operators");
  command
      ->add_option("MODEL", options->model,
                   "folder with model.safetensors and network.json or config.json")
      ->required();
  command->add_option("-o,--output", options->output, "ONNX file to write")->required();
  command->add_option("--sublayer", options->sublayer,
                      "only what this sublayer adds to rows of the stream");
  command
      ->add_option("--dtype", options->type, "of weights and evaluation; weights are rounded to it")
      ->check(CLI::IsMember({"F32", "F64"}))
      ->capture_default_str();
  command->footer(
      "Example:\n  attncert export certificates/models/adder-gelu/heads -o /tmp/adder.onnx");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
