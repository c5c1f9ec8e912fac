// How far the heads of one neuron, computed in a number format, are from their exact function.
#pragma once

#include "attncert/model/emulation.hpp"

namespace attncert {

/// What is assumed of a machine that computes a neuron's heads in one format: operations rounded to
/// nearest, sums in any order, softmax with max-subtraction.
struct HeadArithmetic {
  Format format;
  Underflow underflow = Underflow::gradual;
  Rational exp_ulp = 1;  // |computed e^t - e^t| <= so many ulp of e^t, for t < 0; e^0 is 1
};

/// Maths    sup |computed - sum_i c_i z / (1 + sum_k e^-(b_ik z + beta_ik))| over the format's
///          numbers z with |z| <= reach: an error analysis with intervals on cells of [-reach, reach]
/// Requires reach > 0 (EpsilonNegative); normal numbers where underflow flushes (GatesSyntax)
/// Errors   FormatOverflow where a number may exceed the format's largest
/// Ensures  an upper bound; never of what the format's own pre-activation z is off by
/// Status   rigorous
/// Source   docs/formulas.md#formats
Result<Rational> neuron_rounding(const std::vector<StoredGate>& gates,
                                 const HeadArithmetic& arithmetic, const Rational& reach);

}  // namespace attncert
