// Options that say how a machine computes: --format and those that go with it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "attncert/statement/evaluation.hpp"

namespace attncert::cli {

struct EvaluationOptions {
  std::string format;
  std::string accumulate;
  std::string storage;
  std::string order = "any";
  std::string underflow = "gradual";
  std::string softmax = "max-subtraction";
  std::string exp_ulp = "1";
  std::string division_ulp = "1.5";
  std::string activation_error = "4";
  std::string norm = "two-pass";
  std::string exp_zero = "never";
  std::string mask_constant = "left-out";

  /// Errors FormatUnknown, EvaluationSyntax, NumberSyntax
  Result<Evaluation> read() const;
};

/// Adds them all; the result is --format.
CLI::Option* add_evaluation_options(CLI::App& command, EvaluationOptions& options);

}  // namespace attncert::cli
