#include "machine.hpp"

#include <bit>
#include <cstdint>

#include "attncert/interval/functions.hpp"
#include "attncert/kernel/rounding.hpp"

namespace attncert::rules {
namespace {

constexpr Precision kPrecision = 64;

Error useless(const std::string& what) {
  return fail(ErrorCode::RoundingUseless,
              "no useful bound: " + what + "; accumulate in a wider format, or in blocks");
}

Error overflow(const std::string& what, const Format& format) {
  return fail(ErrorCode::RoundingOverflow, "overflow is possible: " + what +
                                               " may exceed the largest number of " +
                                               std::string(format.name));
}

// The format whose numbers, all of them, a tensor's type has.
std::string_view format_of(std::string_view dtype) {
  if (dtype == "F64") return "fp64";
  if (dtype == "F32") return "fp32";
  if (dtype == "F16") return "fp16";
  return dtype == "BF16" ? "bf16" : "";
}

// Tells numbers of a format from others.
class Membership {
public:
  Membership(const Format& format, Underflow underflow)
      : mask_((std::uint64_t{1} << static_cast<unsigned>(53 - format.precision)) - 1),
        normal_(static_cast<double>(smallest_normal(format))),
        per_unit_(std::ldexp(1.0, format.precision - 1 - format.min_exponent)),
        flush_(underflow == Underflow::flush) {}

  bool operator()(double x) const {
    const double size = std::fabs(x);
    if (size >= normal_) return (std::bit_cast<std::uint64_t>(x) & mask_) == 0;
    if (size == 0 || flush_) return size == 0;
    if (mask_ == 0) return true;            // fp64
    const double units = size * per_unit_;  // exact: a power of two, and no underflow
    return units == std::floor(units);
  }

private:
  std::uint64_t mask_;
  double normal_;
  double per_unit_;
  bool flush_;
};

}  // namespace

Upper exp_up(const Rational& x) {
  return Upper::of(upper_double(exp(enclose(x, kPrecision), kPrecision)));
}

Machine::Machine(const Evaluation& evaluation) : evaluation_(evaluation) {
  const auto unit = [](const Format& format) { return Upper::of(unit_roundoff(format)); };
  const auto tiny = [&](const Format& format) {
    return Upper::of(underflow_unit(format, evaluation.underflow));
  };
  storage = unit(evaluation.storage);
  compute = unit(evaluation.compute);
  accumulate = unit(evaluation.accumulate);
  storage_tiny = tiny(evaluation.storage);
  compute_tiny = tiny(evaluation.compute);
  accumulate_tiny = tiny(evaluation.accumulate);
  exp_error = Upper::of(Rational(2 * evaluation.exp_ulp)) * compute;
  division = Upper::of(Rational(2 * evaluation.division_ulp)) * compute;
  exp_tiny = compute_tiny;
  if (evaluation.exp_zero) exp_tiny = max(exp_tiny, exp_up(Rational(-*evaluation.exp_zero)));
  activation = Upper::of(evaluation.activation_error) * compute;
  largest = static_cast<double>(std::min(largest_finite(evaluation.compute),  // a number of fp64
                                         largest_finite(evaluation.accumulate)));
}

Result<Upper> Machine::sum(long terms, bool gaps) const {
  const long roundings = (gaps ? terms : evaluation_.summation.roundings(terms)) + 1;
  const Rational grown = roundings * unit_roundoff(evaluation_.accumulate);
  if (grown * 2 >= 1) {
    return useless("sums of " + std::to_string(terms) + " terms in " +
                   std::string(evaluation_.accumulate.name) + " may lose every digit");
  }
  const Upper first = Upper::of(grown);
  return first + first * first;
}

Status Machine::check_size(Upper size, const std::string& what) const {
  if (size.is_at_most(largest)) return ok();
  return overflow(what, largest_finite(evaluation_.compute) < largest_finite(evaluation_.accumulate)
                            ? evaluation_.compute
                            : evaluation_.accumulate);
}

Result<SoftmaxError> Machine::softmax(long terms, bool gaps, Upper scores,
                                      Upper reciprocal_sum) const {
  constexpr double quarter = 0.25;
  const bool plain = !evaluation_.max_subtraction;
  const Upper each = plain ? exp_up(Rational(scores.value())) : Upper::of(1.0);
  ATTNCERT_CHECK(check_size(Upper::of(2.0) * Upper::of(terms) * each,
                            plain ? "softmax without max-subtraction" : "a softmax's sum"));
  ATTNCERT_TRY(const Upper added, sum(terms, gaps));
  const Upper above = compound(exp_error, division);
  const Upper below = exp_error + added + compute;
  const Upper unit =
      (exp_tiny + Upper::of(2L) * accumulate_tiny) * (plain ? reciprocal_sum : Upper::of(1.0));
  const Upper lost = Upper::of(1.5) * Upper::of(terms) * unit;
  SoftmaxError error;
  error.relative = (above + below) * (Upper::of(1.0) + Upper::of(2.0) * below);
  error.absolute = Upper::of(6L) * Upper::of(terms + 1) * unit + Upper::of(terms) * compute_tiny;
  if (!below.is_at_most(quarter) || !lost.is_at_most(quarter) ||
      !error.relative.is_at_most(quarter)) {
    return useless("softmax over " + std::to_string(terms) + " terms in " +
                   std::string(evaluation_.compute.name) + " may lose every digit");
  }
  return error;
}

Status Machine::check_masked(Upper masked, Upper scores) const {
  if (!evaluation_.mask_constant) return ok();
  const Rational& lowered = *evaluation_.mask_constant;
  if (!evaluation_.exp_zero) {
    return fail(ErrorCode::MaskTooWeak,
                "masked scores are lowered by a constant: say from where on exp gives 0");
  }
  ATTNCERT_CHECK(check_size(masked + scores + Upper::of(lowered), "a lowered score"));
  const Rational size(masked.value());
  const Rational needed = sufficient_mask_constant(evaluation_, size, *evaluation_.exp_zero);
  if (lowered >= needed) return ok();
  const Integer enough = numerator(needed) / denominator(needed) + 1;
  return fail(ErrorCode::MaskTooWeak,
              "masked tokens may get weight: lower their scores by " + enough.str() + " or more");
}

Result<bool> Machine::stores(const TensorFile& file, const std::string& name,
                             std::span<const double> values) const {
  const Format& format = evaluation_.storage;
  const std::string* dtype = file.dtype_of(name);
  const bool gradual = evaluation_.underflow == Underflow::gradual;
  if (gradual &&
      (format.name == "fp64" || (dtype != nullptr && format_of(*dtype) == format.name))) {
    return true;
  }
  const Membership belongs(format, evaluation_.underflow);
  const auto limit = static_cast<double>(largest_finite(format));
  bool all = true;
  for (const double x : values) {
    if (std::fabs(x) > limit) return overflow("a number of tensor '" + name + "'", format);
    all = all && belongs(x);
  }
  return all;
}

}  // namespace attncert::rules

namespace attncert {

// M with 2 B - M + 4 u (B + M) + 2 eta <= -exp_zero.
Rational sufficient_mask_constant(const Evaluation& evaluation, const Rational& scores,
                                  const Rational& exp_zero) {
  const Rational rounding = 4 * unit_roundoff(evaluation.compute);
  const Rational tiny = 2 * underflow_unit(evaluation.compute, evaluation.underflow);
  return Rational((scores * (2 + rounding) + tiny + exp_zero) / (1 - rounding));
}

}  // namespace attncert
