// Elementary functions of intervals, at a precision the caller names.
#pragma once

#include "attncert/interval/interval.hpp"

namespace attncert {

// Each function f below:
/// Maths    the image of x under f
/// Requires x inside the domain of f; otherwise the NaN interval, never a clipped one
/// Ensures  for all t in x: f(t) in result; endpoints are correctly rounded outward
/// Status   trusted (MPFR)
Interval exp(const Interval& x, Precision precision);
/// Requires x > 0
Interval log(const Interval& x, Precision precision);
/// Requires x >= 0
Interval sqrt(const Interval& x, Precision precision);
Interval tanh(const Interval& x, Precision precision);
Interval erf(const Interval& x, Precision precision);
Interval erfc(const Interval& x, Precision precision);
/// x^n for an integer n; Requires 0 not in x when n < 0
Interval pow(const Interval& x, long n, Precision precision);
Interval pi(Precision precision);

/// sigmoid(x) = 1 / (1 + e^-x), without overflow or cancellation at either end.
Interval sigmoid(const Interval& x, Precision precision);
/// SiLU(x) = x sigmoid(x): monotone on either side of its one minimum, so tight for wide x too.
Interval silu(const Interval& x, Precision precision);
/// GELU(x) = x erfc(-x / sqrt 2) / 2: likewise.
Interval gelu(const Interval& x, Precision precision);

}  // namespace attncert
