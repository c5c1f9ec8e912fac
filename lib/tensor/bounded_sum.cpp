#include "attncert/tensor/bounded_sum.hpp"

#include <cmath>
#include <limits>

namespace attncert {
namespace {

constexpr double kUnitRoundoff = 0x1p-53;
constexpr double kSmallestNormal = 0x1p-1022;

}  // namespace

Bounded dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  double magnitude = 0;
  std::size_t nonzero = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double term = a[i] * b[i];
    sum += term;
    magnitude += std::fabs(term);
    nonzero += a[i] != 0 && b[i] != 0 ? 1 : 0;
  }
  if (nonzero == 0) return {0, 0};
  // n + 1 for the rounding of this line itself
  const double terms = static_cast<double>(nonzero + 1);
  const double error = 2 * terms * kUnitRoundoff * magnitude + terms * kSmallestNormal;
  const bool overflow = !std::isfinite(sum) || !std::isfinite(error);
  return overflow ? Bounded{0, std::numeric_limits<double>::infinity()} : Bounded{sum, error};
}

RationalInterval exact_interval(const Bounded& x) {
  const Rational value(x.value);
  const Rational error(x.error);
  return {Rational(value - error), Rational(value + error)};
}

}  // namespace attncert
