#include "attncert/kernel/weights.hpp"

#include <algorithm>

namespace attncert {
namespace {

// Rows first .. first + count - 1 of an affine map.
Affine rows_of(const Affine& map, long first, long count) {
  Affine part{Matrix(count, map.weight.columns), {}};
  const auto begin = map.weight.values.begin() + first * map.weight.columns;
  part.weight.values.assign(begin, begin + count * map.weight.columns);
  part.bias.assign(map.bias.begin() + first, map.bias.begin() + first + count);
  return part;
}

}  // namespace

// In blocks of a cache line: rows may all begin in the same set of the cache.
Matrix transposed(const Matrix& stored) {
  constexpr long block = 8;
  Matrix result(stored.columns, stored.rows);
  for (long i = 0; i < stored.rows; i += block) {
    for (long j = 0; j < stored.columns; j += block) {
      for (long r = i; r < std::min(i + block, stored.rows); ++r) {
        for (long c = j; c < std::min(j + block, stored.columns); ++c) {
          result.at(c, r) = stored.at(r, c);
        }
      }
    }
  }
  return result;
}

Result<Matrix> read_matrix(const TensorFile& file, const std::string& name, long rows,
                           long columns) {
  ATTNCERT_TRY(Tensor tensor, file.read(name, {rows, columns}));
  Matrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.values = std::move(tensor.values);
  return matrix;
}

Result<std::vector<double>> vector_or_zeros(const TensorFile& file,
                                            const std::optional<std::string>& name, long length) {
  if (!name) return std::vector<double>(static_cast<std::size_t>(length), 0.0);
  ATTNCERT_TRY(Tensor tensor, file.read(*name, {length}));
  return std::move(tensor.values);
}

Result<Affine> read_affine(const TensorFile& file, const AffineMap& map, Layout layout,
                           long outputs, long inputs) {
  Affine affine;
  ATTNCERT_TRY(affine.bias, vector_or_zeros(file, map.bias, outputs));
  if (layout == Layout::out_in) {
    ATTNCERT_TRY(affine.weight, read_matrix(file, map.weight, outputs, inputs));
    return affine;
  }
  ATTNCERT_TRY(const Matrix stored, read_matrix(file, map.weight, inputs, outputs));
  affine.weight = transposed(stored);
  return affine;
}

Result<NormWeights> norm_weights(const Model& model, const Norm& norm) {
  NormWeights weights;
  const long width = model.network.d_model;
  if (norm.kind == "none") {
    weights.gain.assign(static_cast<std::size_t>(width), 1.0);
    weights.shift.assign(static_cast<std::size_t>(width), 0.0);
    return weights;
  }
  ATTNCERT_TRY(weights.gain, vector_or_zeros(model.weights, norm.weight, width));
  ATTNCERT_TRY(weights.shift, vector_or_zeros(model.weights, norm.bias, width));
  return weights;
}

Result<MlpWeights> mlp_weights(const Model& model, const MlpSublayer& layer) {
  const long width = model.network.d_model;
  const TensorFile& file = model.weights;
  MlpWeights weights;
  ATTNCERT_TRY(weights.in, read_affine(file, layer.in, layer.layout, layer.d_mlp, width));
  ATTNCERT_TRY(weights.out, mlp_output(model, layer));
  if (layer.gate) {
    ATTNCERT_TRY(weights.gate, read_affine(file, *layer.gate, layer.layout, layer.d_mlp, width));
  }
  return weights;
}

Result<Affine> mlp_scores(const Model& model, const MlpSublayer& layer) {
  return read_affine(model.weights, layer.gate ? *layer.gate : layer.in, layer.layout, layer.d_mlp,
                     model.network.d_model);
}

Result<Affine> mlp_output(const Model& model, const MlpSublayer& layer) {
  return read_affine(model.weights, layer.out, layer.layout, model.network.d_model, layer.d_mlp);
}

Result<AttentionWeights> attention_weights(const Model& model, const AttentionSublayer& layer) {
  const long width = model.network.d_model;
  const TensorFile& file = model.weights;
  const long inner = layer.shape.n_head * layer.shape.d_head;
  const long shared = layer.shape.n_kv_head * layer.shape.d_head;
  const auto read = [&](std::size_t i, long outputs) {
    return read_affine(file, layer.projections[i], layer.layout, outputs, width);
  };
  AttentionWeights weights;
  ATTNCERT_TRY(weights.out, read_affine(file, layer.out, layer.layout, width, inner));
  if (layer.projections.size() == 1) {
    ATTNCERT_TRY(const Affine all, read(0, 3 * inner));
    weights.query = rows_of(all, 0, inner);
    weights.key = rows_of(all, inner, inner);
    weights.value = rows_of(all, 2 * inner, inner);
    return weights;
  }
  ATTNCERT_TRY(weights.query, read(0, inner));
  ATTNCERT_TRY(weights.key, read(1, shared));
  ATTNCERT_TRY(weights.value, read(2, shared));
  return weights;
}

}  // namespace attncert
