#include "evaluation_options.hpp"

namespace attncert::cli {

Result<std::optional<Evaluation>> EvaluationOptions::read() const {
  if (format.empty()) return std::optional<Evaluation>();
  Evaluation evaluation;
  ATTNCERT_TRY(evaluation.compute, format_named(format));
  ATTNCERT_TRY(evaluation.accumulate, format_named(accumulate.empty() ? format : accumulate));
  ATTNCERT_TRY(evaluation.storage, format_named(storage.empty() ? format : storage));
  ATTNCERT_TRY(evaluation.summation, summation_named(order));
  ATTNCERT_TRY(evaluation.exp_ulp, parse_rational(exp_ulp));
  ATTNCERT_TRY(evaluation.activation_error, parse_rational(activation_error));
  ATTNCERT_TRY(Evaluation checked, evaluation_of(to_json(evaluation)));
  return std::optional<Evaluation>(std::move(checked));
}

void add_evaluation_options(CLI::App& command, EvaluationOptions& options) {
  const std::string group = "How a machine computes";
  command
      .add_option("--format", options.format,
                  "also as computed in fp64, fp32, tf32, fp16, bf16, e4m3 or e5m2, to nearest")
      ->group(group);
  command.add_option("--accumulate", options.accumulate, "format of sums; default: --format")
      ->group(group);
  command.add_option("--storage", options.storage, "format of weights; default: --format")
      ->group(group);
  command
      .add_option("--order", options.order, "order of sums: any, sequential, pairwise or blocks:K")
      ->capture_default_str()
      ->group(group);
  command.add_option("--exp-ulp", options.exp_ulp, "exponentials are off by at most so many ulp")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--activation-error", options.activation_error,
                  "activations of z are off by at most so many unit roundoffs of |z|")
      ->capture_default_str()
      ->group(group);
}

}  // namespace attncert::cli
