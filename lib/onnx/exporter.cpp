// The parts of original models.
#include "exporter.hpp"

#include <cmath>
#include <numbers>

#include "attncert/expression/zoo.hpp"

namespace attncert {
namespace {

constexpr long kLastAxis = -1;

std::string row_mean(GraphWriter& graph, const std::string& x) {
  return graph.add("ReduceMean", {x}, {{"axes", std::vector<long>{kLastAxis}}, {"keepdims", 1L}});
}

// x / sqrt(mean of x^2 + epsilon): in two passes where x is centred first, since the variance as a
// difference of two means loses all digits of rows with a large mean.
std::string scaled_to_one(GraphWriter& graph, const std::string& x, const Rational& epsilon) {
  const std::string mean = row_mean(graph, graph.add("Mul", {x, x}));
  const std::string raised = graph.add("Add", {mean, graph.number(static_cast<double>(epsilon))});
  return graph.add("Div", {x, graph.add("Sqrt", {raised})});
}

std::string times_constant(GraphWriter& graph, const std::string& x, double factor) {
  return graph.add("Mul", {x, graph.number(factor)});
}

// x (1 + s) / 2.
std::string half_sum(GraphWriter& graph, const std::string& x, const std::string& s) {
  const std::string product = graph.add("Mul", {x, graph.add("Add", {s, graph.number(1)})});
  return times_constant(graph, product, 0.5);
}

std::string gelu_tanh(GraphWriter& graph, const std::string& z) {
  const std::string cube = graph.add("Mul", {graph.add("Mul", {z, z}), z});
  const std::string inner = graph.add("Add", {z, times_constant(graph, cube, 0.044715)});
  const double factor = std::sqrt(2 / std::numbers::pi);
  return half_sum(graph, z, graph.add("Tanh", {times_constant(graph, inner, factor)}));
}

}  // namespace

void Exporter::start(const std::string& stream, bool is_augmented) {
  start_ = stream;
  augmented_ = is_augmented;
}

Result<std::string> Exporter::tensor(const std::string& name, const std::vector<long>& shape) {
  const TensorFile& file = model_.weights;
  if (const auto* stored = file.shape_of(name); stored == nullptr || *stored != shape) {
    return file.read(name, shape).error();  // names both shapes
  }
  return graph_.weight(name, shape, [&file, name, shape]() -> Result<std::vector<double>> {
    ATTNCERT_TRY(Tensor read, file.read(name, shape));
    return std::move(read.values);
  });
}

Result<std::string> Exporter::affine(const std::string& x, const AffineMap& map, Layout layout,
                                     long outputs, long inputs) {
  const bool turned = layout == Layout::out_in;
  const std::vector<long> shape =
      turned ? std::vector<long>{outputs, inputs} : std::vector<long>{inputs, outputs};
  ATTNCERT_TRY(const std::string weight, tensor(map.weight, shape));
  GraphWriter::Names operands{x, weight};
  if (map.bias) {
    ATTNCERT_TRY(const std::string bias, tensor(*map.bias, {outputs}));
    operands.push_back(bias);
  }
  return graph_.add("Gemm", operands, {{"transB", turned ? 1L : 0L}});
}

Result<std::string> Exporter::norm(const std::string& x, const Norm& norm) {
  if (norm.kind == "none") return x;
  std::string y = x;
  if (norm.kind != "rms-norm") y = graph_.add("Sub", {y, row_mean(graph_, y)});
  if (norm.kind != "mean-norm") y = scaled_to_one(graph_, y, norm.epsilon);
  ATTNCERT_TRY(const std::string weight, tensor(norm.weight, {model_.network.d_model}));
  y = graph_.add("Mul", {y, weight});
  if (!norm.bias) return y;
  ATTNCERT_TRY(const std::string bias, tensor(*norm.bias, {model_.network.d_model}));
  return graph_.add("Add", {y, bias});
}

Result<std::string> Exporter::activation(const std::string& z, const std::string& function) {
  const auto gated_by = [&](const std::string& s) { return graph_.add("Mul", {z, s}); };
  const auto sigmoid_of = [&](double slope) {
    return graph_.add("Sigmoid", {slope == 1 ? z : times_constant(graph_, z, slope)});
  };
  constexpr std::string_view silu = "silu:k=";
  if (function == "relu") return graph_.add("Relu", {z});
  if (function == "sigmoid") return sigmoid_of(1);
  if (function == "tanh") return graph_.add("Tanh", {z});
  if (function == "softplus") return graph_.add("Softplus", {z});
  if (function == "elu") return graph_.add("Elu", {z}, {{"alpha", 1.0}});
  if (function == "silu") return gated_by(sigmoid_of(1));
  if (function == "quick_gelu") return gated_by(sigmoid_of(1.702));
  if (function == "mish") return gated_by(graph_.add("Tanh", {graph_.add("Softplus", {z})}));
  if (function == "gelu_tanh") return gelu_tanh(graph_, z);
  if (function == "gelu") {
    return half_sum(graph_, z, graph_.add("Erf", {times_constant(graph_, z, 1 / std::sqrt(2.0))}));
  }
  if (function.starts_with(silu)) {
    ATTNCERT_TRY(const Rational slope, parse_rational(function.substr(silu.size())));
    return gated_by(sigmoid_of(static_cast<double>(slope)));
  }
  return fail(ErrorCode::OnnxUnsupported, "activation '" + function.substr(0, 60) +
                                              "' is not written as ONNX: " + zoo_names() +
                                              " and silu:k=K are");
}

Result<std::string> Exporter::of(const std::string& stream, const MlpSublayer& layer) {
  const long width = model_.network.d_model;
  ATTNCERT_TRY(const std::string x, norm(stream, layer.norm));
  ATTNCERT_TRY(std::string hidden, affine(x, layer.in, layer.layout, layer.d_mlp, width));
  if (layer.gate) {
    ATTNCERT_TRY(std::string gate, affine(x, *layer.gate, layer.layout, layer.d_mlp, width));
    ATTNCERT_TRY(gate, activation(gate, layer.activation));
    hidden = graph_.add("Mul", {gate, hidden});
  } else {
    ATTNCERT_TRY(hidden, activation(hidden, layer.activation));
  }
  return affine(hidden, layer.out, layer.layout, width, layer.d_mlp);
}

Result<std::string> Exporter::of(const std::string& stream, const LinearSublayer& layer) {
  const long width = model_.network.d_model;
  ATTNCERT_TRY(const std::string x, norm(stream, layer.norm));
  return affine(x, layer.map, layer.layout, width, width);
}

Result<std::string> Exporter::update(const std::string& stream, const Sublayer& sublayer) {
  return std::visit([&](const auto& layer) { return of(stream, layer); }, sublayer);
}

}  // namespace attncert
