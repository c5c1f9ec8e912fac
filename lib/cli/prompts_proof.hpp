// Two models on a file of prompts, for `agree` and for `audit --domain prompts:FILE`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "attncert/prover/agreement.hpp"
#include "two_models.hpp"

namespace attncert::cli {

struct PromptsOptions {
  ModelFolders folders;
  std::string prompts;
  std::string output;  // the certificate; empty: none, and no work is kept
  long generate = 1;
  long shard_size = 100;
  long jobs = 0;

  /// --generate, --shard-size, --jobs.
  void add_to(CLI::App& command);
};

struct PromptsProof {
  Agreement agreement;  // of its certificate the subjects are those of options.output
  long count = 0;       // prompts in the file
  ShardLog log;

  long proved() const { return count - static_cast<long>(agreement.unproved.size()); }
};

/// Reads all files, goes on with unfinished work beside options.output, and proves what is left.
Result<PromptsProof> prove_on_prompts(const PromptsOptions& options,
                                      const std::optional<Evaluation>& evaluation);

/// "first not proved: prompt ...", if any is not.
std::string first_unproved(const Agreement& agreement);

/// [{"prompt", "reason"}, ...] of those not proved.
Json unproved_json(const Agreement& agreement);

/// {"bound", "prompt"} of the largest difference; Requires an evaluation
Json difference_json(const Agreement& agreement);

/// How far computed outputs may be apart, in a line; Requires an evaluation
std::string difference_line(const Agreement& agreement);

}  // namespace attncert::cli
