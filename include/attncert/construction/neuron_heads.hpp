// T2: an MLP sublayer as masked heads of internal dimension 1.
#pragma once

#include <map>
#include <vector>

#include "attncert/kernel/mlp.hpp"

namespace attncert {

/// Tensors by name, as they will be stored.
using TensorMap = std::map<std::string, Tensor>;

/// Heads and their tensors for one MLP sublayer.
struct ConvertedLayer {
  NeuronHeads heads;
  TensorMap tensors;
};

/// Builds the heads of a sublayer with activation SiLU(kx)/k.
/// Maths    head j: W_Q = -[w_j; c_j; 0], W_K = k e_bias, W_V = [w_j; c_j; 0], W_O = [V2_j, 0, 0];
///          with z_j = w_j.x + c_j it attends to itself with weight sigmoid(k z_j), so its output
///          row is z_j sigmoid(k z_j) V2_j = SiLU(k z_j)/k V2_j; one more head of mask {self} writes
///          the output bias
/// Shapes   query, value, output: (d_mlp, d_model + 2); bias_output: (1, d_model + 2)
/// Errors   TensorMissing, TensorShape, ... naming the tensor
/// Source   docs/formulas.md#heads; Huben & Morris 2023, theorem 2
Result<ConvertedLayer> build_neuron_heads(const Model& model, const MlpSublayer& layer,
                                          const Rational& k);

/// Heads of every MLP sublayer of a model, as a network of their own.
struct ConvertedModel {
  Network network;
  TensorMap tensors;
};
Result<ConvertedModel> convert_mlps(const Model& model, const Rational& k);

}  // namespace attncert
