#include "attncert/construction/conversion.hpp"

#include <algorithm>

namespace attncert {
namespace {

using Values = Result<std::vector<double>>;

// Rows [w_j, c_j, 0] times a sign; `read` gives the map when the tensor is written.
template <class Read>
PlannedTensor affine_rows(long rows, long width, NumberType type, double sign, Read read) {
  const auto values = [rows, width, sign, read]() -> Values {
    ATTNCERT_TRY(const Affine map, read());
    std::vector<double> result;
    result.reserve(static_cast<std::size_t>(rows * (width + 2)));
    for (long j = 0; j < rows; ++j) {
      for (const double w : map.weight.row(j)) result.push_back(sign * w);
      result.push_back(sign * map.bias[static_cast<std::size_t>(j)]);
      result.push_back(0.0);
    }
    return result;
  };
  return {{rows, width + 2}, type, values};
}

// Rows [out_r, 0, 0]: the transposed output matrix.
template <class Read>
PlannedTensor output_rows(long rows, long width, NumberType type, Read read) {
  const auto values = [rows, width, read]() -> Values {
    ATTNCERT_TRY(const Affine map, read());
    std::vector<double> result(static_cast<std::size_t>(rows * (width + 2)), 0.0);
    for (long k = 0; k < width; ++k) {
      for (long r = 0; r < rows; ++r) {
        result[static_cast<std::size_t>(r * (width + 2) + k)] = map.weight.at(k, r);
      }
    }
    return result;
  };
  return {{rows, width + 2}, type, values};
}

PlannedTensor bias_row(const TensorFile& file, const std::string& bias, long width) {
  const auto values = [&file, bias, width]() -> Values {
    ATTNCERT_TRY(std::vector<double> result, vector_or_zeros(file, bias, width));
    result.resize(static_cast<std::size_t>(width + 2), 0.0);
    return result;
  };
  return {{1, width + 2}, type_of(file, bias), values};
}

NumberType type_of(const TensorFile& file, const AffineMap& map) {
  const NumberType weight = type_of(file, map.weight);
  return map.bias ? std::max(weight, type_of(file, *map.bias)) : weight;
}

Status copy_norm(const Model& model, const Norm& norm, TensorPlan& plan) {
  if (norm.kind == "none") return ok();
  ATTNCERT_CHECK(add_copy(plan, model.weights, norm.weight));
  return norm.bias ? add_copy(plan, model.weights, *norm.bias) : ok();
}

// What both kinds of heads have: names, the norm, and the output bias.
template <class Heads, class Layer>
Status plan_common(const Model& model, const Layer& layer, Heads& heads, TensorPlan& plan) {
  heads.name = layer.name;
  heads.norm = layer.norm;
  heads.query = layer.name + ".query";
  heads.value = layer.name + ".value";
  heads.output = layer.name + ".output";
  ATTNCERT_CHECK(copy_norm(model, layer.norm, plan));
  if (!layer.out.bias) return ok();
  heads.bias_output = layer.name + ".bias_output";
  return add_tensor(plan, *heads.bias_output,
                    bias_row(model.weights, *layer.out.bias, model.network.d_model));
}

Status copy_map(const Model& model, const AffineMap& map, TensorPlan& plan) {
  ATTNCERT_CHECK(add_copy(plan, model.weights, map.weight));
  return map.bias ? add_copy(plan, model.weights, *map.bias) : ok();
}

Status copy_input(const Model& model, TensorPlan& plan) {
  const TensorFile& file = model.weights;
  if (const auto* tokens = std::get_if<TokenInput>(&model.network.input)) {
    ATTNCERT_CHECK(add_copy(plan, file, tokens->token));
    return tokens->position ? add_copy(plan, file, *tokens->position) : ok();
  }
  const auto* patches = std::get_if<PatchInput>(&model.network.input);
  if (patches == nullptr) return ok();
  ATTNCERT_CHECK(copy_map(model, patches->projection, plan));
  ATTNCERT_CHECK(add_copy(plan, file, patches->class_token));
  return add_copy(plan, file, patches->position);
}

Status copy_ends(const Model& model, TensorPlan& plan) {
  const Network& network = model.network;
  ATTNCERT_CHECK(copy_input(model, plan));
  if (network.final_norm) {
    ATTNCERT_CHECK(copy_norm(model, *network.final_norm, plan));
  }
  return network.unembedding ? copy_map(model, network.unembedding->map, plan) : ok();
}

// The maps of a sublayer of an original model; none of heads.
std::vector<AffineMap> maps_of(const Sublayer& sublayer) {
  if (const auto* mlp = std::get_if<MlpSublayer>(&sublayer)) {
    std::vector<AffineMap> maps{mlp->in, mlp->out};
    if (mlp->gate) maps.push_back(*mlp->gate);
    return maps;
  }
  if (const auto* attention = std::get_if<AttentionSublayer>(&sublayer)) {
    std::vector<AffineMap> maps = attention->projections;
    maps.push_back(attention->out);
    return maps;
  }
  const auto* linear = std::get_if<LinearSublayer>(&sublayer);
  return linear == nullptr ? std::vector<AffineMap>{} : std::vector<AffineMap>{linear->map};
}

Status copy_sublayer(const Model& model, const Sublayer& sublayer, TensorPlan& plan) {
  const Norm& norm =
      std::visit([](const auto& layer) -> const Norm& { return layer.norm; }, sublayer);
  ATTNCERT_CHECK(copy_norm(model, norm, plan));
  for (const AffineMap& map : maps_of(sublayer)) {
    ATTNCERT_CHECK(copy_map(model, map, plan));
  }
  return ok();
}

Result<Sublayer> plan_sublayer(const Model& model, const Sublayer& sublayer,
                               const GatesChoice& gates_for, TensorPlan& plan) {
  if (const auto* mlp = std::get_if<MlpSublayer>(&sublayer)) {
    ATTNCERT_TRY(const Gates gates, gates_for(*mlp));
    ATTNCERT_TRY(NeuronHeads heads, plan_neuron_heads(model, *mlp, gates, plan));
    return Sublayer(std::move(heads));
  }
  if (const auto* attention = std::get_if<AttentionSublayer>(&sublayer)) {
    ATTNCERT_TRY(TokenHeads heads, plan_token_heads(model, *attention, plan));
    return Sublayer(std::move(heads));
  }
  if (const auto* linear = std::get_if<LinearSublayer>(&sublayer)) {
    ATTNCERT_TRY(SelfHeads heads, plan_self_heads(model, *linear, plan));
    return Sublayer(std::move(heads));
  }
  return fail(ErrorCode::LayerKind, "sublayer '" + name_of(sublayer) +
                                        "' consists of heads already: convert the original model");
}

}  // namespace

Result<NeuronHeads> plan_neuron_heads(const Model& model, const MlpSublayer& layer,
                                      const Gates& gates, TensorPlan& plan) {
  const long width = model.network.d_model;
  const long rows = layer.d_mlp;
  const TensorFile& file = model.weights;
  const AffineMap& scored = layer.gate ? *layer.gate : layer.in;
  const auto reader = [&model, &layer, rows, width](const AffineMap& map) {
    return [&model, &layer, &map, rows, width] {
      return read_affine(model.weights, map, layer.layout, rows, width);
    };
  };
  NeuronHeads heads;
  heads.neurons = rows;
  heads.gated = layer.gate.has_value();
  heads.gates = gates;
  ATTNCERT_TRY(heads.function, heads.gated ? gate_function(gates) : neuron_function(gates));
  ATTNCERT_CHECK(plan_common(model, layer, heads, plan));
  ATTNCERT_CHECK(add_tensor(plan, heads.query,
                            affine_rows(rows, width, type_of(file, scored), -1, reader(scored))));
  ATTNCERT_CHECK(add_tensor(
      plan, heads.value, affine_rows(rows, width, type_of(file, layer.in), 1, reader(layer.in))));
  ATTNCERT_CHECK(add_tensor(
      plan, heads.output,
      output_rows(rows, width, type_of(file, layer.out.weight), [&model, &layer, rows, width] {
        return read_affine(model.weights, layer.out, layer.layout, width, rows);
      })));
  return heads;
}

Result<TokenHeads> plan_token_heads(const Model& model, const AttentionSublayer& layer,
                                    TensorPlan& plan) {
  const long width = model.network.d_model;
  const long inner = layer.shape.n_head * layer.shape.d_head;
  const long shared = layer.shape.n_kv_head * layer.shape.d_head;
  const TensorFile& file = model.weights;
  NumberType type = NumberType::f32;
  for (const AffineMap& map : layer.projections) type = std::max(type, type_of(file, map));
  const auto reader = [&model, &layer](Affine AttentionWeights::*part) {
    return [&model, &layer, part]() -> Result<Affine> {
      ATTNCERT_TRY(AttentionWeights weights, attention_weights(model, layer));
      return std::move(weights.*part);
    };
  };
  TokenHeads heads;
  heads.shape = layer.shape;
  heads.key = layer.name + ".key";
  ATTNCERT_CHECK(plan_common(model, layer, heads, plan));
  const auto add = [&](const std::string& name, long rows, Affine AttentionWeights::*part) {
    return add_tensor(plan, name, affine_rows(rows, width, type, 1, reader(part)));
  };
  ATTNCERT_CHECK(add(heads.query, inner, &AttentionWeights::query));
  ATTNCERT_CHECK(add(heads.key, shared, &AttentionWeights::key));
  ATTNCERT_CHECK(add(heads.value, shared, &AttentionWeights::value));
  ATTNCERT_CHECK(add_tensor(
      plan, heads.output,
      output_rows(inner, width, type_of(file, layer.out.weight), reader(&AttentionWeights::out))));
  return heads;
}

Result<SelfHeads> plan_self_heads(const Model& model, const LinearSublayer& layer,
                                  TensorPlan& plan) {
  const long width = model.network.d_model;
  const NumberType type = type_of(model.weights, layer.map);
  ATTNCERT_CHECK(copy_norm(model, layer.norm, plan));
  const auto values = [&model, &layer, width]() -> Values {
    ATTNCERT_TRY(const Affine map,
                 read_affine(model.weights, layer.map, layer.layout, width, width));
    Matrix output(width + 2, width + 2);
    for (long k = 0; k < width; ++k) {
      for (long i = 0; i < width; ++i) output.at(i, k) = map.weight.at(k, i);
      output.at(width, k) = map.bias[static_cast<std::size_t>(k)];
    }
    return std::move(output.values);
  };
  const std::string name = layer.name + ".output";
  ATTNCERT_CHECK(add_tensor(plan, name, {{width + 2, width + 2}, type, values}));
  return SelfHeads{layer.name, layer.norm, name};
}

Result<PlannedModel> plan_conversion(const Model& model, const GatesChoice& gates_for,
                                     const SublayerChoice& converts) {
  PlannedModel planned;
  planned.network = model.network;
  planned.network.sublayers.clear();
  for (const Sublayer& sublayer : model.network.sublayers) {
    if (!converts(sublayer)) {
      ATTNCERT_CHECK(copy_sublayer(model, sublayer, planned.tensors));
      planned.network.sublayers.push_back(sublayer);
      continue;
    }
    ATTNCERT_TRY(Sublayer heads, plan_sublayer(model, sublayer, gates_for, planned.tensors));
    planned.network.sublayers.push_back(std::move(heads));
  }
  ATTNCERT_CHECK(copy_ends(model, planned.tensors));
  return planned;
}

namespace {

std::vector<std::string> stored_tensors(const Sublayer& sublayer) {
  if (const auto* heads = std::get_if<TokenHeads>(&sublayer)) {
    std::vector<std::string> names{heads->query, heads->key, heads->value, heads->output};
    if (heads->bias_output) names.push_back(*heads->bias_output);
    return names;
  }
  if (const auto* heads = std::get_if<NeuronHeads>(&sublayer)) {
    std::vector<std::string> names{heads->query, heads->value, heads->output};
    if (heads->bias_output) names.push_back(*heads->bias_output);
    return names;
  }
  return {};
}

}  // namespace

void plan_rounding(NumberType type, PlannedModel& planned) {
  for (const Sublayer& sublayer : planned.network.sublayers) {
    for (const std::string& name : stored_tensors(sublayer)) {
      PlannedTensor& tensor = planned.tensors.at(name);
      tensor.rounded = type < tensor.type;
      tensor.type = type;
    }
  }
}

}  // namespace attncert
