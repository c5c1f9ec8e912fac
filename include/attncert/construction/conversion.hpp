// T2 to T5: sublayers and whole transformers as attention heads on the augmented stream.
#pragma once

#include <vector>

#include "attncert/construction/tensor_plan.hpp"
#include "attncert/kernel/weights.hpp"

namespace attncert {

/// Heads of an MLP sublayer; the model must outlive the plan.
/// Maths    head (j, i), neuron j and gate i: W_Q = -[w_j; c_j; 0], and coefficient c_i, slopes and
///          shifts as exact attributes; W_V = [w_j; c_j; 0], W_O = [V2_j, 0, 0]; with
///          z_j = w_j.x + c_j its output row is c_i z_j / (1 + sum_k e^-(b_ik z_j + beta_ik)) V2_j;
///          with a gate matrix G, W_Q has its rows instead: the heads of a GLU; one more head of
///          mask {self} writes the output bias
/// Shapes   query, value, output: (d_mlp, d_model + 2); bias_output: (1, d_model + 2)
/// Errors   TensorMissing, TensorShape, ... naming the tensor
/// Source   docs/formulas.md#heads; Huben & Morris 2023, theorems 1 and 2
Result<NeuronHeads> plan_neuron_heads(const Model& model, const MlpSublayer& layer,
                                      const Gates& gates, TensorPlan& plan);

/// An attention sublayer's own heads, padded: biases through the coordinate `ones`.
/// Maths    row r of W_Q, W_K, W_V: [w_r; bias_r; 0]; of W_O: [out_r, 0, 0]
/// Shapes   query, output: (n_head d_head, d_model + 2); key, value: (n_kv_head d_head, d_model + 2)
/// Source   docs/formulas.md#heads; Huben & Morris 2023, theorem 3
Result<TokenHeads> plan_token_heads(const Model& model, const AttentionSublayer& layer,
                                    TensorPlan& plan);

/// A linear map as one head of mask {self}.
/// Maths    W_V = I, W_O = [M, 0, 0; b, 0, 0; 0, 0, 0]
/// Shapes   output: (d_model + 2, d_model + 2)
/// Source   docs/formulas.md#heads; Huben & Morris 2023, theorem 4
Result<SelfHeads> plan_self_heads(const Model& model, const LinearSublayer& layer,
                                  TensorPlan& plan);

/// A network to be, with the tensors it names.
struct PlannedModel {
  Network network;
  TensorPlan tensors;
};

/// Which gates stand for an MLP sublayer's activation.
using GatesChoice = std::function<Result<Gates>(const MlpSublayer& layer)>;

/// Whether a sublayer is converted, or kept as it is.
using SublayerChoice = std::function<bool(const Sublayer& sublayer)>;

/// The choice that converts all.
inline bool every_sublayer(const Sublayer&) { return true; }

/// The attention-only form of a whole network, but for the sublayers that are kept.
Result<PlannedModel> plan_conversion(const Model& model, const GatesChoice& gates_for,
                                     const SublayerChoice& converts);

/// Stores the heads of attention and MLP sublayers as numbers of a type, rounded where it is narrower
/// than the original's; norms, embeddings and linear maps stay as they are.
/// Ensures  rule `perturb` bounds what that does
void plan_rounding(NumberType type, PlannedModel& planned);

/// Replaces every mask of a planned conversion by weights (T6): omega where a token may attend.
/// Maths    query[i, j] = omega for allowed pairs of positions, the bias token's last; one tensor
///          for each kind of mask; neuron heads' bias heads share their mask, and write twice the
///          bias at half the weight
/// Shapes   query: (context + 1, context + 1), F32
/// Requires an omega that F32 holds, a network with a context (LayerFactsMismatch), gates of one
///          score, no self-heads (LayerKind)
/// Source   docs/formulas.md#mask; Huben & Morris 2023, theorem 6
Status plan_mask_weights(const Model& model, const Rational& omega, PlannedModel& planned);

}  // namespace attncert
