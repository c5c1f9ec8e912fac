// Affine maps and norms.
#include <charconv>
#include <cmath>
#include <random>

#include "importer.hpp"

namespace attncert {
namespace {

// Gain and shift of one probe: numbers agree up to what constants of fp32 change.
bool close(double a, double b) {
  return std::fabs(a - b) <= 1e-5 * std::max({1.0, std::fabs(a), std::fabs(b)});
}

bool is_norm_operator(const std::string& name) {
  static const std::set<std::string> names{
      "Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "ReduceMean", "Reciprocal", "LayerNormalization"};
  return names.contains(name);
}

// The values of the stream, rearranged or not, that a norm's nodes read; nullopt where others are.
void collect_bases(const Graph& graph, const std::string& value, const std::string& stream,
                   std::set<std::string>& bases, std::set<std::string>& seen, bool& good) {
  if (!graph.depends(value) || !seen.insert(value).second) return;
  if (graph.origin(value) == stream) {
    bases.insert(value);
    return;
  }
  const onnx::NodeProto* node = graph.producer(value);
  if (node == nullptr || !(is_norm_operator(node->op_type()) || is_movement(*node))) {
    good = false;
    return;
  }
  for (const std::string& input : node->input()) {
    collect_bases(graph, input, stream, bases, seen, good);
  }
}

// (outputs) or (1, outputs), ...
bool is_vector(const std::vector<long>& shape, long size) {
  return size_of(shape) == size && (!shape.empty() && shape.back() == size);
}

std::vector<double> expected(const std::vector<double>& row, const std::string& kind,
                             double epsilon) {
  double mean = 0;
  double square = 0;
  const auto count = static_cast<double>(row.size());
  for (const double x : row) mean += x / count;
  if (kind == "rms-norm") mean = 0;
  for (const double x : row) square += (x - mean) * (x - mean) / count;
  std::vector<double> result;
  for (const double x : row) {
    result.push_back(kind == "mean-norm" ? x - mean : (x - mean) / std::sqrt(square + epsilon));
  }
  return result;
}

}  // namespace

Result<Rational> shortest_decimal(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr;
  return parse_rational(std::string_view(text, static_cast<std::size_t>(end - text)));
}

std::optional<double> scalar_of(const Graph& graph, const std::string& constant) {
  if (graph.depends(constant) || size_of(graph.shape(constant)) != 1) return std::nullopt;
  const auto value = graph.value(constant);
  if (!value || value.value().size() != 1) return std::nullopt;
  return value.value().values.front();
}

Error OnnxImporter::at(const std::string& value, const std::string& why) const {
  if (const onnx::NodeProto* node = graph_.producer(value)) return not_understood(*node, why);
  return fail(ErrorCode::OnnxUnsupported, "value '" + value.substr(0, 100) + "': " + why);
}

// Gemm, MatMul by a constant, either plus a constant vector; rearrangements that keep the order in
// between.
Result<std::optional<OnnxAffine>> OnnxImporter::affine(const std::string& value) const {
  const std::optional<OnnxAffine> none;
  ATTNCERT_TRY(const Moved moved, graph_.moved(value));
  const onnx::NodeProto* node = graph_.producer(moved.base);
  if (node == nullptr || !graph_.depends(moved.base) || !moved.in_order()) return none;
  const bool product = node->op_type() == "Gemm" || node->op_type() == "MatMul";
  if (product && (graph_.depends(node->input(1)) || !graph_.depends(node->input(0)))) return none;
  if (product) {
    OnnxAffine map{node->input(0), node->input(1), false, "", 0, 0};
    map.out_in = node->op_type() == "Gemm" && integer_of(*node, "transB", 0) != 0;
    if (node->input_size() > 2) map.bias = node->input(2);
    const std::vector<long> shape = graph_.shape(map.weight);
    if (shape.size() != 2) return none;
    map.inputs = shape[map.out_in ? 1 : 0];
    map.outputs = shape[map.out_in ? 0 : 1];
    return std::optional(map);
  }
  const std::string bias = node->op_type() == "Add" ? graph_.constant_operand(*node) : "";
  if (bias.empty()) return none;
  ATTNCERT_TRY(std::optional<OnnxAffine> inner, affine(graph_.only_dependent(*node)));
  if (!inner || !inner->bias.empty() || !is_vector(graph_.shape(bias), inner->outputs)) return none;
  inner->bias = bias;
  return inner;
}

bool OnnxImporter::is_normed(const std::string& value, const std::string& stream) const {
  std::set<std::string> bases;
  std::set<std::string> seen;
  bool good = true;
  collect_bases(graph_, value, stream, bases, seen, good);
  return good && !bases.empty();
}

// What lies between the stream and gain and shift: run on two rows that tell.
Status OnnxImporter::probe(const std::string& core, const std::set<std::string>& bases,
                           Norm& norm) const {
  const std::vector<long> shape = graph_.shape(*bases.begin());
  const auto width = static_cast<std::size_t>(network_.d_model);
  const auto run = [&](const std::vector<double>& row) -> Result<Value> {
    Value rows{shape, {}, false};
    while (rows.size() < size_of(shape))
      rows.values.insert(rows.values.end(), row.begin(), row.end());
    ValuesByName given;
    for (const std::string& base : bases) given[base] = rows;
    return graph_.run(core, std::move(given));
  };
  constexpr double small = 1e-6;
  std::vector<double> tiny(width);
  for (std::size_t i = 0; i + 1 < width; ++i) tiny[i] = small * (i % 2 == 0 ? 1 : -1);
  if (width % 2 == 0) tiny[width - 1] = -small;
  if (width % 2 == 1) tiny[width - 1] = 0;
  const double square =
      small * small * static_cast<double>(width - width % 2) / static_cast<double>(width);
  ATTNCERT_TRY(const Value answer, run(tiny));
  const double ratio = tiny.front() / answer.values.front();
  ATTNCERT_TRY(const Rational epsilon, shortest_decimal(ratio * ratio - square));
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0.7, 1);
  std::vector<double> row(width);
  for (double& x : row) x = normal(random);
  ATTNCERT_TRY(const Value found, run(row));
  for (const std::string kind : {"layer-norm", "rms-norm", "mean-norm"}) {
    const auto wanted = expected(row, kind, static_cast<double>(epsilon));
    bool same = found.values.size() >= wanted.size();
    for (std::size_t i = 0; same && i < wanted.size(); ++i)
      same = close(found.values[i], wanted[i]);
    if (!same || (kind != "mean-norm" && epsilon <= 0)) continue;
    norm.kind = kind;
    norm.epsilon = kind == "mean-norm" ? Rational(0) : epsilon;
    return ok();
  }
  return at(core, "this norm is none of layer-norm, rms-norm and mean-norm over the last axis");
}

Result<Norm> OnnxImporter::norm(const std::string& value, const std::string& stream,
                                const std::string& name, bool* first_row) {
  std::set<std::string> bases;
  std::set<std::string> seen;
  bool good = true;
  collect_bases(graph_, value, stream, bases, seen, good);
  if (!good || bases.empty()) return at(value, "no norm of the stream");
  for (const std::string& base : bases) {
    ATTNCERT_TRY(const Moved moved, graph_.moved(base));
    const bool all = moved.places.size() == static_cast<std::size_t>(size_of(graph_.shape(stream)));
    const bool first = moved.places.size() == static_cast<std::size_t>(network_.d_model);
    if (!moved.in_order() || !(all || (first && first_row != nullptr))) {
      return at(base, "the stream is rearranged before a norm");
    }
    if (!all) *first_row = true;
  }
  Norm result{"none", 0, "", std::nullopt};
  std::string core = graph_.origin(value);
  if (core == stream) return result;
  const onnx::NodeProto* node = graph_.producer(core);
  const auto vector_operand = [&](const char* op) {
    const std::string found =
        node != nullptr && node->op_type() == op ? graph_.constant_operand(*node) : "";
    return !found.empty() && is_vector(graph_.shape(found), network_.d_model) ? found
                                                                              : std::string();
  };
  std::string gain;
  std::string shift = vector_operand("Add");
  if (!shift.empty()) {
    core = graph_.origin(graph_.only_dependent(*node));
    node = graph_.producer(core);
  }
  gain = vector_operand("Mul");
  if (!gain.empty()) core = graph_.origin(graph_.only_dependent(*node));
  if (gain.empty() && shift.empty() && node != nullptr && node->op_type() == "LayerNormalization") {
    ATTNCERT_TRY(result.epsilon, shortest_decimal(number_of(*node, "epsilon", 1e-5F)));
    result.kind = "layer-norm";
    gain = node->input(1);
    if (node->input_size() > 2) shift = node->input(2);
  } else {
    ATTNCERT_CHECK(probe(core, bases, result));
  }
  if (gain.empty()) {
    result.weight = name + ".weight";
    const auto width = static_cast<std::size_t>(network_.d_model);
    ATTNCERT_CHECK(
        plan(result.weight, {network_.d_model},
             [width]() -> Result<std::vector<double>> { return std::vector(width, 1.0); }));
  } else {
    ATTNCERT_TRY(result.weight, plan_vector(gain, name + ".weight"));
  }
  if (shift.empty()) return result;
  ATTNCERT_TRY(result.bias, plan_vector(shift, name + ".bias"));
  return result;
}

Status OnnxImporter::plan(const std::string& name, const std::vector<long>& shape,
                          std::function<Result<std::vector<double>>()> values) {
  ATTNCERT_TRY(const std::vector<double> now, values());
  bool narrow = true;
  for (const double x : now) {
    if (!std::isfinite(x))
      return fail(ErrorCode::TensorNotFinite,
                  "tensor '" + name + "' has a number that is not finite");
    narrow = narrow && static_cast<double>(static_cast<float>(x)) == x;
  }
  return add_tensor(plan_, name,
                    {shape, narrow ? NumberType::f32 : NumberType::f64, std::move(values)});
}

Result<std::string> OnnxImporter::plan_vector(const std::string& constant,
                                              const std::string& name) {
  const Graph& graph = graph_;
  ATTNCERT_CHECK(plan(name, {size_of(graph_.shape(constant))},
                      [&graph, constant]() -> Result<std::vector<double>> {
                        ATTNCERT_TRY(Value value, graph.value(constant));
                        return std::move(value.values);
                      }));
  return name;
}

// The weight as it is stored where the layout fits, transposed otherwise.
Result<AffineMap> OnnxImporter::planned(const OnnxAffine& map, const std::string& name,
                                        Layout layout) {
  if ((layout == Layout::out_in) != map.out_in) {
    std::vector<long> all;
    for (long i = 0; i < map.outputs; ++i) all.push_back(i);
    if (layout == Layout::out_in) return planned_rows(map, all, name);
    return fail(ErrorCode::OnnxUnsupported, "layouts of '" + name + "' differ");
  }
  AffineMap result{name + ".weight", std::nullopt};
  const Graph& graph = graph_;
  ATTNCERT_CHECK(
      plan(result.weight, graph_.shape(map.weight), [&graph, map]() -> Result<std::vector<double>> {
        ATTNCERT_TRY(Value value, graph.value(map.weight));
        return std::move(value.values);
      }));
  if (map.bias.empty()) return result;
  ATTNCERT_TRY(result.bias, plan_vector(map.bias, name + ".bias"));
  return result;
}

// Some outputs of a map, as rows: (outputs, inputs).
Result<AffineMap> OnnxImporter::planned_rows(const OnnxAffine& map,
                                             const std::vector<long>& outputs,
                                             const std::string& name) {
  AffineMap result{name + ".weight", std::nullopt};
  const Graph& graph = graph_;
  const auto count = static_cast<long>(outputs.size());
  const auto rows = [&graph, map, outputs]() -> Result<std::vector<double>> {
    ATTNCERT_TRY(const Value value, graph.value(map.weight));
    std::vector<double> values;
    for (const long output : outputs) {
      for (long i = 0; i < map.inputs; ++i) {
        values.push_back(value.values[static_cast<std::size_t>(
            map.out_in ? output * map.inputs + i : i * map.outputs + output)]);
      }
    }
    return values;
  };
  ATTNCERT_CHECK(plan(result.weight, {count, map.inputs}, rows));
  if (map.bias.empty()) return result;
  const auto some = [&graph, map, outputs]() -> Result<std::vector<double>> {
    ATTNCERT_TRY(const Value value, graph.value(map.bias));
    std::vector<double> values;
    for (const long output : outputs)
      values.push_back(value.values[static_cast<std::size_t>(output)]);
    return values;
  };
  result.bias = name + ".bias";
  ATTNCERT_CHECK(plan(*result.bias, {count}, some));
  return result;
}

}  // namespace attncert
