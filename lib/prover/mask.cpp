#include "attncert/prover/mask.hpp"

#include "attncert/interval/functions.hpp"
#include "attncert/model/decimal.hpp"
#include "derivation.hpp"

namespace attncert {
namespace {

constexpr int kOmegaDigits = 20;
constexpr Precision kFirstPrecision = 128;
constexpr Precision kLastPrecision = 8192;

struct Omega {
  Rational value;
  Precision precision = kFirstPrecision;  // at which the kernel accepts it
  bool sharp = true;
};

// The least x >= 0 with twice_bound + ln(factor) <= x, rounded up.
Omega least_omega(const Rational& twice_bound, const Rational& factor) {
  if (twice_bound == 0 && factor <= 1) return {};
  const Rational narrow = power_of_ten(-kOmegaDigits - 1);
  Precision precision = kFirstPrecision;
  while (true) {
    const Interval logarithm = log(enclose(factor, precision), precision);
    const Rational lower(twice_bound + lower_rational(logarithm));
    const Rational upper(twice_bound + upper_rational(logarithm));
    // Room for the kernel's roundings, and for those of other kernels.
    const Rational size(abs(upper_rational(logarithm)) + abs(lower_rational(logarithm)) + 4);
    const Rational enough(upper + size * power_of_two(8 - static_cast<int>(precision)));
    if (enough <= 0) return {0, precision, true};
    const bool sharp = lower > 0 && enough - lower <= lower * narrow;
    if (sharp || precision == kLastPrecision) {
      return {round_decimal(enough, kOmegaDigits, Direction::up), precision, sharp};
    }
    precision *= 2;
  }
}

Status check_numbers(const MaskError& claim) {
  if (claim.epsilon <= 0) return fail(ErrorCode::EpsilonNegative, "epsilon must be positive");
  if (claim.score_bound >= 0 && claim.value_bound >= 0) return ok();
  return fail(ErrorCode::BoundNegative, "the bounds of scores and values must not be negative");
}

}  // namespace

Result<MaskBound> certify_mask(MaskError claim) {
  ATTNCERT_CHECK(check_numbers(claim));
  MaskBound bound;
  ATTNCERT_TRY(bound.allowed, fewest_allowed(claim.mask, claim.tokens));
  bound.masked = claim.tokens - bound.allowed;
  const Rational spread(2 * claim.value_bound);
  Omega omega;
  if (bound.masked > 0 && claim.epsilon < spread) {
    const Rational ratio(bound.masked, bound.allowed);
    omega = least_omega(Rational(2 * claim.score_bound),
                        Rational((spread - claim.epsilon) / claim.epsilon * ratio));
  }
  bound.omega = claim.omega = omega.value;
  bound.sharp = omega.sharp;
  Derivation derivation;
  const long end = derivation.add(Rule::mask_error, std::move(claim), {}, omega.precision);
  bound.certificate = std::move(derivation).finish(end);
  return bound;
}

}  // namespace attncert
