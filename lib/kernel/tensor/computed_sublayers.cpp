#include "computed_sublayers.hpp"

#include "computed_attention.hpp"
#include "computed_hidden.hpp"

namespace attncert::rules {
namespace {

Error unsupported(const std::string& layer, const std::string& what) {
  return fail(ErrorCode::RoundingUnsupported,
              "rounding of sublayer '" + layer + "' on prompts is not bounded: " + what);
}

// The first d_model columns are a map's weight, `ones` its bias.
Affine reading_ones(const Matrix& stored) {
  Affine map{Matrix(stored.rows, stored.columns - 2), {}};
  for (long i = 0; i < stored.rows; ++i) {
    for (long k = 0; k < map.weight.columns; ++k) map.weight.at(i, k) = stored.at(i, k);
    map.bias.push_back(stored.at(i, map.weight.columns));
  }
  return map;
}

Affine negated(Affine map) {
  for (double& x : map.weight.values) x = -x;
  for (double& x : map.bias) x = -x;
  return map;
}

class Builder {
public:
  Builder(const Machine& machine, const Model& model, long context, FunctionTables& tables)
      : machine_(machine), model_(model), context_(context), tables_(tables) {}

  Result<ComputedUpdate> operator()(const AttentionSublayer& layer) const {
    ATTNCERT_TRY(AttentionWeights w, attention_weights(model_, layer));
    ATTNCERT_TRY(const ComputedMap query, affine(layer.projections[0], std::move(w.query)));
    const auto& names = layer.projections;
    ATTNCERT_TRY(const ComputedMap key, affine(names[names.size() / 2], std::move(w.key)));
    ATTNCERT_TRY(const ComputedMap value, affine(names.back(), std::move(w.value)));
    ATTNCERT_TRY(const ComputedMap out, affine(layer.out, std::move(w.out)));
    return attention(layer.shape, layer.norm, query, key, value, out);
  }

  Result<ComputedUpdate> operator()(const TokenHeads& layer) const {
    if (layer.masks) return unsupported(layer.name, "its masks are weights");
    const long inner = layer.shape.n_head * layer.shape.d_head;
    const long shared = layer.shape.n_kv_head * layer.shape.d_head;
    ATTNCERT_TRY(const ComputedMap query, head_rows(layer.query, inner, 1));
    ATTNCERT_TRY(const ComputedMap key, head_rows(layer.key, shared, 1));
    ATTNCERT_TRY(const ComputedMap value, head_rows(layer.value, shared, 1));
    ATTNCERT_TRY(const ComputedMap out,
                 head_outputs(layer.output, inner, inner + 1, layer.bias_output));
    return attention(layer.shape, layer.norm, query, key, value, out);
  }

  Result<ComputedUpdate> operator()(const MlpSublayer& layer) const {
    if (layer.gate) return unsupported(layer.name, "it is gated");
    ATTNCERT_TRY(MlpWeights w, mlp_weights(model_, layer));
    ATTNCERT_TRY(const ComputedMap in, affine(layer.in, std::move(w.in)));
    ATTNCERT_TRY(const ComputedMap out, affine(layer.out, std::move(w.out)));
    ATTNCERT_TRY(HiddenFunction function,
                 HiddenFunction::of_mlp(machine_, layer.activation, tables_));
    return hidden(layer.norm, ComputedHidden(std::move(function), in, {}, out));
  }

  Result<ComputedUpdate> operator()(const NeuronHeads& layer) const {
    if (layer.masks) return unsupported(layer.name, "its masks are weights");
    ATTNCERT_TRY(const ComputedMap score, head_rows(layer.query, layer.neurons, -1));
    ATTNCERT_TRY(const ComputedMap value, head_rows(layer.value, layer.neurons, 1));
    const long heads = layer.neurons * static_cast<long>(layer.gates.size());
    ATTNCERT_TRY(const ComputedMap out,
                 head_outputs(layer.output, layer.neurons, heads + 1, layer.bias_output));
    ATTNCERT_TRY(HiddenFunction function, HiddenFunction::of_heads(machine_, layer.gates, tables_));
    return hidden(layer.norm, ComputedHidden(std::move(function), score, value, out));
  }

  Result<ComputedUpdate> operator()(const LinearSublayer& layer) const {
    const long width = model_.network.d_model;
    ATTNCERT_TRY(Affine w, read_affine(model_.weights, layer.map, layer.layout, width, width));
    ATTNCERT_TRY(const ComputedMap map, affine(layer.map, std::move(w)));
    ATTNCERT_TRY(const ComputedNorm norm, ComputedNorm::make(machine_, model_, layer.norm));
    return ComputedUpdate([map, norm](Symbols& symbols, const Forms& stream) -> Result<Forms> {
      ATTNCERT_TRY(const Forms x, norm(symbols, stream));
      return map(x);
    });
  }

  Result<ComputedUpdate> operator()(const SelfHeads& layer) const {
    return unsupported(layer.name, "it is a head of a linear map");
  }

private:
  Result<ComputedMap> affine(const AffineMap& names, Affine map) const {
    const long terms = map.weight.columns + (names.bias ? 1 : 0);
    return ComputedMap::make(machine_, model_.weights, names.weight, std::move(map), terms);
  }

  // Rows of stored heads, times a sign, as a map that reads its bias from `ones`.
  Result<ComputedMap> head_rows(const std::string& name, long rows, int sign) const {
    const long columns = model_.network.d_model + 2;
    ATTNCERT_TRY(const Matrix stored, read_matrix(model_.weights, name, rows, columns));
    Affine map = reading_ones(stored);
    return ComputedMap::make(machine_, model_.weights, name,
                             sign < 0 ? negated(std::move(map)) : std::move(map), columns);
  }

  // Heads' output rows and the bias head's; `terms` numbers are added for each coordinate.
  Result<ComputedMap> head_outputs(const std::string& output, long rows, long terms,
                                   const std::optional<std::string>& bias_output) const {
    const long width = model_.network.d_model;
    ATTNCERT_TRY(const Matrix stored, read_matrix(model_.weights, output, rows, width + 2));
    Affine map{Matrix(width, rows), std::vector<double>(static_cast<std::size_t>(width), 0.0)};
    for (long i = 0; i < rows; ++i) {
      for (long k = 0; k < width; ++k) map.weight.at(k, i) = stored.at(i, k);
    }
    if (bias_output) {
      ATTNCERT_TRY(const Matrix bias, read_matrix(model_.weights, *bias_output, 1, width + 2));
      std::copy_n(bias.values.begin(), width, map.bias.begin());
    }
    ATTNCERT_TRY(ComputedMap result,
                 ComputedMap::make(machine_, model_.weights, output, std::move(map), terms));
    ATTNCERT_TRY(const SoftmaxError alone, machine_.softmax(1, true, Upper(), Upper::of(1.0)));
    const Upper weight = alone.relative + alone.absolute;
    result.bias_relative =
        compound(weight, machine_.accumulate, machine_.compute).value() * (1 + 2 * result.relative);
    return result;
  }

  Result<ComputedUpdate> attention(const HeadShape& shape, const Norm& with,
                                   const ComputedMap& query, const ComputedMap& key,
                                   const ComputedMap& value, const ComputedMap& out) const {
    ATTNCERT_TRY(const auto exponential, tables_.of("(exp x)"));
    ATTNCERT_TRY(const ComputedAttention heads,
                 ComputedAttention::make(machine_, shape, context_, exponential));
    ATTNCERT_TRY(const ComputedNorm norm, ComputedNorm::make(machine_, model_, with));
    return ComputedUpdate([=](Symbols& symbols, const Forms& stream) -> Result<Forms> {
      ATTNCERT_TRY(const Forms x, norm(symbols, stream));
      ATTNCERT_TRY(const Forms q, query(x));
      ATTNCERT_TRY(const Forms k, key(x));
      ATTNCERT_TRY(const Forms v, value(x));
      ATTNCERT_TRY(const Forms mixed, heads(symbols, q, k, v));
      return out(mixed);
    });
  }

  Result<ComputedUpdate> hidden(const Norm& with, const ComputedHidden& mlp) const {
    ATTNCERT_TRY(const ComputedNorm norm, ComputedNorm::make(machine_, model_, with));
    return ComputedUpdate([=](Symbols& symbols, const Forms& stream) -> Result<Forms> {
      ATTNCERT_TRY(const Forms x, norm(symbols, stream));
      return mlp(x);
    });
  }

  const Machine& machine_;
  const Model& model_;
  long context_;
  FunctionTables& tables_;
};

}  // namespace

Result<ComputedUpdate> computed_update(const Machine& machine, const Model& model,
                                       const Sublayer& sublayer, long context,
                                       FunctionTables& tables) {
  return std::visit(Builder(machine, model, context, tables), sublayer);
}

}  // namespace attncert::rules
