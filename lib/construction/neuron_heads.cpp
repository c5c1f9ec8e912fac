#include "attncert/construction/neuron_heads.hpp"

namespace attncert {
namespace {

// Rows [entry(j, 0..width-1), ones(j), 0].
template <class Entry, class Ones>
Tensor augmented_rows(long rows, long width, Entry entry, Ones ones) {
  Tensor tensor{{rows, width + 2}, {}};
  tensor.values.reserve(static_cast<std::size_t>(rows * (width + 2)));
  for (long j = 0; j < rows; ++j) {
    for (long i = 0; i < width; ++i) tensor.values.push_back(entry(j, i));
    tensor.values.push_back(ones(j));
    tensor.values.push_back(0.0);
  }
  return tensor;
}

Status copy_vector(const Model& model, const std::string& name, TensorMap& tensors) {
  ATTNCERT_TRY(tensors[name], model.weights.read(name, {model.network.d_model}));
  return ok();
}

}  // namespace

Result<ConvertedLayer> build_neuron_heads(const Model& model, const MlpSublayer& layer,
                                          const Rational& k) {
  const long width = model.network.d_model;
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(model, layer));
  const auto w = [&](long j, long i) { return weights.in.at(j, i); };
  const auto c = [&](long j) { return weights.in_bias[static_cast<std::size_t>(j)]; };
  const auto none = [](long) { return 0.0; };
  ConvertedLayer result;
  NeuronHeads& heads = result.heads;
  heads = {layer.name,
           layer.d_mlp,
           k,
           layer.norm,
           layer.name + ".query",
           layer.name + ".value",
           layer.name + ".output",
           std::nullopt};
  TensorMap& tensors = result.tensors;
  tensors[heads.query] = augmented_rows(
      layer.d_mlp, width, [&](long j, long i) { return -w(j, i); }, [&](long j) { return -c(j); });
  tensors[heads.value] = augmented_rows(layer.d_mlp, width, w, c);
  tensors[heads.output] = augmented_rows(
      layer.d_mlp, width, [&](long j, long i) { return weights.out.at(j, i); }, none);
  ATTNCERT_CHECK(copy_vector(model, layer.norm.weight, tensors));
  if (layer.norm.bias) ATTNCERT_CHECK(copy_vector(model, *layer.norm.bias, tensors));
  if (!layer.out.bias) return result;
  ATTNCERT_TRY(const Tensor bias, model.weights.read(*layer.out.bias, {width}));
  heads.bias_output = layer.name + ".bias_output";
  tensors[*heads.bias_output] = augmented_rows(
      1, width, [&](long, long i) { return bias.values[static_cast<std::size_t>(i)]; }, none);
  return result;
}

Result<ConvertedModel> convert_mlps(const Model& model, const Rational& k) {
  ConvertedModel converted;
  converted.network.d_model = model.network.d_model;
  for (const Sublayer& sublayer : model.network.sublayers) {
    const auto* mlp = std::get_if<MlpSublayer>(&sublayer);
    if (mlp == nullptr) continue;
    ATTNCERT_TRY(ConvertedLayer layer, build_neuron_heads(model, *mlp, k));
    converted.network.sublayers.emplace_back(std::move(layer.heads));
    converted.tensors.merge(layer.tensors);
  }
  return converted;
}

}  // namespace attncert
