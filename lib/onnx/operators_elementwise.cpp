#include <cmath>
#include <numbers>

#include "value.hpp"

namespace attncert {
namespace {

using Results = Result<std::vector<Value>>;
using Unary = double (*)(double);
using Binary = double (*)(double, double);

std::vector<Value> one(Value value) {
  std::vector<Value> values;
  values.push_back(std::move(value));
  return values;
}

Operator unary(Unary function) {
  return [function](const onnx::NodeProto&, const Operands& inputs) -> Results {
    Value result = *inputs[0];
    for (double& x : result.values) x = function(x);
    return one(std::move(result));
  };
}

enum class Kind { same, truth };

Operator binary(Binary function, Kind kind = Kind::same) {
  return [function, kind](const onnx::NodeProto& node, const Operands& inputs) -> Results {
    if (inputs.size() != 2 || inputs[1] == nullptr)
      return not_understood(node, "two inputs needed");
    auto shape = broadcast(inputs[0]->shape, inputs[1]->shape);
    if (!shape) return not_understood(node, shape.error().message);
    Value result = expanded(*inputs[0], shape.value());
    const Value other = expanded(*inputs[1], shape.value());
    result.integer = kind == Kind::truth || (inputs[0]->integer && inputs[1]->integer);
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      result.values[i] = function(result.values[i], other.values[i]);
    }
    return one(std::move(result));
  };
}

Results divide(const onnx::NodeProto& node, const Operands& inputs) {
  static const Operator exact = binary([](double a, double b) { return a / b; });
  ATTNCERT_TRY(std::vector<Value> result, exact(node, inputs));
  if (!result[0].integer) return result;
  for (double& x : result[0].values) x = std::trunc(x);
  return result;
}

Results where(const onnx::NodeProto& node, const Operands& inputs) {
  if (inputs.size() != 3 || inputs[1] == nullptr || inputs[2] == nullptr) {
    return not_understood(node, "three inputs needed");
  }
  auto both = broadcast(inputs[1]->shape, inputs[2]->shape);
  if (!both) return not_understood(node, both.error().message);
  auto shape = broadcast(both.value(), inputs[0]->shape);
  if (!shape) return not_understood(node, shape.error().message);
  const Value condition = expanded(*inputs[0], shape.value());
  Value result = expanded(*inputs[1], shape.value());
  const Value other = expanded(*inputs[2], shape.value());
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    if (condition.values[i] == 0) result.values[i] = other.values[i];
  }
  return one(std::move(result));
}

Results cast(const onnx::NodeProto& node, const Operands& inputs) {
  Value result = *inputs[0];
  const long type = integer_of(node, "to", 0);
  const bool real = type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE;
  if (!real && type != onnx::TensorProto::INT64 && type != onnx::TensorProto::INT32 &&
      type != onnx::TensorProto::BOOL) {
    return not_understood(node, "casts to this type are not read");
  }
  for (double& x : result.values) {
    if (type == onnx::TensorProto::BOOL) x = x != 0 ? 1 : 0;
    if (!real) x = std::trunc(x);
  }
  result.integer = !real;
  return one(std::move(result));
}

double half_gelu(double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); }

double tanh_gelu(double x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

Results gelu(const onnx::NodeProto& node, const Operands& inputs) {
  const auto* how = attribute(node, "approximate");
  const bool tanh = how != nullptr && how->s() == "tanh";
  return unary(tanh ? tanh_gelu : half_gelu)(node, inputs);
}

Results elu(const onnx::NodeProto& node, const Operands& inputs) {
  if (number_of(node, "alpha", 1) != 1) return not_understood(node, "its alpha is not 1");
  return unary([](double x) { return x > 0 ? x : std::expm1(x); })(node, inputs);
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

void add_elementwise(Operators& operators) {
  operators["Add"] = binary([](double a, double b) { return a + b; });
  operators["Sub"] = binary([](double a, double b) { return a - b; });
  operators["Mul"] = binary([](double a, double b) { return a * b; });
  operators["Div"] = divide;
  operators["Pow"] = binary([](double a, double b) { return std::pow(a, b); });
  operators["Max"] = binary([](double a, double b) { return std::max(a, b); });
  operators["Min"] = binary([](double a, double b) { return std::min(a, b); });
  operators["Equal"] = binary([](double a, double b) { return double(a == b); }, Kind::truth);
  operators["Less"] = binary([](double a, double b) { return double(a < b); }, Kind::truth);
  operators["LessOrEqual"] = binary([](double a, double b) { return double(a <= b); }, Kind::truth);
  operators["Greater"] = binary([](double a, double b) { return double(a > b); }, Kind::truth);
  operators["GreaterOrEqual"] =
      binary([](double a, double b) { return double(a >= b); }, Kind::truth);
  operators["And"] = binary([](double a, double b) { return double(a != 0 && b != 0); });
  operators["Or"] = binary([](double a, double b) { return double(a != 0 || b != 0); });
  operators["Not"] = unary([](double a) { return double(a == 0); });
  operators["Neg"] = unary([](double a) { return -a; });
  operators["Abs"] = unary([](double a) { return std::fabs(a); });
  operators["Sqrt"] = unary([](double a) { return std::sqrt(a); });
  operators["Reciprocal"] = unary([](double a) { return 1 / a; });
  operators["Exp"] = unary([](double a) { return std::exp(a); });
  operators["Log"] = unary([](double a) { return std::log(a); });
  operators["Erf"] = unary([](double a) { return std::erf(a); });
  operators["Tanh"] = unary([](double a) { return std::tanh(a); });
  operators["Sigmoid"] = unary(sigmoid);
  operators["Softplus"] = unary(softplus);
  operators["Relu"] = unary([](double a) { return std::max(a, 0.0); });
  operators["Mish"] = unary([](double a) { return a * std::tanh(softplus(a)); });
  operators["Elu"] = elu;
  operators["Gelu"] = gelu;
  operators["Where"] = where;
  operators["Cast"] = cast;
}

}  // namespace attncert
