// Which sublayers there are; MLPs and linear maps.
#include <cmath>

#include "attncert/expression/zoo.hpp"
#include "attncert/model/approximate.hpp"
#include "attncert/statement/name.hpp"
#include "importer.hpp"

namespace attncert {
namespace {

bool is_elementwise(const std::string& name) {
  static const std::set<std::string> names{
      "Add",  "Sub",     "Mul",  "Div",        "Pow", "Max",  "Min",
      "Neg",  "Abs",     "Sqrt", "Reciprocal", "Exp", "Log",  "Erf",
      "Tanh", "Sigmoid", "Relu", "Mish",       "Elu", "Gelu", "Softplus"};
  return names.contains(name);
}

// Where activations are compared: closely around 0, where they bend.
std::vector<double> grid() {
  std::vector<double> points;
  for (int i = -800; i <= 800; ++i) points.push_back(i * 0.01);
  return points;
}

Result<bool> computes(const std::string& function, const std::vector<double>& points,
                      const std::vector<double>& values) {
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(function, builder));
  ApproxEvaluator evaluator(builder.program(), root);
  for (std::size_t i = 0; i < points.size(); ++i) {
    constexpr double tolerance = 2e-6;  // constants of fp32; gelu and gelu_tanh differ by 4.7e-4
    if (!(std::fabs(evaluator(points[i]) - values[i]) <= tolerance)) return false;
  }
  return true;
}

}  // namespace

// The sum that adds something to the stream.
Result<const onnx::NodeProto*> OnnxImporter::residual(const std::string& stream) const {
  const onnx::NodeProto* found = nullptr;
  for (const onnx::NodeProto* node : graph_.consumers(stream)) {
    if (node->op_type() != "Add" || !graph_.depends(node->input(0)) ||
        !graph_.depends(node->input(1))) {
      continue;
    }
    if (found != nullptr) return not_understood(*node, "a second sum with the same stream");
    found = node;
  }
  return found;
}

std::string OnnxImporter::name_for(const onnx::NodeProto& sum, const std::string& kind) const {
  const std::string& given = sum.name();  // our own exporter: NAME/Add_17
  const std::string name = given.substr(0, given.rfind('/'));
  const bool ours = graph_.metadata("attncert.names").has_value() && !name.empty();
  return ours ? name : std::to_string(network_.sublayers.size()) + "." + kind;
}

Status OnnxImporter::add_sublayer(const onnx::NodeProto& sum, const std::string& stream) {
  const bool first = graph_.origin(sum.input(0)) == stream;
  const std::string update = sum.input(first ? 1 : 0);
  ATTNCERT_TRY(const Moved kept, graph_.moved(sum.input(first ? 0 : 1)));
  if (!kept.in_order() || kept.shape != graph_.shape(sum.output(0))) {
    return not_understood(sum, "the stream is rearranged where something is added to it");
  }
  ATTNCERT_TRY(const std::optional<OnnxAffine> out, affine(update));
  if (!out || out->outputs != network_.d_model) {
    return at(graph_.origin(update), "what is added to the stream must be a linear map's output");
  }
  if (is_normed(out->input, stream)) return add_linear(name_for(sum, "linear"), *out, stream);
  const onnx::NodeProto* mixed = graph_.producer(graph_.origin(out->input));
  const bool attention = mixed != nullptr && mixed->op_type() == "MatMul" &&
                         graph_.depends(mixed->input(0)) && graph_.depends(mixed->input(1));
  if (attention) return add_attention(name_for(sum, "attn"), *out, stream);
  return add_mlp(name_for(sum, "mlp"), *out, stream);
}

Status OnnxImporter::add_linear(const std::string& name, const OnnxAffine& map,
                                const std::string& stream) {
  LinearSublayer layer;
  layer.name = name;
  layer.layout = map.out_in ? Layout::out_in : Layout::in_out;
  ATTNCERT_TRY(layer.norm, norm(map.input, stream, name + ".norm"));
  ATTNCERT_TRY(layer.map, planned(map, name + ".map", layer.layout));
  network_.sublayers.emplace_back(std::move(layer));
  return ok();
}

// The outputs of linear maps, rearranged or not, that a hidden vector is computed from, number by
// number.
Result<std::set<std::string>> OnnxImporter::leaves(const std::string& hidden) const {
  const std::string base = graph_.origin(hidden);
  ATTNCERT_TRY(const std::optional<OnnxAffine> map, affine(hidden));
  if (map) return std::set<std::string>{hidden};
  ATTNCERT_TRY(const Moved moved, graph_.moved(hidden));
  const onnx::NodeProto* node = graph_.producer(base);
  if (node == nullptr || !is_elementwise(node->op_type()) || !moved.in_order()) {
    return at(base, "expected an activation, number by number, of a linear map's output");
  }
  std::set<std::string> found;
  for (const std::string& input : node->input()) {
    if (input.empty()) continue;
    if (!graph_.depends(input)) {
      if (scalar_of(graph_, input)) continue;
      return at(base, "an activation with a constant for each neuron");
    }
    ATTNCERT_TRY(const std::set<std::string> more, leaves(input));
    found.insert(more.begin(), more.end());
  }
  return found;
}

Result<std::string> OnnxImporter::activation_between(const std::string& hidden,
                                                     const std::string& base,
                                                     const std::set<std::string>& read) const {
  const std::vector<double> points = grid();
  const Value given{{static_cast<long>(points.size())}, points, false};
  ValuesByName all;
  for (const std::string& one : read) {
    if (graph_.origin(one) == base) all[one] = given;
  }
  const auto found = graph_.run(graph_.origin(hidden), std::move(all));
  if (!found || found.value().size() != given.size()) {
    return at(graph_.origin(hidden), "this activation cannot be evaluated number by number");
  }
  const std::vector<double>& values = found.value().values;
  for (const char* name : {"relu", "silu", "gelu", "gelu_tanh", "quick_gelu", "sigmoid", "tanh",
                           "softplus", "mish", "elu"}) {
    ATTNCERT_TRY(const bool same, computes(name, points, values));
    if (same) return std::string(name);
  }
  const double at_one = values[900];  // x = 1: 1 / (1 + e^-K)
  if (at_one > 0 && at_one < 1) {
    ATTNCERT_TRY(const Rational slope, shortest_decimal(-std::log(1 / at_one - 1)));
    if (slope != 0) {
      ATTNCERT_TRY(std::string name, canonical_function("silu:k=" + to_string(slope)));
      ATTNCERT_TRY(const bool same, computes(name, points, values));
      if (same) return name;
    }
  }
  return at(graph_.origin(hidden), "this activation is none of " + zoo_names() + ", silu:k=K");
}

Status OnnxImporter::add_mlp(const std::string& name, const OnnxAffine& out,
                             const std::string& stream) {
  MlpSublayer layer;
  layer.name = name;
  layer.layout = Layout::out_in;
  layer.d_mlp = out.inputs;
  ATTNCERT_TRY(const std::set<std::string> read, leaves(out.input));
  std::set<std::string> bases;
  for (const std::string& one : read) bases.insert(graph_.origin(one));
  std::string scores = *bases.begin();
  std::string activated = out.input;
  std::string plain;
  if (bases.size() == 2) {
    const onnx::NodeProto* product = graph_.producer(graph_.origin(out.input));
    for (int i = 0; i < 2 && product->op_type() == "Mul" && plain.empty(); ++i) {
      if (bases.contains(graph_.origin(product->input(i)))) {
        plain = graph_.origin(product->input(i));
        activated = product->input(1 - i);
      }
    }
    scores = plain == scores ? *bases.rbegin() : scores;
  }
  if (bases.size() > 2 || (bases.size() == 2 && plain.empty())) {
    return at(graph_.origin(out.input), "an MLP of several linear maps that is no gate");
  }
  ATTNCERT_TRY(layer.activation, activation_between(activated, scores, read));
  ATTNCERT_TRY(const std::optional<OnnxAffine> map, affine(scores));
  ATTNCERT_TRY(layer.norm, norm(map->input, stream, name + ".norm"));
  if (map->outputs != layer.d_mlp) return at(scores, "the hidden vector has another width");
  if (plain.empty()) {
    ATTNCERT_TRY(layer.in, planned(*map, name + ".in", Layout::out_in));
  } else {
    ATTNCERT_TRY(const std::optional<OnnxAffine> other, affine(plain));
    if (graph_.origin(other->input) != graph_.origin(map->input)) {
      return at(plain, "gate and value are maps of different rows");
    }
    ATTNCERT_TRY(layer.gate, planned(*map, name + ".gate", Layout::out_in));
    ATTNCERT_TRY(layer.in, planned(*other, name + ".in", Layout::out_in));
  }
  ATTNCERT_TRY(layer.out, planned(out, name + ".out", Layout::out_in));
  network_.sublayers.emplace_back(std::move(layer));
  return ok();
}

}  // namespace attncert
