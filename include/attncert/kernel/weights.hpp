// A model's weights as rules and evaluators read them: one orientation, whatever the layout.
#pragma once

#include "attncert/kernel/kernel.hpp"
#include "attncert/tensor/matrix.hpp"

namespace attncert {

/// y = weight x + bias; weight is (outputs, inputs), a missing bias is zeros.
struct Affine {
  Matrix weight;
  std::vector<double> bias;
};

/// Reads an affine map. Errors TensorMissing, TensorShape, ... naming the tensor. Status trusted
Result<Affine> read_affine(const TensorFile& file, const AffineMap& map, Layout layout,
                           long outputs, long inputs);

/// Reads a matrix stored with these rows and columns.
Result<Matrix> read_matrix(const TensorFile& file, const std::string& name, long rows,
                           long columns);

/// A tensor of shape (length), or zeros where the name is absent.
Result<std::vector<double>> vector_or_zeros(const TensorFile& file,
                                            const std::optional<std::string>& name, long length);

/// Columns as rows.
Matrix transposed(const Matrix& stored);

/// Gain and shift of a norm.
struct NormWeights {
  std::vector<double> gain;
  std::vector<double> shift;
};
Result<NormWeights> norm_weights(const Model& model, const Norm& norm);

/// in: (d_mlp, d_model); out: (d_model, d_mlp); gate: (d_mlp, d_model), if there is one.
struct MlpWeights {
  Affine in;
  Affine out;
  std::optional<Affine> gate;
};
Result<MlpWeights> mlp_weights(const Model& model, const MlpSublayer& layer);

/// The map whose outputs the activation is applied to: the gate, or where there is none `in`.
Result<Affine> mlp_scores(const Model& model, const MlpSublayer& layer);
Result<Affine> mlp_output(const Model& model, const MlpSublayer& layer);

/// query: (n_head d_head, d_model); key, value: (n_kv_head d_head, d_model);
/// out: (d_model, n_head d_head).
struct AttentionWeights {
  Affine query;
  Affine key;
  Affine value;
  Affine out;
};
Result<AttentionWeights> attention_weights(const Model& model, const AttentionSublayer& layer);

/// The sublayer of a given kind and name.
template <class L>
Result<const L*> sublayer_named(const Network& network, const std::string& name) {
  for (const Sublayer& sublayer : network.sublayers) {
    if (name_of(sublayer) != name) continue;
    if (const L* layer = std::get_if<L>(&sublayer)) return layer;
    return fail(ErrorCode::LayerKind, "sublayer '" + name + "' is of another kind");
  }
  return fail(ErrorCode::LayerMissing, "no sublayer '" + name + "' in the network file");
}

}  // namespace attncert
