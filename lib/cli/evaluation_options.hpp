// Options that say how a machine computes: --format and those that go with it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "attncert/statement/evaluation.hpp"

namespace attncert::cli {

struct EvaluationOptions {
  std::string format;
  std::string accumulate;
  std::string storage;
  std::string order = "any";
  std::string exp_ulp = "1";
  std::string activation_error = "4";

  /// None without --format. Errors FormatUnknown, EvaluationSyntax, NumberSyntax
  Result<std::optional<Evaluation>> read() const;
};

void add_evaluation_options(CLI::App& command, EvaluationOptions& options);

}  // namespace attncert::cli
