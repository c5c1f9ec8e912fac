#include "attncert/statement/evaluation.hpp"

#include <bit>
#include <charconv>

namespace attncert {
namespace {

constexpr std::string_view kBlocks = "blocks:";
constexpr std::string_view kNotLowered = "left-out";
constexpr std::string_view kNever = "never";

Error syntax(const std::string& what) {
  return fail(ErrorCode::EvaluationSyntax, "evaluation: " + what);
}

Result<Format> format_at(const Json& value, const char* key) {
  ATTNCERT_TRY(const std::string name, text_of(value, key));
  return format_named(name);
}

Result<Rational> size_at(const Json& value, const char* key) {
  ATTNCERT_TRY(Rational size, real_of(value, key));
  if (size < 0) return syntax(std::string(key) + " must not be negative");
  return size;
}

// A size, or a word that stands for none.
Result<std::optional<Rational>> optional_size(const Json& value, const char* key,
                                              std::string_view none) {
  ATTNCERT_TRY(const std::string text, text_of(value, key));
  if (text == none) return std::optional<Rational>();
  ATTNCERT_TRY(Rational size, size_at(value, key));
  return std::optional<Rational>(std::move(size));
}

// One of two words: whether it is the second.
Result<bool> choice_at(const Json& value, const char* key, std::string_view first,
                       std::string_view second) {
  ATTNCERT_TRY(const std::string text, text_of(value, key));
  if (text == first || text == second) return text == second;
  return syntax(std::string(key) + " must be " + std::string(first) + " or " + std::string(second));
}

std::string text_or(const std::optional<Rational>& size, std::string_view none) {
  return size ? to_string(*size) : std::string(none);
}

std::string text_of(const Summation& summation) {
  switch (summation.order) {
    case Summation::Order::any: return "any";
    case Summation::Order::sequential: return "sequential";
    case Summation::Order::pairwise: return "pairwise";
    case Summation::Order::blocks: break;
  }
  return std::string(kBlocks) + std::to_string(summation.block);
}

}  // namespace

Result<Summation> summation_named(std::string_view text) {
  for (const auto order :
       {Summation::Order::any, Summation::Order::sequential, Summation::Order::pairwise}) {
    const Summation summation{order, 0};
    if (text_of(summation) == text) return summation;
  }
  Summation blocks{Summation::Order::blocks, 0};
  if (text.starts_with(kBlocks)) {
    std::from_chars(text.data() + kBlocks.size(), text.data() + text.size(), blocks.block);
    if (blocks.block >= 1 && text_of(blocks) == text) return blocks;
  }
  return syntax("the order of sums must be any, sequential, pairwise or blocks:K with K from 1");
}

long Summation::roundings(long n) const {
  if (n <= 1 || order == Order::any || order == Order::sequential) return n;
  if (order == Order::pairwise) {
    return static_cast<long>(std::bit_width(static_cast<unsigned long>(n - 1))) + 1;
  }
  return std::min(block, n) + (n + block - 1) / block - 1;
}

Result<Evaluation> evaluation_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(
      value, "an evaluation",
      {"accumulate", "activation_error", "compute", "division_ulp", "exp_ulp", "exp_zero",
       "masked_scores", "norm", "order", "softmax", "storage", "underflow"}));
  Evaluation evaluation;
  ATTNCERT_TRY(evaluation.storage, format_at(value, "storage"));
  ATTNCERT_TRY(evaluation.compute, format_at(value, "compute"));
  ATTNCERT_TRY(evaluation.accumulate, format_at(value, "accumulate"));
  ATTNCERT_TRY(const std::string order, text_of(value, "order"));
  ATTNCERT_TRY(evaluation.summation, summation_named(order));
  ATTNCERT_TRY(const bool flush, choice_at(value, "underflow", "gradual", "flush"));
  evaluation.underflow = flush ? Underflow::flush : Underflow::gradual;
  ATTNCERT_TRY(evaluation.exp_ulp, size_at(value, "exp_ulp"));
  ATTNCERT_TRY(evaluation.division_ulp, size_at(value, "division_ulp"));
  ATTNCERT_TRY(evaluation.activation_error, size_at(value, "activation_error"));
  ATTNCERT_TRY(evaluation.max_subtraction, choice_at(value, "softmax", "plain", "max-subtraction"));
  ATTNCERT_TRY(const bool one_pass, choice_at(value, "norm", "two-pass", "one-pass"));
  evaluation.norm = one_pass ? NormPasses::one : NormPasses::two;
  ATTNCERT_TRY(evaluation.exp_zero, optional_size(value, "exp_zero", kNever));
  ATTNCERT_TRY(evaluation.mask_constant, optional_size(value, "masked_scores", kNotLowered));
  return evaluation;
}

Json to_json(const Evaluation& evaluation) {
  return {{"storage", evaluation.storage.name},
          {"compute", evaluation.compute.name},
          {"accumulate", evaluation.accumulate.name},
          {"order", text_of(evaluation.summation)},
          {"underflow", evaluation.underflow == Underflow::flush ? "flush" : "gradual"},
          {"exp_ulp", to_string(evaluation.exp_ulp)},
          {"division_ulp", to_string(evaluation.division_ulp)},
          {"activation_error", to_string(evaluation.activation_error)},
          {"softmax", evaluation.max_subtraction ? "max-subtraction" : "plain"},
          {"norm", evaluation.norm == NormPasses::one ? "one-pass" : "two-pass"},
          {"exp_zero", text_or(evaluation.exp_zero, kNever)},
          {"masked_scores", text_or(evaluation.mask_constant, kNotLowered)}};
}

std::string in_words(const Evaluation& evaluation) {
  const std::string order = evaluation.summation.order == Summation::Order::blocks
                                ? "in blocks of " + std::to_string(evaluation.summation.block)
                            : evaluation.summation.order == Summation::Order::any
                                ? "in any order"
                                : text_of(evaluation.summation);
  return "weights in " + std::string(evaluation.storage.name) + ", operations in " +
         std::string(evaluation.compute.name) + ", sums in " +
         std::string(evaluation.accumulate.name) + " " + order + ", to nearest, " +
         (evaluation.underflow == Underflow::flush ? "underflow to 0" : "gradual underflow") +
         ", exp within " + to_string(evaluation.exp_ulp) + " ulp" +
         (evaluation.exp_zero ? " and 0 below -" + to_string(*evaluation.exp_zero) : "") +
         ", divisions within " + to_string(evaluation.division_ulp) +
         " ulp, activations a within " + to_string(evaluation.activation_error) +
         " u (|z| + |a(0)|), softmax " + (evaluation.max_subtraction ? "with" : "without") +
         " max-subtraction, norms in " +
         (evaluation.norm == NormPasses::one ? "one pass" : "two passes") + ", masked scores " +
         (evaluation.mask_constant ? "lowered by " + to_string(*evaluation.mask_constant)
                                   : std::string("left out"));
}

}  // namespace attncert
