// Rule instance: the stored heads of a sublayer are those of T2, T3 or T4 for the original, number
// by number, or the sublayer is the original's.
#include <algorithm>

#include "../rules.hpp"
#include "same.hpp"

namespace attncert::rules {
namespace {

// Every row j is [expected(j, 0..d-1), ones(j), 0].
template <class Expected, class Ones>
Status check_rows(const TensorFile& file, const std::string& name, long rows, long width,
                  Expected expected, Ones ones) {
  ATTNCERT_TRY(const Matrix stored, read_matrix(file, name, rows, width + 2));
  for (long j = 0; j < rows; ++j) {
    const auto row = stored.row(j);
    for (long i = 0; i < width + 2; ++i) {
      const double wanted = i < width ? expected(j, i) : i == width ? ones(j) : 0.0;
      if (row[static_cast<std::size_t>(i)] != wanted) return mismatch(name, j, i);
    }
  }
  return ok();
}

// Rows [w_j, c_j, 0] times a sign.
Status check_affine_rows(const TensorFile& file, const std::string& name, const Affine& map,
                         double sign) {
  return check_rows(
      file, name, map.weight.rows, map.weight.columns,
      [&](long j, long i) { return sign * map.weight.at(j, i); },
      [&](long j) { return sign * map.bias[static_cast<std::size_t>(j)]; });
}

// The output matrix, transposed and padded, and the head that writes the output bias, times a factor.
template <class Heads>
Status check_output(const TensorFile& file, const Heads& heads, const Affine& out, bool has_bias,
                    double bias_factor = 1) {
  const long width = out.weight.rows;
  const auto none = [](long) { return 0.0; };
  ATTNCERT_CHECK(check_rows(
      file, heads.output, out.weight.columns, width,
      [&](long j, long i) { return out.weight.at(i, j); }, none));
  if (has_bias != heads.bias_output.has_value()) {
    return fail(ErrorCode::LayerFactsMismatch, "the output bias and its head do not go together");
  }
  if (!has_bias) return ok();
  return check_rows(
      file, *heads.bias_output, 1, width,
      [&](long, long i) { return bias_factor * out.bias[static_cast<std::size_t>(i)]; }, none);
}

Error shapes_differ(const std::string& name) {
  return fail(ErrorCode::LayerFactsMismatch,
              "sublayer '" + name + "': the models differ in sizes, mask, scale or gating");
}

Status check_mlp(const Model& original, const MlpSublayer& mlp, const Model& converted,
                 const NeuronHeads& heads) {
  if (heads.neurons != mlp.d_mlp || heads.gated != mlp.gate.has_value()) {
    return shapes_differ(mlp.name);
  }
  ATTNCERT_CHECK(check_same_norm(original, mlp.norm, converted, heads.norm));
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(original, mlp));
  const TensorFile& file = converted.weights;
  const Affine& score = weights.gate ? *weights.gate : weights.in;
  ATTNCERT_CHECK(check_affine_rows(file, heads.query, score, -1));
  ATTNCERT_CHECK(check_affine_rows(file, heads.value, weights.in, 1));
  if (!heads.masks) return check_output(file, heads, weights.out, mlp.out.bias.has_value());
  for (const Gate& gate : heads.gates) {
    if (gate.scores.size() != 1) return shapes_differ(mlp.name);
  }
  const long bias_token = context_of(converted.network).value_or(0);
  ATTNCERT_CHECK(check_masks(converted, *heads.masks,
                             [=](long i, long j) { return j == i || j == bias_token; }));
  return check_output(file, heads, weights.out, mlp.out.bias.has_value(), 2);
}

Status check_attention(const Model& original, const AttentionSublayer& layer,
                       const Model& converted, const TokenHeads& heads) {
  HeadShape shape = layer.shape;
  if (heads.masks) shape.mask = "none";
  if (heads.shape != shape) return shapes_differ(layer.name);
  if (heads.masks) {
    const long bias_token = context_of(converted.network).value_or(0);
    const bool causal = layer.shape.mask == "causal";
    ATTNCERT_CHECK(check_masks(converted, *heads.masks, [=](long i, long j) {
      return j != bias_token && (!causal || j <= i);
    }));
  }
  ATTNCERT_CHECK(check_same_norm(original, layer.norm, converted, heads.norm));
  ATTNCERT_TRY(const AttentionWeights weights, attention_weights(original, layer));
  const TensorFile& file = converted.weights;
  ATTNCERT_CHECK(check_affine_rows(file, heads.query, weights.query, 1));
  ATTNCERT_CHECK(check_affine_rows(file, heads.key, weights.key, 1));
  ATTNCERT_CHECK(check_affine_rows(file, heads.value, weights.value, 1));
  return check_output(file, heads, weights.out, layer.out.bias.has_value());
}

Status check_linear(const Model& original, const LinearSublayer& layer, const Model& converted,
                    const SelfHeads& heads) {
  const long width = original.network.d_model;
  ATTNCERT_CHECK(check_same_norm(original, layer.norm, converted, heads.norm));
  ATTNCERT_TRY(const Affine map,
               read_affine(original.weights, layer.map, layer.layout, width, width));
  return check_rows(
      converted.weights, heads.output, width + 2, width,
      [&](long j, long i) {
        return j < width    ? map.weight.at(i, j)
               : j == width ? map.bias[static_cast<std::size_t>(i)]
                            : 0.0;
      },
      [](long) { return 0.0; });
}

const Sublayer* find_sublayer(const Network& network, const std::string& name) {
  const auto found = std::find_if(network.sublayers.begin(), network.sublayers.end(),
                                  [&](const Sublayer& one) { return name_of(one) == name; });
  return found == network.sublayers.end() ? nullptr : &*found;
}

// Where the converted network has a sublayer of the original's kind, both of them.
std::optional<std::pair<const Sublayer*, const Sublayer*>> kept_sublayers(const Network& original,
                                                                          const Network& converted,
                                                                          const std::string& name) {
  const Sublayer* before = find_sublayer(original, name);
  const Sublayer* after = find_sublayer(converted, name);
  if (before == nullptr || after == nullptr || before->index() != after->index()) return {};
  return std::pair(before, after);
}

}  // namespace

Status instance(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Instance* goal, conclusion_as<Instance>(step));
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  if (converted->network.d_model != original->network.d_model) return shapes_differ(goal->layer);
  if (const auto kept = kept_sublayers(original->network, converted->network, goal->layer)) {
    return check_kept(*original, *kept->first, *converted, *kept->second);
  }
  if (const auto mlp = sublayer_named<MlpSublayer>(original->network, goal->layer)) {
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted->network, goal->layer));
    return check_mlp(*original, *mlp.value(), *converted, *heads);
  }
  if (const auto linear = sublayer_named<LinearSublayer>(original->network, goal->layer)) {
    ATTNCERT_TRY(const SelfHeads* heads,
                 sublayer_named<SelfHeads>(converted->network, goal->layer));
    return check_linear(*original, *linear.value(), *converted, *heads);
  }
  ATTNCERT_TRY(const AttentionSublayer* layer,
               sublayer_named<AttentionSublayer>(original->network, goal->layer));
  ATTNCERT_TRY(const TokenHeads* heads,
               sublayer_named<TokenHeads>(converted->network, goal->layer));
  return check_attention(*original, *layer, *converted, *heads);
}

}  // namespace attncert::rules
