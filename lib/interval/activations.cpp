// Activations of intervals, tight for wide ones too; the kernel works from their definitions instead.
#include <algorithm>

#include "attncert/interval/functions.hpp"

namespace attncert {
namespace {

Interval point(const Real& x) { return {x, x}; }

// A function that decreases up to its only stationary point, then increases (SiLU and GELU): its
// image of x from the images of points. `turn` encloses the stationary point.
template <class PointFunction>
Interval valley(const Interval& x, const Interval& turn, PointFunction f) {
  const Interval left = f(point(x.lower()));
  const Interval right = f(point(x.upper()));
  if (x.lower() >= turn.upper()) return {left.lower(), right.upper()};
  if (x.upper() <= turn.lower()) return {right.lower(), left.upper()};
  const Interval bottom = f(turn);
  return {bottom.lower(), std::max(left.upper(), right.upper())};
}

// x times a positive increasing function g, for a point or a very small x; -inf maps to 0, the
// limit.
template <class Function_>
Interval scaled_by(const Interval& x, Precision precision, Function_ g) {
  if (mpfr_inf_p(x.lower().backend().data()) != 0) {
    return boost::numeric::interval_lib::user::is_neg(x.lower()) ? integer(0, precision) : x;
  }
  return x * g(x, precision);
}

Interval normal_cdf(const Interval& x, Precision precision) {
  const Interval half = enclose(Rational(1, 2), precision);
  return erfc(-x * sqrt(half, precision), precision) * half;
}

// Round to the precision asked for, outward.
Interval round_to(const Interval& x, Precision precision) {
  Real lower;
  Real upper;
  mpfr_set_prec(lower.backend().data(), precision);
  mpfr_set_prec(upper.backend().data(), precision);
  mpfr_set(lower.backend().data(), x.lower().backend().data(), MPFR_RNDD);
  mpfr_set(upper.backend().data(), x.upper().backend().data(), MPFR_RNDU);
  return {lower, upper};
}

constexpr Precision kGuardBits = 16;

}  // namespace

Interval sigmoid(const Interval& x, Precision precision) {
  const Precision inner = precision + kGuardBits;
  const Interval one = integer(1, inner);
  return round_to(one / (one + exp(-x, inner)), precision);
}

Interval silu(const Interval& x, Precision precision) {
  const Precision inner = precision + kGuardBits;
  const Interval turn = -enclose(Rational(12784645427610737, 10000000000000000),
                                 Rational(12784645427610738, 10000000000000000), inner);
  return round_to(valley(x, turn, [&](const Interval& t) { return scaled_by(t, inner, sigmoid); }),
                  precision);
}

Interval gelu(const Interval& x, Precision precision) {
  const Precision inner = precision + kGuardBits;
  const Interval turn = -enclose(Rational(7517915246935644, 10000000000000000),
                                 Rational(7517915246935647, 10000000000000000), inner);
  return round_to(
      valley(x, turn, [&](const Interval& t) { return scaled_by(t, inner, normal_cdf); }),
      precision);
}

}  // namespace attncert
