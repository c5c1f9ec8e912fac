#include "enclosed_sublayers.hpp"

#include <algorithm>
#include <cmath>

#include "enclosed_attention.hpp"

namespace attncert::rules {
namespace {

// [x, 1, 0]: real tokens of the augmented stream.
template <class M>
Enclosure<M> augmented(const Enclosure<M>& x) {
  Enclosure<M> result(x.rows(), x.columns() + 2);
  for (long i = 0; i < x.rows(); ++i) {
    for (long k = 0; k < x.columns(); ++k) result.set(i, k, x.at(i, k));
    result.set(i, x.columns(), {1, 0});
  }
  return result;
}

// The coordinates of the model's own stream, and what a bias head adds to them.
template <class M>
Enclosure<M> model_part(const Enclosure<M>& x, const std::vector<double>& bias) {
  Enclosure<M> result(x.rows(), x.columns() - 2);
  for (long i = 0; i < x.rows(); ++i) {
    for (long k = 0; k < result.columns(); ++k) {
      result.set(i, k, x.at(i, k) + Ball<M>{bias[static_cast<std::size_t>(k)], 0});
    }
  }
  return result;
}

// A matrix stored with one row for each output.
Result<EnclosedMap> rows_as_outputs(const Model& model, const std::string& name, long rows) {
  ATTNCERT_TRY(const Matrix stored,
               read_matrix(model.weights, name, rows, model.network.d_model + 2));
  return EnclosedMap{stored, {}};
}

// A head of mask {self} and value `ones` writes this row; zeros where there is none.
Result<std::vector<double>> bias_row(const Model& model, const std::optional<std::string>& name) {
  const long width = model.network.d_model + 2;
  if (!name) return std::vector<double>(static_cast<std::size_t>(width), 0.0);
  ATTNCERT_TRY(Matrix row, read_matrix(model.weights, *name, 1, width));
  return std::move(row.values);
}

Status check_masks(const std::optional<MaskWeights>& masks) {
  if (!masks) return ok();
  return fail(ErrorCode::RigorousUnsupported,
              "rigorous evaluation knows neither rotary positions nor masks as weights");
}

// Both evaluations share one copy of the weights.
template <class Update>
EnclosedUpdate update_of(Update update) {
  const auto shared = std::make_shared<const Update>(std::move(update));
  const auto call = [shared](const auto& stream) { return (*shared)(stream); };
  return {call, call};
}

class Builder {
public:
  Builder(const Model& model, FunctionTables& tables) : model_(model), tables_(tables) {}

  Result<EnclosedUpdate> operator()(const AttentionSublayer& layer) const {
    ATTNCERT_TRY(const auto exponential, tables_.of("(exp x)"));
    ATTNCERT_TRY(const EnclosedAttention heads, EnclosedAttention::make(layer.shape, exponential));
    ATTNCERT_TRY(const EnclosedNorm norm, EnclosedNorm::make(model_, layer.norm));
    ATTNCERT_TRY(const AttentionWeights w, attention_weights(model_, layer));
    return update_of([heads, norm, query = map_of(w.query), key = map_of(w.key),
                      value = map_of(w.value), out = map_of(w.out)](const auto& stream) {
      const auto x = norm(stream);
      return out(heads(query(x), key(x), value(x)));
    });
  }

  Result<EnclosedUpdate> operator()(const MlpSublayer& layer) const {
    ATTNCERT_TRY(const auto table, tables_.of(layer.activation));
    ATTNCERT_TRY(const EnclosedNorm norm, EnclosedNorm::make(model_, layer.norm));
    ATTNCERT_TRY(const MlpWeights w, mlp_weights(model_, layer));
    const bool gated = w.gate.has_value();
    return update_of([table, norm, gated, in = map_of(w.in), out = map_of(w.out),
                      gate = gated ? map_of(*w.gate) : EnclosedMap()](const auto& stream) {
      const auto x = norm(stream);
      auto hidden = gated ? gate(x) : in(x);
      const auto factor = gated ? in(x) : decltype(hidden)();
      for (long i = 0; i < hidden.rows(); ++i) {
        for (long j = 0; j < hidden.columns(); ++j) {
          const auto value = (*table)(hidden.at(i, j));
          hidden.set(i, j, gated ? value * factor.at(i, j) : value);
        }
      }
      return out(hidden);
    });
  }

  Result<EnclosedUpdate> operator()(const LinearSublayer& layer) const {
    const long width = model_.network.d_model;
    ATTNCERT_TRY(const EnclosedNorm norm, EnclosedNorm::make(model_, layer.norm));
    ATTNCERT_TRY(const Affine w,
                 read_affine(model_.weights, layer.map, layer.layout, width, width));
    return update_of([norm, map = map_of(w)](const auto& stream) { return map(norm(stream)); });
  }

  Result<EnclosedUpdate> operator()(const TokenHeads& layer) const {
    ATTNCERT_CHECK(check_masks(layer.masks));
    const long inner = layer.shape.n_head * layer.shape.d_head;
    const long shared = layer.shape.n_kv_head * layer.shape.d_head;
    ATTNCERT_TRY(const auto exponential, tables_.of("(exp x)"));
    ATTNCERT_TRY(const EnclosedAttention heads, EnclosedAttention::make(layer.shape, exponential));
    ATTNCERT_TRY(const EnclosedNorm norm, EnclosedNorm::make(model_, layer.norm));
    ATTNCERT_TRY(const EnclosedMap query, rows_as_outputs(model_, layer.query, inner));
    ATTNCERT_TRY(const EnclosedMap key, rows_as_outputs(model_, layer.key, shared));
    ATTNCERT_TRY(const EnclosedMap value, rows_as_outputs(model_, layer.value, shared));
    ATTNCERT_TRY(const EnclosedMap output, rows_as_inputs(layer.output, inner));
    ATTNCERT_TRY(const std::vector<double> bias, bias_row(model_, layer.bias_output));
    return update_of([=](const auto& stream) {
      const auto x = augmented(norm(stream));
      return model_part(output(heads(query(x), key(x), value(x))), bias);
    });
  }

  // Head (j, i) gives itself the weight 1 / (1 + sum_k e^-(b_ik z_j + beta_ik)), its query being
  // -z_j: summed over i, S(z_j) times the value.
  Result<EnclosedUpdate> operator()(const NeuronHeads& layer) const {
    ATTNCERT_CHECK(check_masks(layer.masks));
    ATTNCERT_TRY(const std::string gates, gate_function(layer.gates));
    ATTNCERT_TRY(const auto table, tables_.of(gates));
    ATTNCERT_TRY(const EnclosedNorm norm, EnclosedNorm::make(model_, layer.norm));
    ATTNCERT_TRY(const EnclosedMap query, rows_as_outputs(model_, layer.query, layer.neurons));
    ATTNCERT_TRY(const EnclosedMap value, rows_as_outputs(model_, layer.value, layer.neurons));
    ATTNCERT_TRY(const EnclosedMap output, rows_as_inputs(layer.output, layer.neurons));
    ATTNCERT_TRY(const std::vector<double> bias, bias_row(model_, layer.bias_output));
    return update_of([=](const auto& stream) {
      const auto x = augmented(norm(stream));
      const auto queries = query(x);
      auto hidden = value(x);
      for (long i = 0; i < hidden.rows(); ++i) {
        for (long j = 0; j < hidden.columns(); ++j) {
          hidden.set(i, j, (*table)(-queries.at(i, j)) * hidden.at(i, j));
        }
      }
      return model_part(output(hidden), bias);
    });
  }

  Result<EnclosedUpdate> operator()(const SelfHeads& layer) const {
    const long width = model_.network.d_model + 2;
    ATTNCERT_TRY(const EnclosedNorm norm, EnclosedNorm::make(model_, layer.norm));
    ATTNCERT_TRY(const EnclosedMap output, rows_as_inputs(layer.output, width));
    const std::vector<double> none(static_cast<std::size_t>(width), 0.0);
    return update_of(
        [=](const auto& stream) { return model_part(output(augmented(norm(stream))), none); });
  }

private:
  // A matrix stored with one row for each input.
  Result<EnclosedMap> rows_as_inputs(const std::string& name, long rows) const {
    ATTNCERT_TRY(const Matrix stored,
                 read_matrix(model_.weights, name, rows, model_.network.d_model + 2));
    return EnclosedMap{transposed(stored), {}};
  }

  const Model& model_;
  FunctionTables& tables_;
};

}  // namespace

EnclosedMap map_of(const Affine& affine) { return {affine.weight, affine.bias}; }

Result<std::shared_ptr<const FunctionTable>> FunctionTables::of(const std::string& function) {
  auto& table = tables_[function];
  if (table == nullptr) {
    ATTNCERT_TRY(FunctionTable made, FunctionTable::make(function));
    table = std::make_shared<const FunctionTable>(std::move(made));
  }
  return table;
}

Result<EnclosedNorm> EnclosedNorm::make(const Model& model, const Norm& norm) {
  EnclosedNorm result;
  result.kind_ = norm.kind;
  result.epsilon_ = ball_of(norm.epsilon);
  ATTNCERT_TRY(result.weights_, norm_weights(model, norm));
  return result;
}

Result<EnclosedUpdate> enclosed_update(const Model& model, const Sublayer& sublayer,
                                       FunctionTables& tables) {
  return std::visit(Builder(model, tables), sublayer);
}

}  // namespace attncert::rules
