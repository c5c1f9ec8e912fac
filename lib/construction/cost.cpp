#include "attncert/construction/cost.hpp"

namespace attncert {
namespace {

// inputs -> outputs; a bias, stored or read through `ones`, is one more number for each output.
Cost affine(long inputs, long outputs, bool bias) {
  return {0, inputs * outputs + (bias ? outputs : 0), inputs * outputs};
}

Cost mixing(const HeadShape& shape, long context) {
  return {shape.n_head, 0, 2 * context * shape.n_head * shape.d_head};
}

Cost cost(const AttentionSublayer& layer, long d_model, long context) {
  const HeadShape& shape = layer.shape;
  const long inner = shape.n_head * shape.d_head;
  const long projected = inner + 2 * shape.n_kv_head * shape.d_head;
  Cost total = mixing(shape, context);
  const auto& maps = layer.projections;
  if (maps.size() == 1) {
    total += affine(d_model, projected, maps[0].bias.has_value());
  } else {
    total += affine(d_model, inner, maps[0].bias.has_value());
    total += affine(d_model, (projected - inner) / 2, maps[1].bias.has_value());
    total += affine(d_model, (projected - inner) / 2, maps[2].bias.has_value());
  }
  return total += affine(inner, d_model, layer.out.bias.has_value());
}

Cost cost(const MlpSublayer& layer, long d_model, long) {
  Cost total = affine(d_model, layer.d_mlp, layer.in.bias.has_value());
  if (layer.gate) total += affine(d_model, layer.d_mlp, layer.gate->bias.has_value());
  return total += affine(layer.d_mlp, d_model, layer.out.bias.has_value());
}

Cost bias_head(const std::optional<std::string>& bias_output, long d_model) {
  return bias_output ? Cost{1, d_model + 2, d_model} : Cost{};
}

Cost cost(const TokenHeads& layer, long d_model, long context) {
  const HeadShape& shape = layer.shape;
  const long inner = shape.n_head * shape.d_head;
  const long projected = inner + 2 * shape.n_kv_head * shape.d_head;
  Cost total = mixing(shape, context);
  total += {0, projected * (d_model + 2), projected * (d_model + 1)};
  total += {0, inner * (d_model + 2), inner * d_model};
  return total += bias_head(layer.bias_output, d_model);
}

Cost cost(const NeuronHeads& layer, long d_model, long) {
  long products = 0;
  for (const Gate& gate : layer.gates) products += static_cast<long>(gate.scores.size()) + 1;
  const long heads = layer.neurons * static_cast<long>(layer.gates.size());
  Cost total{heads, 3 * layer.neurons * (d_model + 2),
             layer.neurons * (2 * (d_model + 1) + products + d_model)};
  return total += bias_head(layer.bias_output, d_model);
}

Cost cost(const LinearSublayer& layer, long d_model, long) {
  return affine(d_model, d_model, layer.map.bias.has_value());
}

Cost cost(const SelfHeads&, long d_model, long) {
  return {1, (d_model + 2) * (d_model + 2), (d_model + 1) * d_model};
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  heads += other.heads;
  parameters += other.parameters;
  multiply_adds += other.multiply_adds;
  return *this;
}

Cost cost_of(const Sublayer& sublayer, long d_model, long context) {
  return std::visit([&](const auto& layer) { return cost(layer, d_model, context); }, sublayer);
}

}  // namespace attncert
