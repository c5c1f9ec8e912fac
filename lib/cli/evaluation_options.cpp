#include "evaluation_options.hpp"

#include "attncert/prover/exp_zero.hpp"

namespace attncert::cli {

namespace {

// "auto": where a correctly rounded exp becomes 0.
Result<std::string> threshold(const EvaluationOptions& options) {
  if (options.exp_zero != "auto") return options.exp_zero;
  ATTNCERT_TRY(const Format format, format_named(options.format));
  const auto underflow = options.underflow == "flush" ? Underflow::flush : Underflow::gradual;
  return to_string(exp_zero_of(format, underflow, kExpZeroDigits));
}

}  // namespace

Result<Evaluation> EvaluationOptions::read() const {
  ATTNCERT_TRY(const std::string zero, threshold(*this));
  return evaluation_of({{"storage", storage.empty() ? format : storage},
                        {"compute", format},
                        {"accumulate", accumulate.empty() ? format : accumulate},
                        {"order", order},
                        {"underflow", underflow},
                        {"exp_ulp", exp_ulp},
                        {"division_ulp", division_ulp},
                        {"activation_error", activation_error},
                        {"softmax", softmax},
                        {"norm", norm},
                        {"exp_zero", zero},
                        {"masked_scores", mask_constant}});
}

CLI::Option* add_evaluation_options(CLI::App& command, EvaluationOptions& options) {
  CLI::Option* format = command.add_option("--format", options.format,
                                           "of operations: fp64, fp32, tf32, fp16, bf16, ...");
  command.add_option("--accumulate", options.accumulate, "format of sums; else that of operations");
  command.add_option("--storage", options.storage, "format of weights; else that of operations");
  command.add_option("--order", options.order, "of sums: any, sequential, pairwise, blocks:K")
      ->capture_default_str();
  command.add_option("--underflow", options.underflow, "gradual or flush")->capture_default_str();
  command.add_option("--softmax", options.softmax, "max-subtraction or plain")
      ->capture_default_str();
  command.add_option("--exp-ulp", options.exp_ulp, "error of exponentials in ulp")
      ->capture_default_str();
  command
      .add_option("--division-ulp", options.division_ulp,
                  "error of quotients and square roots in ulp; 0.5: correctly rounded")
      ->capture_default_str();
  command
      .add_option("--activation-error", options.activation_error,
                  "error of activations a in unit roundoffs of |z| + |a(0)|")
      ->capture_default_str();
  command.add_option("--norm", options.norm, "variance in two-pass or one-pass")
      ->capture_default_str();
  command
      .add_option("--exp-zero", options.exp_zero,
                  "e^t is 0 for t <= -T: T, never, or auto: as "
                  "a correctly rounded exp does")
      ->capture_default_str();
  command
      .add_option("--mask-constant", options.mask_constant,
                  "what masked scores are lowered by, or left-out")
      ->capture_default_str();
  return format;
}

}  // namespace attncert::cli
