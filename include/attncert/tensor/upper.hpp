// Bounds from above in fp64: sums, products and roots of them, rounded to nearest and then up.
#pragma once

#include <cmath>
#include <limits>

#include "attncert/core/rational.hpp"

namespace attncert {

/// Stands for any real number from 0 to value(); infinity bounds nothing, but stays sound.
/// Maths    a op b, rounded to nearest, is off by less than the next number above it
/// Ensures  bounds of a + b, a b, sqrt a for all numbers that a and b stand for
/// Status   trusted; round-to-nearest with gradual underflow
/// Source   docs/formulas.md#upper-bounds
class Upper {
public:
  Upper() = default;
  /// Of |x|.
  static Upper of(double x) { return Upper(std::fabs(x)); }
  static Upper of(long n) { return Upper(next(std::fabs(static_cast<double>(n)))); }
  static Upper of(const Rational& q) {
    return q == 0 ? Upper() : Upper(next(static_cast<double>(Rational(abs(q)))));
  }

  double value() const { return value_; }
  bool is_at_most(double bound) const { return value_ <= bound; }

  friend Upper operator+(Upper a, Upper b) {
    if (a.value_ == 0) return b;
    return b.value_ == 0 ? a : Upper(next(a.value_ + b.value_));
  }
  friend Upper operator*(Upper a, Upper b) {
    return a.value_ == 0 || b.value_ == 0 ? Upper() : Upper(next(a.value_ * b.value_));
  }
  friend Upper sqrt(Upper a) { return a.value_ == 0 ? a : Upper(next(std::sqrt(a.value_))); }
  friend Upper max(Upper a, Upper b) { return a.value_ < b.value_ ? b : a; }
  friend Upper min(Upper a, Upper b) { return a.value_ < b.value_ ? a : b; }

private:
  explicit Upper(double value) : value_(value) {}
  static double next(double x) {
    return std::nextafter(x, std::numeric_limits<double>::infinity());
  }

  double value_ = 0;
};

/// (1 + a)(1 + b) ... - 1: several relative errors together.
template <class... More>
Upper compound(Upper a, More... more) {
  if constexpr (sizeof...(more) == 0) {
    return a;
  } else {
    const Upper b = compound(more...);
    return a + b + a * b;
  }
}

}  // namespace attncert
