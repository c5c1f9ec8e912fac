// Converted sublayers: attention on the augmented stream, as docs/network-format.md says.
#include "exporter.hpp"

namespace attncert {
namespace {

using Longs = std::vector<long>;

// (tokens, neurons) to (neurons, tokens, 1): one head for each neuron.
std::string one_head_each(GraphWriter& graph, const std::string& x) {
  const std::string turned = graph.add("Transpose", {x}, {{"perm", Longs{1, 0}}});
  return graph.add("Unsqueeze", {turned, graph.integers({2})});
}

// (neurons, tokens, 1) to (tokens, neurons).
std::string one_column_each(GraphWriter& graph, const std::string& x) {
  const std::string flat = graph.add("Squeeze", {x, graph.integers({2})});
  return graph.add("Transpose", {flat}, {{"perm", Longs{1, 0}}});
}

struct NumericGate {
  double coefficient = 0;
  std::vector<double> slopes;
  std::vector<double> shifts;
};

Result<NumericGate> numeric(const Gate& gate) {
  NumericGate numbers;
  ATTNCERT_TRY(numbers.coefficient, constant_of(gate.coefficient));
  for (const Score& score : gate.scores) {
    ATTNCERT_TRY(const double slope, constant_of(score.slope));
    ATTNCERT_TRY(const double shift, constant_of(score.shift));
    numbers.slopes.push_back(slope);
    numbers.shifts.push_back(shift);
  }
  return numbers;
}

// [query, ones] of every head: (neurons, tokens, 2).
std::string head_queries(GraphWriter& graph, const std::string& query, const std::string& ones) {
  const std::string heads = one_head_each(graph, query);
  const std::string same = graph.add(
      "Expand", {graph.add("Unsqueeze", {ones, graph.integers({0})}), graph.add("Shape", {heads})});
  return graph.add("Concat", {heads, same}, {{"axis", 2L}});
}

}  // namespace

std::string Exporter::columns(const std::string& x, long begin, long end) {
  return graph_.add("Slice",
                    {x, graph_.integers({begin}), graph_.integers({end}), graph_.integers({1})});
}

std::string Exporter::ones(const std::string& x) {
  return columns(x, model_.network.d_model, model_.network.d_model + 1);
}

std::string Exporter::augmented(const std::string& rows) {
  const std::string first = columns(rows, 0, 1);
  const std::string zeros = graph_.add("Sub", {first, first});
  const std::string one = graph_.add("Add", {zeros, graph_.number(1)});
  const std::string wide = graph_.add("Concat", {rows, one, zeros}, {{"axis", 1L}});
  std::vector<double> bias(static_cast<std::size_t>(model_.network.d_model + 2));
  bias.back() = 1;
  return graph_.add("Concat", {wide, graph_.vector(bias, {1, model_.network.d_model + 2})},
                    {{"axis", 0L}});
}

std::string Exporter::model_part(const std::string& stream) {
  return graph_.add("Slice",
                    {stream, graph_.integers({0, 0}), graph_.integers({-1, model_.network.d_model}),
                     graph_.integers({0, 1})});
}

// [x, o, t] to [o norm(x), o, t].
Result<std::string> Exporter::augmented_norm(const std::string& stream, const Norm& of) {
  const long width = model_.network.d_model;
  ATTNCERT_TRY(const std::string normed, norm(columns(stream, 0, width), of));
  const std::string kept = graph_.add("Mul", {normed, ones(stream)});
  return graph_.add("Concat", {kept, columns(stream, width, width + 2)}, {{"axis", 1L}});
}

// What positions add to the scores of the tokens there are, the bias token's being the last.
Result<std::string> Exporter::raise(const MaskWeights& masks) {
  const auto context = context_of(model_.network);
  if (!context) {
    return fail(ErrorCode::NetworkField, "masks as weights need a network with a context");
  }
  ATTNCERT_TRY(const std::string all, tensor(masks.query, {*context + 1, *context + 1}));
  const std::string last = graph_.add("Sub", {count(), graph_.integer(1)});
  const std::string is_last = graph_.add("Equal", {positions(), last});
  const std::string places = graph_.add("Where", {is_last, graph_.integer(*context), positions()});
  const std::string rows = graph_.add("Gather", {all, places}, {{"axis", 0L}});
  return graph_.add("Gather", {rows, places}, {{"axis", 1L}});
}

// Values are read from ones. Its scores are 0 but for what is added: the mask, or positions.
Result<std::string> Exporter::bias_head(const std::string& x, const std::string& bias_output,
                                        const std::string& added) {
  ATTNCERT_TRY(const std::string output, tensor(bias_output, {1, model_.network.d_model + 2}));
  const std::string weights = graph_.add("Softmax", {added}, {{"axis", -1L}});
  return graph_.add("MatMul", {graph_.add("MatMul", {weights, ones(x)}), output});
}

Result<std::string> Exporter::add_bias_head(const std::string& update, const std::string& x,
                                            const std::optional<std::string>& bias_output,
                                            const std::string& added) {
  if (!bias_output) return update;
  const std::string scores = added.empty() ? mask("self") : added;
  ATTNCERT_TRY(const std::string more, bias_head(x, *bias_output, scores));
  return graph_.add("Add", {update, more});
}

Result<std::string> Exporter::of(const std::string& stream, const TokenHeads& layer) {
  const long width = model_.network.d_model + 2;
  const HeadShape& shape = layer.shape;
  const long inner = shape.n_head * shape.d_head;
  const long shared = shape.n_kv_head * shape.d_head;
  ATTNCERT_TRY(const std::string x, augmented_norm(stream, layer.norm));
  ATTNCERT_TRY(const std::string query, affine(x, {layer.query, {}}, Layout::out_in, inner, width));
  ATTNCERT_TRY(const std::string key, affine(x, {layer.key, {}}, Layout::out_in, shared, width));
  ATTNCERT_TRY(const std::string value,
               affine(x, {layer.value, {}}, Layout::out_in, shared, width));
  std::string positions_add;
  if (layer.masks) {
    ATTNCERT_TRY(positions_add, raise(*layer.masks));
  }
  const std::string added = layer.masks ? positions_add : mask(shape.mask);
  ATTNCERT_TRY(const std::string mixed, mix(query, key, value, shape, added));
  ATTNCERT_TRY(const std::string update,
               affine(mixed, {layer.output, {}}, Layout::in_out, width, inner));
  return add_bias_head(update, x, layer.bias_output, positions_add);
}

// Mask {self, bias tokens}: scores (neurons, tokens, 1 + r); the first is 0, to itself. The
// bias tokens' values are 0.
Result<std::string> Exporter::gate(const std::string& query, const std::string& value,
                                   const Gate& gate) {
  ATTNCERT_TRY(const NumericGate numbers, numeric(gate));
  const auto size = static_cast<long>(numbers.slopes.size()) + 1;
  std::vector<double> keys(1, 0.0);
  keys.insert(keys.end(), numbers.slopes.begin(), numbers.slopes.end());
  keys.push_back(0);
  for (const double shift : numbers.shifts) keys.push_back(-shift);
  std::vector<double> selves(static_cast<std::size_t>(size));
  selves.front() = numbers.coefficient;
  const std::string scores = graph_.add("MatMul", {query, graph_.vector(keys, {2, size})});
  const std::string weights = graph_.add("Softmax", {scores}, {{"axis", -1L}});
  const std::string values = graph_.add("Mul", {value, graph_.vector(selves, {size})});
  return graph_.add("ReduceSum", {graph_.add("Mul", {weights, values}), graph_.integers({2})},
                    {{"keepdims", 1L}});
}

// No mask: scores (neurons, tokens, tokens), 0 to real tokens, raised by what positions add.
Result<std::string> Exporter::unmasked_gate(const std::string& x, const std::string& query,
                                            const std::string& value, const Gate& gate,
                                            const std::string& added) {
  ATTNCERT_TRY(const NumericGate numbers, numeric(gate));
  if (numbers.slopes.size() != 1) {
    return fail(ErrorCode::NetworkField, "masks as weights need gates of one score");
  }
  const long width = model_.network.d_model + 2;
  const std::string bias =
      graph_.add("Transpose", {columns(x, width - 1, width)}, {{"perm", Longs{1, 0}}});
  const std::string map = graph_.vector({numbers.slopes[0], -numbers.shifts[0]}, {2, 1});
  const std::string keys = graph_.add("MatMul", {map, bias});
  const std::string scores = graph_.add("Add", {graph_.add("MatMul", {query, keys}), added});
  const std::string weights = graph_.add("Softmax", {scores}, {{"axis", -1L}});
  const std::string values = graph_.add("Mul", {value, graph_.number(numbers.coefficient)});
  return graph_.add("MatMul", {weights, values});
}

Result<std::string> Exporter::of(const std::string& stream, const NeuronHeads& layer) {
  const long width = model_.network.d_model + 2;
  ATTNCERT_TRY(const std::string x, augmented_norm(stream, layer.norm));
  ATTNCERT_TRY(const std::string query,
               affine(x, {layer.query, {}}, Layout::out_in, layer.neurons, width));
  ATTNCERT_TRY(const std::string value,
               affine(x, {layer.value, {}}, Layout::out_in, layer.neurons, width));
  const std::string queries = head_queries(graph_, query, ones(x));
  const std::string values = one_head_each(graph_, value);
  std::string added;
  if (layer.masks) {
    ATTNCERT_TRY(added, raise(*layer.masks));
  }
  std::string sum;
  for (const Gate& one : layer.gates) {
    ATTNCERT_TRY(const std::string term, layer.masks ? unmasked_gate(x, queries, values, one, added)
                                                     : gate(queries, values, one));
    sum = sum.empty() ? term : graph_.add("Add", {sum, term});
  }
  ATTNCERT_TRY(const std::string update, affine(one_column_each(graph_, sum), {layer.output, {}},
                                                Layout::in_out, width, layer.neurons));
  return add_bias_head(update, x, layer.bias_output, added);
}

Result<std::string> Exporter::of(const std::string& stream, const SelfHeads& layer) {
  const long width = model_.network.d_model + 2;
  ATTNCERT_TRY(const std::string x, augmented_norm(stream, layer.norm));
  const std::string weights = graph_.add("Softmax", {mask("self")}, {{"axis", -1L}});
  return affine(graph_.add("MatMul", {weights, x}), {layer.output, {}}, Layout::in_out, width,
                width);
}

}  // namespace attncert
