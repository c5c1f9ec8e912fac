// Attention: scores, mask, softmax, weighted values; of original models and of token heads.
#include <cmath>
#include <limits>

#include "attncert/expression/zoo.hpp"
#include "attncert/model/approximate.hpp"
#include "exporter.hpp"

namespace attncert {
namespace {

using Longs = std::vector<long>;

// Row by row cos or sin of the angles by which pairs are turned: (count, d_head).
std::vector<double> turns(const HeadShape& shape, long count, bool cosine) {
  const long pairs = shape.d_head / 2;
  const auto base = static_cast<double>(shape.rotary->base);
  std::vector<double> values;
  for (long i = 0; i < count; ++i) {
    for (long k = 0; k < shape.d_head; ++k) {
      const long pair = shape.rotary->interleaved ? k / 2 : k % pairs;
      const double angle =
          static_cast<double>(i) *
          std::pow(base, -2.0 * static_cast<double>(pair) / static_cast<double>(shape.d_head));
      values.push_back(cosine ? std::cos(angle) : std::sin(angle));
    }
  }
  return values;
}

// x times this is x with every pair (a, b) replaced by (-b, a).
std::vector<double> quarter_turn(const HeadShape& shape) {
  const long size = shape.d_head;
  std::vector<double> matrix(static_cast<std::size_t>(size * size));
  for (long p = 0; p < size / 2; ++p) {
    const long first = shape.rotary->interleaved ? 2 * p : p;
    const long second = shape.rotary->interleaved ? 2 * p + 1 : p + size / 2;
    matrix[static_cast<std::size_t>(second * size + first)] = -1;
    matrix[static_cast<std::size_t>(first * size + second)] = 1;
  }
  return matrix;
}

}  // namespace

Result<double> constant_of(const std::string& text) {
  if (!text.starts_with("(")) {
    ATTNCERT_TRY(const Rational number, parse_rational(text));
    return static_cast<double>(number);
  }
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(text, builder));
  return ApproxEvaluator(builder.program(), root)(0);
}

Result<double> scale_of(const std::string& text) {
  if (text == "1") return 1.0;
  constexpr std::size_t prefix = std::string_view("rsqrt(").size();
  ATTNCERT_TRY(const Rational n, parse_rational(text.substr(prefix, text.size() - prefix - 1)));
  return 1 / std::sqrt(static_cast<double>(n));
}

std::string Exporter::count() {
  std::string& name = shared_["count"];
  if (name.empty()) {
    const std::string shape = graph_.add("Shape", {start_});
    name = graph_.add("Gather", {shape, graph_.integer(0)}, {{"axis", 0L}});
  }
  return name;
}

std::string Exporter::positions() {
  std::string& name = shared_["positions"];
  if (name.empty()) {
    name = graph_.add("Range", {graph_.integer(0), count(), graph_.integer(1)});
  }
  return name;
}

// Allowed pairs: "causal", j <= i; "full", all; "self", j = i. In the augmented stream the last
// token, the bias token, sees itself only and is seen by itself only.
std::string Exporter::mask(const std::string& kind) {
  if (const auto found = shared_.find("mask " + kind); found != shared_.end()) return found->second;
  const auto row_and_column = [this](const std::string& flat) {
    return std::pair(graph_.add("Unsqueeze", {flat, graph_.integers({1})}),
                     graph_.add("Unsqueeze", {flat, graph_.integers({0})}));
  };
  const auto places = row_and_column(positions());
  std::string allowed;
  if (kind != "full") {
    allowed = graph_.add(kind == "self" ? "Equal" : "LessOrEqual", {places.second, places.first});
  }
  if (augmented_ && kind != "self") {
    const std::string last = graph_.add("Sub", {count(), graph_.integer(1)});
    const auto bias =
        row_and_column(graph_.add("Cast", {graph_.add("Equal", {positions(), last})},
                                  {{"to", static_cast<long>(onnx::TensorProto::INT64)}}));
    const std::string alike = graph_.add("Equal", {bias.first, bias.second});
    allowed = allowed.empty() ? alike : graph_.add("And", {allowed, alike});
  }
  if (allowed.empty()) return "";
  const double never = -std::numeric_limits<double>::infinity();
  return shared_["mask " + kind] =
             graph_.add("Where", {allowed, graph_.number(0), graph_.number(never)});
}

std::string Exporter::by_heads(const std::string& x, long heads, long d_head) {
  return graph_.add("Reshape", {x, graph_.integers({0, heads, d_head})});
}

// x cos + (quarter turn of x) sin, for (heads, tokens, d_head).
Result<std::string> Exporter::rotated(const std::string& heads, const HeadShape& shape) {
  const auto context = context_of(model_.network);
  if (!context) {
    return fail(ErrorCode::OnnxUnsupported,
                "rotary positions are written as ONNX for networks with a context only");
  }
  const auto table = [&](bool cosine) {
    const Longs extents{*context + 1, shape.d_head};
    const std::string all = graph_.vector(turns(shape, *context + 1, cosine), extents);
    const std::string end = graph_.add("Unsqueeze", {count(), graph_.integers({0})});
    return graph_.add("Slice", {all, graph_.integers({0}), end, graph_.integers({0})});
  };
  const std::string quarter = graph_.vector(quarter_turn(shape), {shape.d_head, shape.d_head});
  const std::string kept = graph_.add("Mul", {heads, table(true)});
  const std::string turned =
      graph_.add("Mul", {graph_.add("MatMul", {heads, quarter}), table(false)});
  return graph_.add("Add", {kept, turned});
}

Result<std::string> Exporter::mix(std::string query, std::string key, const std::string& value,
                                  const HeadShape& shape, const std::string& added) {
  const auto heads_first = [&](const std::string& x, long heads) {
    return graph_.add("Transpose", {by_heads(x, heads, shape.d_head)}, {{"perm", Longs{1, 0, 2}}});
  };
  const auto shared = [&](const std::string& x) {
    if (shape.n_kv_head == shape.n_head) return x;
    Longs which;
    for (long h = 0; h < shape.n_head; ++h) which.push_back(h * shape.n_kv_head / shape.n_head);
    return graph_.add("Gather", {x, graph_.integers(which)}, {{"axis", 0L}});
  };
  query = heads_first(query, shape.n_head);
  key = heads_first(key, shape.n_kv_head);
  if (shape.rotary) {
    ATTNCERT_TRY(query, rotated(query, shape));
    ATTNCERT_TRY(key, rotated(key, shape));
  }
  const std::string turned = graph_.add("Transpose", {shared(key)}, {{"perm", Longs{0, 2, 1}}});
  std::string scores = graph_.add("MatMul", {query, turned});
  ATTNCERT_TRY(const double scale, scale_of(shape.scale));
  if (scale != 1) scores = graph_.add("Mul", {scores, graph_.number(scale)});
  if (!added.empty()) scores = graph_.add("Add", {scores, added});
  const std::string weights = graph_.add("Softmax", {scores}, {{"axis", -1L}});
  const std::string mixed =
      graph_.add("MatMul", {weights, shared(heads_first(value, shape.n_kv_head))});
  const std::string rows = graph_.add("Transpose", {mixed}, {{"perm", Longs{1, 0, 2}}});
  return graph_.add("Reshape", {rows, graph_.integers({0, shape.n_head * shape.d_head})});
}

Result<std::string> Exporter::of(const std::string& stream, const AttentionSublayer& layer) {
  const HeadShape& shape = layer.shape;
  const long width = model_.network.d_model;
  const long inner = shape.n_head * shape.d_head;
  const long shared = shape.n_kv_head * shape.d_head;
  ATTNCERT_TRY(const std::string x, norm(stream, layer.norm));
  GraphWriter::Names parts;
  if (layer.projections.size() == 1) {
    ATTNCERT_TRY(const std::string all,
                 affine(x, layer.projections[0], layer.layout, 3 * inner, width));
    parts = graph_.add_several("Split", {all, graph_.integers({inner, inner, inner})}, 3,
                               {{"axis", -1L}});
  } else {
    for (std::size_t i = 0; i < 3; ++i) {
      ATTNCERT_TRY(std::string part,
                   affine(x, layer.projections[i], layer.layout, i == 0 ? inner : shared, width));
      parts.push_back(std::move(part));
    }
  }
  ATTNCERT_TRY(const std::string mixed, mix(parts[0], parts[1], parts[2], shape, mask(shape.mask)));
  return affine(mixed, layer.out, layer.layout, width, inner);
}

}  // namespace attncert
