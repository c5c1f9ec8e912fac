// What rounded weights do to a sublayer: used by rule `perturb`, and by whoever states its bound.
#pragma once

#include "attncert/interval/interval.hpp"
#include "attncert/kernel/kernel.hpp"

namespace attncert {

/// How far a sublayer's stored heads are from the construction's, over all inputs: the
/// largest move of an output coordinate.
/// Maths    inner values move by m_r and reach a_r in magnitude:
///          max_k sum_r |out_kr| m_r + |out'_kr - out_kr| a_r + |bias'_k - bias_k|
/// Errors   network errors; InstanceMismatch where a column that must be 0 is not; LayerFactsMismatch
///          (gates, masks as weights, other sizes); EnclosureUnbounded where the norm bounds nothing
/// Status   trusted
/// Source   docs/formulas.md#perturb
Result<Rational> perturbation_of(const Model& original, const Model& converted,
                                 const std::string& layer, const Inputs& inputs,
                                 Precision precision);

}  // namespace attncert
