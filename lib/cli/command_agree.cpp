#include <iostream>

#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "attncert/model/output_files.hpp"
#include "attncert/prover/agreement.hpp"
#include "common.hpp"
#include "evaluation_options.hpp"
#include "two_models.hpp"

namespace attncert::cli {
namespace {

struct Options {
  ModelFolders folders;
  std::string prompts;
  std::string output;
  long generate = 1;
  long shard_size = 100;
  long jobs = 0;
  bool allow_exceptions = false;
  bool json = false;
  EvaluationOptions evaluation;
};

Result<Prompts> load_prompts(const std::string& path) {
  ATTNCERT_TRY(const std::string text, read_file(path));
  auto prompts = parse_prompts(text);
  if (!prompts) return fail(prompts.error().code, path + ": " + prompts.error().message);
  return Prompts{std::move(prompts).value(), sha256_hex(text)};
}

Json header_of(const Options& options, const TwoModels& models, const Prompts& prompts,
               const std::optional<Evaluation>& evaluation) {
  const ModelHashes& original = models.original.model.hashes;
  const ModelHashes& converted = models.converted.model.hashes;
  Json header{{"attncert-partial", 1},
              {"original", {original.network, original.weights}},
              {"converted", {converted.network, converted.weights}},
              {"prompts", prompts.sha256},
              {"generate", options.generate},
              {"shard_size", options.shard_size}};
  if (evaluation) header["evaluation"] = to_json(*evaluation);
  return header;
}

void print(const Options& options, const Agreement& agreement, long count, bool written,
           const std::optional<Evaluation>& evaluation) {
  const long proved = count - static_cast<long>(agreement.unproved.size());
  if (options.json) {
    Json exceptions = Json::array();
    for (const Unproved& one : agreement.unproved) {
      exceptions.push_back({{"prompt", one.prompt}, {"reason", one.reason}});
    }
    Json json{{"prompts", count},
              {"proved", proved},
              {"resumed", agreement.resumed},
              {"exceptions", exceptions}};
    if (evaluation) json["evaluation"] = to_json(*evaluation);
    if (written) json["certificate"] = options.output;
    std::cout << json.dump() << "\n";
    return;
  }
  std::cout << "proved: " << proved << " of " << count << " prompts decode alike, "
            << options.generate << " tokens each\n";
  if (evaluation) std::cout << "in exact arithmetic, and with " << in_words(*evaluation) << "\n";
  if (!agreement.unproved.empty()) {
    std::cout << "first not proved: prompt " << agreement.unproved.front().prompt
              << " (numbered from 0): " << agreement.unproved.front().reason << "\n";
  }
  if (written) {
    std::cout << options.output << ": " << agreement.certificate.steps.size()
              << " steps; check it with: attncert-check " << options.output << "\n";
  } else {
    std::cout << "no certificate written: --allow-exceptions writes one for the others\n";
  }
}

Result<int> run_all(const Options& options) {
  if (options.generate < 1 || options.shard_size < 1 || options.jobs < 0) {
    return fail(ErrorCode::NumberSyntax,
                "--generate and --shard-size must be at least 1, --jobs at least 0");
  }
  ATTNCERT_TRY(const TwoModels models, load_models(options.folders));
  ATTNCERT_TRY(std::vector<Subject> subjects, subjects_of(options.folders, models, options.output));
  ATTNCERT_TRY(const Prompts prompts, load_prompts(options.prompts));
  subjects.push_back({"prompts", seen_from(options.output, options.prompts), prompts.sha256});
  std::optional<Evaluation> evaluation;
  if (!options.evaluation.format.empty()) {
    ATTNCERT_TRY(evaluation, options.evaluation.read());
  }
  ATTNCERT_TRY(ShardLog log, ShardLog::open(options.output + ".partial",
                                            header_of(options, models, prompts, evaluation)));
  AgreementOptions how;
  how.generate = options.generate;
  how.shard_size = options.shard_size;
  how.jobs = static_cast<unsigned>(options.jobs);
  how.evaluation = evaluation;
  how.progress = terminal_progress("proving", "prompts");
  auto agreement =
      prove_agreement(models.original.model, models.converted.model, prompts, how, log);
  end_progress();
  if (!agreement) {
    if (log.finished().empty()) log.remove();
    return agreement.error();
  }
  Certificate& certificate = agreement.value().certificate;
  certificate.subjects = std::move(subjects);
  const bool all = agreement.value().unproved.empty();
  const bool written = all || options.allow_exceptions;
  if (written) {
    ATTNCERT_CHECK(write_file_atomically(options.output, write_certificate(certificate)));
  }
  log.remove();
  print(options, agreement.value(), static_cast<long>(prompts.prompts.size()), written, evaluation);
  return written ? kDone : kRefuted;
}

int run(const Options& options) {
  const auto code = run_all(options);
  return code ? code.value() : exit_with(code.error());
}

}  // namespace

void add_agree(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "agree", "Prove that two models decode prompts alike: exactly, and as computed");
  command->add_option("ORIGINAL", options->folders.original, "folder of the original model")
      ->required();
  command->add_option("CONVERTED", options->folders.converted, "folder of its conversion")
      ->required();
  command
      ->add_option("--prompts", options->prompts, "file of prompts: one a line, tokens by commas")
      ->required();
  command
      ->add_option("-o,--output", options->output,
                   "the certificate to write; FILE.partial keeps finished shards meanwhile")
      ->required();
  command
      ->add_option("--generate", options->generate, "tokens that greedy decoding adds to a prompt")
      ->capture_default_str();
  command->add_option("--shard-size", options->shard_size, "prompts in a step")
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "threads; 0: one for each core")
      ->capture_default_str();
  command->add_flag("--allow-exceptions", options->allow_exceptions,
                    "write a certificate that names the prompts it does not cover");
  add_evaluation_options(*command, options->evaluation)
      ->description("also as computed in this format: fp64, fp32, tf32, fp16, bf16, ...");
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert agree certificates/models/adder-silu /tmp/adder-heads "
      "--prompts sums.txt --generate 3 -o agree.jsonl");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
