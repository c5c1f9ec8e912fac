#include "attncert/tensor/bounded_sum.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace attncert {
namespace {

constexpr double kUnitRoundoff = 0x1p-53;
constexpr double kSmallestNormal = 0x1p-1022;

}  // namespace

Bounded dot(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t lanes = 4;  // additions that need not wait for each other
  std::array<double, lanes> sums{};
  std::array<double, lanes> magnitudes{};
  std::size_t nonzero = 0;
  const auto add = [&](std::size_t i, std::size_t lane) {
    const double term = a[i] * b[i];
    sums[lane] += term;
    magnitudes[lane] += std::fabs(term);
    nonzero += static_cast<std::size_t>(a[i] != 0) & static_cast<std::size_t>(b[i] != 0);
  };
  std::size_t i = 0;
  for (; i + lanes <= a.size(); i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) add(i + lane, lane);
  }
  for (; i < a.size(); ++i) add(i, 0);
  const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const double magnitude = (magnitudes[0] + magnitudes[1]) + (magnitudes[2] + magnitudes[3]);
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
