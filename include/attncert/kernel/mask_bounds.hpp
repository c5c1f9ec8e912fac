// Bounds of attention scores, and of what leaks through masks as weights: used by rules `spectral`
// and `leak`, and by whoever looks for an omega.
#pragma once

#include "attncert/interval/interval.hpp"
#include "attncert/kernel/kernel.hpp"

namespace attncert {

/// The largest |score| of an attention sublayer, over all inputs.
/// Maths    scale max_h |q_h| |k_h|; |q| <= sqrt(D) |W_q diag(gamma) P|_2 + |W_q beta + b_q|, and
///          |A|_2^4 <= tr (A A^T)^2; over a box the lengths of the rows' ranges
/// Errors   EnclosureUnbounded where the norm bounds nothing, or sums overflow
/// Status   trusted
/// Source   docs/formulas.md#scores
Result<Rational> score_bound(const Model& original, const AttentionSublayer& layer,
                             const Inputs& inputs, Precision precision);

/// How far masks as weights move an output coordinate of an attention sublayer's heads.
/// Maths    n e^(2B - omega) max_k sum_r |W_O,rk| diameter(v_r) + n e^-omega |b_k|, scores in
///          [-B, B]; n = tokens for a causal mask, 1 for a full one
/// Status   trusted
/// Source   docs/formulas.md#leak
Result<Rational> attention_leak(const Model& original, const AttentionSublayer& layer,
                                const Inputs& inputs, const Rational& scores, const Rational& omega,
                                Precision precision);

/// The same for a neuron's heads, given where pre-activations lie.
/// Maths    (tokens - 1) e^-omega (sum_i |c_i| sum_j |V2_jk| diameter(z_j) + |b2_k|)
/// Requires one range for each neuron (RangeCount), bounded (EnclosureUnbounded)
/// Status   trusted
Result<Rational> neuron_leak(const Model& original, const MlpSublayer& layer, const Gates& gates,
                             const std::vector<Domain>& ranges, const Rational& omega,
                             Precision precision);

}  // namespace attncert
