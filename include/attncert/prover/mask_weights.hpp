// How large omega must be for masks as weights.
#pragma once

#include "attncert/construction/conversion.hpp"

namespace attncert {

/// The least whole omega with which no sublayer's masks leak more than epsilon.
/// Maths    leaks are A e^-omega, A from score bounds (spectral) and values' ranges (ball or box);
///          omega = ceil(max ln(A / epsilon)), rounded up to what F32 holds
/// Requires epsilon > 0; errors of score_bound, attention_leak and neuron_leak
/// Status   rigorous where certified afterwards
Result<Rational> omega_for_masks(const Model& original, const Network& converted,
                                 const Inputs& inputs, const Rational& epsilon);

}  // namespace attncert
