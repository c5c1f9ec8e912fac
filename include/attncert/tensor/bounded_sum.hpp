// Sums in fp64, round-to-nearest, with a-priori error bounds: memory speed, no directed rounding.
#pragma once

#include <span>

#include "attncert/core/rational.hpp"

namespace attncert {

/// A real number known to within a bound: |exact - value| <= error. Never NaN; error may be +inf.
struct Bounded {
  double value = 0;
  double error = 0;
};

/// sum over i of a[i] b[i].
/// Maths    with u = 2^-53, n terms whose factors are both nonzero, S = sum |a_i b_i|:
///          |fl - exact| <= n u / (1 - n u) S + n 2^-1074 and S <= fl(S) / (1 - n u); so
///          error = 2 n u fl(S) + n 2^-1022 covers it for n u <= 0.01
/// Requires a.size() == b.size(), n < 2^40, finite entries
/// Ensures  error = +inf when anything overflows; error = 0 when n = 0
/// Status   trusted; holds for every order of summation, fused or not, in round-to-nearest
/// Source   docs/formulas.md#sums
Bounded dot(std::span<const double> a, std::span<const double> b);

/// The exact interval [value - error, value + error]; Requires a finite error.
struct RationalInterval {
  Rational lower;
  Rational upper;
};
RationalInterval exact_interval(const Bounded& x);

}  // namespace attncert
