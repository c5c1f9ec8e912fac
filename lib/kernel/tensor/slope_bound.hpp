// How steep a function of one variable is.
#pragma once

#include <string>

#include "attncert/interval/interval.hpp"
#include "attncert/tensor/upper.hpp"

namespace attncert::rules {

/// |f(x) - f(y)| <= steepest |x - y| and |f(x)| <= at_zero + steepest |x| for x, y in [-reach, reach].
struct SlopeBound {
  Upper steepest;
  Upper at_zero;
};

/// Maths    enclosures of all slopes over pieces, halved until each is within 1/32 of the largest
///          slope seen at a centre, or small
/// Errors   those of terms; EnclosureUnbounded where the reach or a slope is not finite
Result<SlopeBound> slope_bound(const std::string& function, Upper reach, Precision precision);

}  // namespace attncert::rules
