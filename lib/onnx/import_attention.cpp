// Softmax attention, whatever the rearrangements: heads are traced number by number.
#include <cmath>

#include "importer.hpp"

namespace attncert {
namespace {

// A linear map's output, rearranged and multiplied by numbers.
struct Operand {
  std::string base;
  double factor = 1;
  std::vector<long> places;  // in the base
  long heads = 0;
  long rows = 0;
  long columns = 0;
};

struct Scores {
  std::string product;
  double factor = 1;
  std::vector<double> added;  // (T, T)
};

// A softmax over this much less is 0 in fp32 wherever scores are less than 10^4 apart.
constexpr double kMasked = -1e4;

bool is_scaling(const Graph& graph, const onnx::NodeProto& node) {
  if (node.op_type() != "Mul" && node.op_type() != "Div") return false;
  const std::string constant = graph.constant_operand(node);
  if (constant.empty() || !scalar_of(graph, constant)) return false;
  return node.op_type() == "Mul" || graph.depends(node.input(0));
}

double factor_of(const Graph& graph, const onnx::NodeProto& node) {
  const double number = *scalar_of(graph, graph.constant_operand(node));
  return node.op_type() == "Mul" ? number : 1 / number;
}

Result<Operand> operand(const Graph& graph, const std::string& value) {
  Operand result;
  result.base = graph.origin(value);
  while (const onnx::NodeProto* node = graph.producer(result.base)) {
    if (!is_scaling(graph, *node)) break;
    result.factor *= factor_of(graph, *node);
    result.base = graph.origin(graph.only_dependent(*node));
  }
  Value numbers{graph.shape(result.base), {}, false};
  for (long i = 0; i < size_of(numbers.shape); ++i)
    numbers.values.push_back(static_cast<double>(i));
  ATTNCERT_TRY(const Value found, graph.run(value, {{result.base, numbers}}));
  for (const double x : found.values) result.places.push_back(std::lround(x / result.factor));
  if (found.shape.size() < 2) return fail(ErrorCode::OnnxUnsupported, "heads must be matrices");
  result.rows = found.extent(-2);
  result.columns = found.extent(-1);
  result.heads =
      result.rows * result.columns == 0 ? 0 : found.size() / (result.rows * result.columns);
  return result;
}

// (T, T), for all heads alike.
Result<std::vector<double>> same_for_heads(const Graph& graph, const std::string& constant,
                                           const onnx::NodeProto& node, long length) {
  ATTNCERT_TRY(const Value value, graph.value(constant));
  const std::vector<long> whole{length, length};
  Value flat = value;
  while (flat.shape.size() > 2 && flat.shape.front() == 1) flat.shape.erase(flat.shape.begin());
  if (flat.shape.size() <= 2) {
    const auto shape = broadcast(flat.shape, whole);
    if (shape && shape.value() == whole) return expanded(flat, whole).values;
  }
  return not_understood(node, "a mask must be (tokens, tokens), the same for all heads");
}

// Where(condition, a, b) with one branch constant: which scores are kept, and what others become.
Status add_where(const Graph& graph, const onnx::NodeProto& node, long length, Scores& scores,
                 std::string& next) {
  const bool then = graph.depends(node.input(1));
  const auto fill = scalar_of(graph, node.input(then ? 2 : 1));
  if (graph.depends(node.input(0)) || then == graph.depends(node.input(2)) || !fill) {
    return not_understood(node, "a mask must be a constant");
  }
  ATTNCERT_TRY(const std::vector<double> kept, same_for_heads(graph, node.input(0), node, length));
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if ((kept[i] != 0) != then) scores.added[i] += scores.factor * *fill;
  }
  next = node.input(then ? 1 : 2);
  return ok();
}

Result<Scores> scores_of(const Graph& graph, const std::string& softmax_input, long length) {
  Scores scores;
  scores.added.resize(static_cast<std::size_t>(length * length));
  std::string at = graph.origin(softmax_input);
  while (const onnx::NodeProto* node = graph.producer(at)) {
    if (node->op_type() == "MatMul") {
      scores.product = at;
      return scores;
    }
    std::string next = graph.only_dependent(*node);
    if (is_scaling(graph, *node)) {
      scores.factor *= factor_of(graph, *node);
    } else if (node->op_type() == "Add" && !graph.constant_operand(*node).empty()) {
      ATTNCERT_TRY(const auto mask,
                   same_for_heads(graph, graph.constant_operand(*node), *node, length));
      for (std::size_t i = 0; i < mask.size(); ++i) scores.added[i] += scores.factor * mask[i];
    } else if (node->op_type() == "Where") {
      ATTNCERT_CHECK(add_where(graph, *node, length, scores, next));
    } else {
      return not_understood(*node,
                            "expected scores: a product of queries and keys, scaled and masked");
    }
    at = graph.origin(next);
  }
  return fail(ErrorCode::OnnxUnsupported, "value '" + at + "': no scores before a softmax");
}

Result<std::string> mask_of(const onnx::NodeProto& node, const std::vector<double>& added,
                            long length) {
  bool full = true;
  bool causal = true;
  for (long i = 0; i < length; ++i) {
    for (long j = 0; j < length; ++j) {
      const double x = added[static_cast<std::size_t>(i * length + j)];
      const bool seen = x == 0;
      if (!seen && !(x <= kMasked))
        return not_understood(node, "scores are raised by numbers that are no mask");
      full = full && seen;
      causal = causal && seen == (j <= i);
    }
  }
  if (full) return std::string("full");
  if (causal) return std::string("causal");
  return not_understood(node, "its mask is neither causal nor full");
}

Result<std::string> scale_text(const onnx::NodeProto& node, double factor) {
  const double n = std::round(1 / (factor * factor));
  if (factor > 0 && n >= 1 && n <= 1 << 24 && std::fabs(factor * std::sqrt(n) - 1) < 1e-6) {
    return n == 1 ? std::string("1") : "rsqrt(" + std::to_string(static_cast<long>(n)) + ")";
  }
  return not_understood(node, "scores are scaled by neither 1 nor 1/sqrt(n)");
}

// For each head its columns of the base, in order; every token reads its own row.
Result<std::vector<std::vector<long>>> head_columns(const onnx::NodeProto& node, const Operand& x,
                                                    long outputs, bool turned) {
  const long tokens = turned ? x.columns : x.rows;
  const long size = turned ? x.rows : x.columns;
  std::vector<std::vector<long>> heads;
  for (long h = 0; h < x.heads; ++h) {
    std::vector<long>& columns = heads.emplace_back();
    for (long e = 0; e < size; ++e) {
      for (long t = 0; t < tokens; ++t) {
        const long place = x.places[static_cast<std::size_t>(
            h * tokens * size + (turned ? e * tokens + t : t * size + e))];
        if (t == 0) columns.push_back(place % outputs);
        if (place / outputs == t && place % outputs == columns.back()) continue;
        return not_understood(node, "its heads are not rows of a linear map's output");
      }
    }
  }
  return heads;
}

// How many heads there are for keys and values, where head h uses number h n_kv / n.
Result<long> shared_heads(const onnx::NodeProto& node, const std::vector<std::vector<long>>& keys,
                          const std::vector<std::vector<long>>& values) {
  const auto n = static_cast<long>(keys.size());
  for (long count = 1; count <= n; ++count) {
    if (n % count != 0) continue;
    bool same = true;
    for (long h = 0; h < n; ++h) {
      const auto first = static_cast<std::size_t>(h * count / n * (n / count));
      const auto one = static_cast<std::size_t>(h);
      same = same && keys[one] == keys[first] && values[one] == values[first];
    }
    if (same) return count;
  }
  return not_understood(node, "heads share keys in no order");
}

std::vector<long> chained(const std::vector<std::vector<long>>& heads, long count) {
  std::vector<long> all;
  const std::size_t step = heads.size() / static_cast<std::size_t>(count);
  for (std::size_t h = 0; h < heads.size(); h += step) {
    all.insert(all.end(), heads[h].begin(), heads[h].end());
  }
  return all;
}

}  // namespace

Status OnnxImporter::add_attention(const std::string& name, const OnnxAffine& out,
                                   const std::string& stream) {
  const std::string mix = graph_.origin(out.input);
  const onnx::NodeProto& mixed = *graph_.producer(mix);
  const onnx::NodeProto* softmax = graph_.producer(graph_.origin(mixed.input(0)));
  if (softmax == nullptr || softmax->op_type() != "Softmax") {
    return at(graph_.origin(mixed.input(0)), "expected the softmax of an attention");
  }
  const long length = graph_.shape(softmax->output(0)).back();
  ATTNCERT_TRY(const Scores scores, scores_of(graph_, softmax->input(0), length));
  const onnx::NodeProto& product = *graph_.producer(scores.product);
  ATTNCERT_TRY(const Operand query, operand(graph_, product.input(0)));
  ATTNCERT_TRY(const Operand key, operand(graph_, product.input(1)));
  ATTNCERT_TRY(const Operand value, operand(graph_, mixed.input(1)));
  if (query.heads != key.heads || query.heads != value.heads || value.factor != 1 ||
      query.columns != value.columns) {
    return not_understood(mixed, "queries, keys and values have different heads");
  }
  const Operand* const operands[] = {&query, &key, &value};
  std::vector<OnnxAffine> maps;
  std::vector<std::vector<std::vector<long>>> heads;
  for (const Operand* one : operands) {
    ATTNCERT_TRY(const std::optional<OnnxAffine> map, affine(one->base));
    if (!map) return at(one->base, "expected a linear map for queries, keys or values");
    ATTNCERT_TRY(auto columns, head_columns(product, *one, map->outputs, one == &key));
    maps.push_back(*map);
    heads.push_back(std::move(columns));
  }
  AttentionSublayer layer;
  layer.name = name;
  layer.layout = Layout::out_in;
  HeadShape& shape = layer.shape;
  shape.n_head = query.heads;
  shape.d_head = query.columns;
  ATTNCERT_TRY(shape.n_kv_head, shared_heads(product, heads[1], heads[2]));
  ATTNCERT_TRY(shape.mask, mask_of(*softmax, scores.added, length));
  ATTNCERT_TRY(shape.scale, scale_text(product, scores.factor * query.factor * key.factor));
  ATTNCERT_TRY(layer.norm, norm(maps[0].input, stream, name + ".norm"));
  const char* const names[] = {".query", ".key", ".value"};
  for (std::size_t i = 0; i < 3; ++i) {
    if (graph_.origin(maps[i].input) != graph_.origin(maps[0].input)) {
      return at(maps[i].input, "queries, keys and values are maps of different rows");
    }
    const std::vector<long> rows = chained(heads[i], i == 0 ? shape.n_head : shape.n_kv_head);
    ATTNCERT_TRY(AffineMap map, planned_rows(maps[i], rows, name + names[i]));
    layer.projections.push_back(std::move(map));
  }
  ATTNCERT_TRY(layer.out, attention_output(name, out, mix, shape));
  network_.sublayers.emplace_back(std::move(layer));
  return ok();
}

// The output map, its inputs in the order of heads.
Result<AffineMap> OnnxImporter::attention_output(const std::string& name, const OnnxAffine& out,
                                                 const std::string& mix, const HeadShape& shape) {
  ATTNCERT_TRY(const Moved moved, graph_.moved(out.input));
  const long inner = shape.n_head * shape.d_head;
  const long tokens = inner == 0 ? 0 : static_cast<long>(moved.places.size()) / inner;
  std::vector<long> column_of(static_cast<std::size_t>(inner), -1);
  bool good = out.inputs == inner && moved.base == mix;
  for (std::size_t i = 0; good && i < moved.places.size(); ++i) {
    const long row = static_cast<long>(i) / inner;
    const long column = static_cast<long>(i) % inner;
    const long place = moved.places[i];
    const long head = place / (tokens * shape.d_head);
    const long coordinate = head * shape.d_head + place % shape.d_head;
    good = place / shape.d_head % tokens == row;
    long& known = column_of[static_cast<std::size_t>(coordinate)];
    good = good && (known == -1 || known == column);
    known = column;
  }
  if (!good) return at(out.input, "heads' outputs are not joined row by row");
  AffineMap result{name + ".out.weight", std::nullopt};
  const Graph& graph = graph_;
  const auto weight = [&graph, out, column_of]() -> Result<std::vector<double>> {
    ATTNCERT_TRY(const Value value, graph.value(out.weight));
    std::vector<double> values;
    for (long row = 0; row < out.outputs; ++row) {
      for (const long column : column_of) {
        values.push_back(value.values[static_cast<std::size_t>(
            out.out_in ? row * out.inputs + column : column * out.outputs + row)]);
      }
    }
    return values;
  };
  ATTNCERT_CHECK(plan(result.weight, {out.outputs, inner}, weight));
  if (out.bias.empty()) return result;
  ATTNCERT_TRY(result.bias, plan_vector(out.bias, name + ".out.bias"));
  return result;
}

}  // namespace attncert
