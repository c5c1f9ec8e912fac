// From where on exponentials are 0 in a number format.
#pragma once

#include "attncert/format/format.hpp"

namespace attncert {

/// Of T, where evaluations state it.
inline constexpr int kExpZeroDigits = 7;

/// T such that e^t, correctly rounded to the format, is 0 for every t <= -T.
/// Maths    -ln of half the smallest subnormal number; where underflow flushes, of (1 - u) times the
///          smallest normal one, since numbers are rounded before they are flushed
/// Ensures  rounded up to `digits` significant digits
/// Status   rigorous; that a machine's exp does this is a hypothesis of the evaluation
/// Source   docs/formulas.md#masks-in-formats
Rational exp_zero_of(const Format& format, Underflow underflow, int digits);

}  // namespace attncert
