#include <iostream>

#include "attncert/model/output_files.hpp"
#include "columns.hpp"
#include "common.hpp"
#include "evaluation_options.hpp"
#include "prompts_proof.hpp"

namespace attncert::cli {
namespace {

struct Options {
  PromptsOptions prompts;
  bool allow_exceptions = false;
  bool json = false;
  EvaluationOptions evaluation;
};

void print_json(const Options& options, const PromptsProof& proof, bool written,
                const std::optional<Evaluation>& evaluation) {
  Json json{{"prompts", proof.count},
            {"proved", proof.proved()},
            {"resumed", proof.agreement.resumed},
            {"exceptions", unproved_json(proof.agreement)}};
  if (evaluation) {
    json["evaluation"] = to_json(*evaluation);
    json["difference"] = difference_json(proof.agreement);
  }
  if (written) json["certificate"] = options.prompts.output;
  std::cout << json.dump() << "\n";
}

void print_text(const Options& options, const PromptsProof& proof, bool written,
                const std::optional<Evaluation>& evaluation) {
  std::cout << "proved: " << proof.proved() << " of " << proof.count << " prompts decode alike, "
            << options.prompts.generate << " tokens each\n";
  if (evaluation) {
    print_wrapped("in exact arithmetic, and with " + in_words(*evaluation));
    std::cout << difference_line(proof.agreement);
  }
  std::cout << first_unproved(proof.agreement);
  if (written) {
    std::cout << options.prompts.output << ": " << proof.agreement.certificate.steps.size()
              << " steps; check it with: attncert-check " << options.prompts.output << "\n";
  } else {
    std::cout << "no certificate written: --allow-exceptions writes one for the others\n";
  }
}

Result<int> run_all(const Options& options) {
  std::optional<Evaluation> evaluation;
  if (!options.evaluation.format.empty()) {
    ATTNCERT_TRY(evaluation, options.evaluation.read());
  }
  ATTNCERT_TRY(const PromptsProof proof, prove_on_prompts(options.prompts, evaluation));
  const bool written = proof.agreement.unproved.empty() || options.allow_exceptions;
  if (written) {
    ATTNCERT_CHECK(write_file_atomically(options.prompts.output,
                                         write_certificate(proof.agreement.certificate)));
  }
  proof.log.remove();
  (options.json ? print_json : print_text)(options, proof, written, evaluation);
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
  command->add_option("ORIGINAL", options->prompts.folders.original, "folder of the original model")
      ->required();
  command->add_option("CONVERTED", options->prompts.folders.converted, "folder of its conversion")
      ->required();
  command
      ->add_option("--prompts", options->prompts.prompts,
                   "file of prompts: one a line, tokens by commas")
      ->required();
  command
      ->add_option("-o,--output", options->prompts.output,
                   "the certificate to write; FILE.partial keeps finished shards meanwhile")
      ->required();
  options->prompts.add_to(*command);
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
