#include <iostream>

#include "attncert/core/file.hpp"
#include "attncert/model/mask_file.hpp"
#include "attncert/model/output_files.hpp"
#include "attncert/prover/mask.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

struct Options {
  std::string tokens;
  std::string pattern;
  std::string score_bound;
  std::string value_bound;
  std::string epsilon;
  std::string output;
  bool json = false;
};

Result<long> tokens_argument(const std::string& text) {
  const auto number = parse_rational(text);
  if (!number) return fail(number.error().code, "--tokens: " + number.error().message);
  const Rational& tokens = number.value();
  if (denominator(tokens) == 1 && tokens >= 1 && tokens <= INT64_MAX) {
    return static_cast<long>(numerator(tokens));
  }
  return fail(ErrorCode::MaskSyntax, "--tokens must be a whole number from 1 to 2^63 - 1");
}

Result<Rational> bound_argument(const std::string& name, const std::string& text) {
  auto number = parse_rational(text);
  if (!number) return fail(number.error().code, name + ": " + number.error().message);
  if (number.value() < 0) return fail(ErrorCode::BoundNegative, name + " must not be negative");
  return number;
}

Result<MaskPattern> pattern_argument(const std::string& text, long tokens) {
  auto mask = mask_of(Json(text));
  if (mask) return mask;
  if (text.starts_with("window:") || text.starts_with("block:")) {
    return fail(mask.error().code, "--pattern " + text + ": " + mask.error().message);
  }
  const auto content = read_file(text);
  if (!content) {
    return fail(
        content.error().code,
        "--pattern must be full, causal, window:W, block:B, self, or a file of 0s and 1s; " +
            content.error().message);
  }
  mask = parse_mask_file(content.value(), tokens);
  if (mask) return mask;
  return fail(mask.error().code, "mask file '" + text + "': " + mask.error().message);
}

Result<MaskError> claim_argument(const Options& options) {
  MaskError claim;
  ATTNCERT_TRY(claim.tokens, tokens_argument(options.tokens));
  ATTNCERT_TRY(claim.score_bound, bound_argument("--score-bound", options.score_bound));
  ATTNCERT_TRY(claim.value_bound, bound_argument("--value-bound", options.value_bound));
  ATTNCERT_TRY(claim.epsilon, positive_argument("--epsilon", options.epsilon));
  ATTNCERT_TRY(claim.mask, pattern_argument(options.pattern, claim.tokens));
  return claim;
}

// Omega has few significant digits: this is exact.
std::string decimal_text(const Rational& omega) {
  std::string text = to_string(omega);
  const bool plain = text.find_first_of("x/") == text.npos;
  return plain ? text : to_scientific(omega, 40, Direction::up);
}

Json to_json(const MaskBound& bound, const MaskError& claim, const Options& options) {
  return {{"omega", decimal_text(bound.omega)},
          {"tokens", claim.tokens},
          {"pattern", options.pattern},
          {"score_bound", to_string(claim.score_bound)},
          {"value_bound", to_string(claim.value_bound)},
          {"epsilon", to_string(claim.epsilon)},
          {"worst_row", {{"allowed", bound.allowed}, {"masked", bound.masked}}},
          {"sharp", bound.sharp},
          {"certificate", options.output}};
}

void print_text(const MaskBound& bound, const MaskError& claim, const std::string& output,
                std::size_t bytes) {
  std::cout << "Omega      " << decimal_text(bound.omega) << "\n"
            << "mask       " << in_words(claim.mask) << ", " << claim.tokens << " tokens\n"
            << "worst row  allows " << bound.allowed << ", masks " << bound.masked << "\n";
  if (!bound.sharp) std::cout << "note       Omega suffices, but may not be the least one\n";
  std::cout << "certified: " << in_words(bound.certificate.claim) << "\n"
            << output << ": 1 step, " << bytes << " bytes; check it with: attncert-check " << output
            << "\n";
}

int run(const Options& options) {
  const auto claim = claim_argument(options);
  if (!claim) return exit_with(claim.error());
  const auto bound = certify_mask(claim.value());
  if (!bound) return exit_with(bound.error());
  const Certificate& certificate = bound.value().certificate;
  const std::string text = write_certificate(certificate);
  if (check_certificate(text, ".", certificate.claim).refusal) {
    print_error("internal: the kernel refused the certificate; please report this command");
    return kInternal;
  }
  if (Status written = write_file_atomically(options.output, text); !written) {
    return exit_with(written.error());
  }
  if (options.json) {
    std::cout << to_json(bound.value(), claim.value(), options)
                     .dump(-1, ' ', false, Json::error_handler_t::replace)
              << "\n";
  } else {
    print_text(bound.value(), claim.value(), options.output, text.size());
  }
  return kDone;
}

}  // namespace

void add_mask(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "mask", "Find the least Omega that stands in for a mask, with proof");
  command->add_option("--tokens", options->tokens, "number of tokens N")->required();
  command
      ->add_option("--pattern", options->pattern,
                   "full, causal, window:W, block:B, self, or a file of N lines of N 0s and 1s")
      ->required();
  command->add_option("--score-bound", options->score_bound, "scores lie in [-B, B]")->required();
  command->add_option("--value-bound", options->value_bound, "value coordinates lie in [-V, V]")
      ->required();
  command->add_option("--epsilon", options->epsilon, "the error allowed, an exact number")
      ->required();
  command->add_option("-o,--output", options->output, "the certificate to write")->required();
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert mask --tokens 1024 --pattern causal --score-bound 10 "
      "--value-bound 1/2 \\\n    --epsilon 1e-6 -o mask.jsonl\n  attncert-check mask.jsonl");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
