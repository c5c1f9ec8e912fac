// A converted MLP sublayer beside its original, on one input row.
#include <cmath>
#include <numeric>

#include "attncert/model/reference.hpp"
#include "numerics.hpp"

namespace attncert {

Result<LayerComparison> LayerComparison::make(const Model& original, const Model& converted,
                                              const MlpSublayer& layer) {
  LayerComparison result;
  result.width_ = original.network.d_model;
  ATTNCERT_TRY(const NeuronHeads* heads,
               sublayer_named<NeuronHeads>(converted.network, layer.name));
  ATTNCERT_TRY(result.gain_, vector_or_zeros(original.weights, layer.norm.weight, result.width_));
  ATTNCERT_TRY(result.shift_, vector_or_zeros(original.weights, layer.norm.bias, result.width_));
  result.epsilon_ = static_cast<double>(layer.norm.epsilon);
  ATTNCERT_TRY(result.weights_, mlp_weights(original, layer));
  ATTNCERT_TRY(result.out_bias_, vector_or_zeros(original.weights, layer.out.bias, result.width_));
  ATTNCERT_TRY(result.activation_, activation_function(layer.activation));
  const std::vector<long> shape{heads->heads, result.width_ + 2};
  ATTNCERT_TRY(result.query_, converted.weights.read(heads->query, shape));
  ATTNCERT_TRY(result.value_, converted.weights.read(heads->value, shape));
  ATTNCERT_TRY(result.output_, converted.weights.read(heads->output, shape));
  result.bias_output_.assign(static_cast<std::size_t>(result.width_ + 2), 0.0);
  if (heads->bias_output) {
    ATTNCERT_TRY(const Tensor bias,
                 converted.weights.read(*heads->bias_output, {1, result.width_ + 2}));
    result.bias_output_ = bias.values;
  }
  result.score_gain_ = static_cast<double>(heads->score_gain);
  return result;
}

double LayerComparison::difference(const std::vector<double>& input) const {
  const std::vector<double> normalised = layer_norm(input, gain_, shift_, epsilon_);
  const std::vector<double> left = original_output(normalised);
  const std::vector<double> right = heads_output(normalised);
  double greatest = 0;
  for (std::size_t k = 0; k < left.size(); ++k) {
    greatest = std::max(greatest, std::fabs(left[k] - right[k]));
  }
  return greatest;
}

std::vector<double> LayerComparison::original_output(const std::vector<double>& x) const {
  std::vector<double> y = out_bias_;
  for (std::size_t j = 0; j < weights_.in_bias.size(); ++j) {
    const auto neuron = static_cast<long>(j);
    double z = weights_.in_bias[j];
    for (long i = 0; i < width_; ++i)
      z += weights_.in.at(neuron, i) * x[static_cast<std::size_t>(i)];
    const double activated = activation_(z);
    for (long k = 0; k < width_; ++k) {
      y[static_cast<std::size_t>(k)] += activated * weights_.out.at(neuron, k);
    }
  }
  return y;
}

// Attention from a real token over {self, bias}: scores q.self-key = 0 and q x_hat * gain, values
// v x_hat at self and 0 at the bias token.
std::vector<double> LayerComparison::heads_output(const std::vector<double>& x) const {
  std::vector<double> augmented = x;
  augmented.push_back(1.0);
  augmented.push_back(0.0);
  std::vector<double> y(bias_output_.begin(), bias_output_.end() - 2);
  for (long j = 0; j < query_.rows(); ++j) {
    const auto query = query_.row(j);
    const auto value = value_.row(j);
    std::vector<double> weights{
        0.0, score_gain_ * std::inner_product(query.begin(), query.end(), augmented.begin(), 0.0)};
    softmax(weights);
    const double v = std::inner_product(value.begin(), value.end(), augmented.begin(), 0.0);
    const auto output = output_.row(j);
    for (std::size_t k = 0; k < y.size(); ++k) y[k] += weights[0] * v * output[k];
  }
  return y;
}

}  // namespace attncert
