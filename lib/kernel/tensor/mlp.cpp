#include "attncert/kernel/mlp.hpp"

namespace attncert {

Result<NeuronMatrix> NeuronMatrix::read(const TensorFile& file, const std::string& name,
                                        long neurons, long width, bool neurons_first) {
  NeuronMatrix matrix;
  const std::vector<long> shape =
      neurons_first ? std::vector<long>{neurons, width} : std::vector<long>{width, neurons};
  ATTNCERT_TRY(matrix.tensor_, file.read(name, shape));
  matrix.neurons_ = neurons;
  matrix.width_ = width;
  matrix.neurons_first_ = neurons_first;
  return matrix;
}

Result<std::vector<double>> vector_or_zeros(const TensorFile& file,
                                            const std::optional<std::string>& name, long length) {
  if (!name) return std::vector<double>(static_cast<std::size_t>(length), 0.0);
  ATTNCERT_TRY(Tensor tensor, file.read(*name, {length}));
  return std::move(tensor.values);
}

Result<MlpWeights> mlp_weights(const Model& model, const MlpSublayer& layer) {
  const bool out_in = layer.layout == Layout::out_in;
  const long width = model.network.d_model;
  MlpWeights weights;
  ATTNCERT_TRY(weights.in,
               NeuronMatrix::read(model.weights, layer.in.weight, layer.d_mlp, width, out_in));
  ATTNCERT_TRY(weights.in_bias, vector_or_zeros(model.weights, layer.in.bias, layer.d_mlp));
  ATTNCERT_TRY(weights.out,
               NeuronMatrix::read(model.weights, layer.out.weight, layer.d_mlp, width, !out_in));
  return weights;
}

std::string function_of(const NeuronHeads& heads) {
  return "silu:k=" + to_string(heads.score_gain);
}

}  // namespace attncert
