#include <algorithm>
#include <cmath>

#include "value.hpp"

namespace attncert {
namespace {

using Results = Result<std::vector<Value>>;
using Longs = std::vector<long>;

std::vector<Value> one(Value value) {
  std::vector<Value> values;
  values.push_back(std::move(value));
  return values;
}

// c += a b for the rows of one product.
void multiply(const double* a, const double* b, double* c, long rows, long inner, long columns) {
  for (long i = 0; i < rows; ++i) {
    for (long k = 0; k < inner; ++k) {
      const double factor = a[i * inner + k];
      for (long j = 0; j < columns; ++j) c[i * columns + j] += factor * b[k * columns + j];
    }
  }
}

Results matmul(const onnx::NodeProto& node, const Operands& inputs) {
  if (inputs.size() != 2 || inputs[1] == nullptr || inputs[0]->shape.size() < 2 ||
      inputs[1]->shape.size() < 2 || inputs[0]->extent(-1) != inputs[1]->extent(-2)) {
    return not_understood(node, "its inputs are not matrices that fit each other");
  }
  const Value& a = *inputs[0];
  const Value& b = *inputs[1];
  const Longs outer_a(a.shape.begin(), a.shape.end() - 2);
  const Longs outer_b(b.shape.begin(), b.shape.end() - 2);
  auto outer = broadcast(outer_a, outer_b);
  if (!outer) return not_understood(node, outer.error().message);
  const long rows = a.extent(-2);
  const long inner = a.extent(-1);
  const long columns = b.extent(-1);
  Value which_a{outer_a, {}, true};
  for (long i = 0; i < size_of(outer_a); ++i) which_a.values.push_back(static_cast<double>(i));
  Value which_b{outer_b, {}, true};
  for (long i = 0; i < size_of(outer_b); ++i) which_b.values.push_back(static_cast<double>(i));
  which_a = expanded(which_a, outer.value());
  which_b = expanded(which_b, outer.value());
  Value result{outer.value(), {}, false};
  result.shape.insert(result.shape.end(), {rows, columns});
  result.values.resize(static_cast<std::size_t>(size_of(result.shape)));
  for (std::size_t i = 0; i < which_a.values.size(); ++i) {
    multiply(a.values.data() + static_cast<long>(which_a.values[i]) * rows * inner,
             b.values.data() + static_cast<long>(which_b.values[i]) * inner * columns,
             result.values.data() + static_cast<long>(i) * rows * columns, rows, inner, columns);
  }
  return one(std::move(result));
}

Value transposed_matrix(const Value& from) {
  Value result{{from.shape[1], from.shape[0]}, {}, from.integer};
  result.values.reserve(from.values.size());
  for (long j = 0; j < from.shape[1]; ++j) {
    for (long i = 0; i < from.shape[0]; ++i) {
      result.values.push_back(from.values[static_cast<std::size_t>(i * from.shape[1] + j)]);
    }
  }
  return result;
}

Results gemm(const onnx::NodeProto& node, const Operands& inputs) {
  const bool plain = number_of(node, "alpha", 1) == 1 && number_of(node, "beta", 1) == 1 &&
                     integer_of(node, "transA", 0) == 0;
  if (!plain || inputs.size() < 2 || inputs[1] == nullptr || inputs[1]->shape.size() != 2) {
    return not_understood(node, "alpha, beta must be 1, and transA 0");
  }
  const bool turned = integer_of(node, "transB", 0) != 0;
  const Value weight = turned ? transposed_matrix(*inputs[1]) : Value();
  ATTNCERT_TRY(std::vector<Value> product, matmul(node, {inputs[0], turned ? &weight : inputs[1]}));
  if (inputs.size() < 3 || inputs[2] == nullptr) return product;
  const auto shape = broadcast(product[0].shape, inputs[2]->shape);
  if (!shape || shape.value() != product[0].shape)
    return not_understood(node, "its bias does not fit");
  const Value bias = expanded(*inputs[2], shape.value());
  for (std::size_t i = 0; i < bias.values.size(); ++i) product[0].values[i] += bias.values[i];
  return product;
}

bool last_axis_only(const Longs& axes, const Value& x) {
  return axes.size() == 1 && (axes[0] == -1 || axes[0] == static_cast<long>(x.shape.size()) - 1);
}

Results reduce_mean(const onnx::NodeProto& node, const Operands& inputs) {
  Longs axes = integers_of(node, "axes").value_or(Longs{});
  if (inputs.size() > 1 && inputs[1] != nullptr)
    axes.assign(inputs[1]->values.begin(), inputs[1]->values.end());
  const Value& x = *inputs[0];
  if (!last_axis_only(axes, x) || integer_of(node, "keepdims", 1) != 1) {
    return not_understood(node, "means are read over the last axis, which is kept");
  }
  Value result{x.shape, {}, false};
  const long columns = result.shape.back();
  result.shape.back() = 1;
  for (long i = 0; i + columns <= x.size(); i += columns) {
    double sum = 0;
    for (long k = 0; k < columns; ++k) sum += x.values[static_cast<std::size_t>(i + k)];
    result.values.push_back(sum / static_cast<double>(columns));
  }
  return one(std::move(result));
}

Results softmax(const onnx::NodeProto& node, const Operands& inputs) {
  Value result = *inputs[0];
  if (result.shape.empty() || !last_axis_only({integer_of(node, "axis", -1)}, result)) {
    return not_understood(node, "softmax is read over the last axis only");
  }
  const long columns = result.shape.back();
  for (long i = 0; columns > 0 && i < result.size(); i += columns) {
    const auto begin = result.values.begin() + i;
    const double greatest = *std::max_element(begin, begin + columns);
    double sum = 0;
    for (auto at = begin; at != begin + columns; ++at) sum += * at = std::exp(*at - greatest);
    for (auto at = begin; at != begin + columns; ++at) *at /= sum;
  }
  return one(std::move(result));
}

Results layer_norm(const onnx::NodeProto& node, const Operands& inputs) {
  Value result = *inputs[0];
  if (result.shape.empty() || !last_axis_only({integer_of(node, "axis", -1)}, result) ||
      inputs.size() < 2 || inputs[1] == nullptr || inputs[1]->size() != result.shape.back()) {
    return not_understood(node, "norms are read over the last axis only, with a weight");
  }
  const double epsilon = number_of(node, "epsilon", 1e-5F);
  const long columns = result.shape.back();
  const Value* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  if (bias != nullptr && bias->size() != columns)
    return not_understood(node, "its bias does not fit");
  for (long i = 0; columns > 0 && i < result.size(); i += columns) {
    double* row = result.values.data() + i;
    double mean = 0;
    for (long k = 0; k < columns; ++k) mean += row[k] / static_cast<double>(columns);
    double variance = 0;
    for (long k = 0; k < columns; ++k) {
      row[k] -= mean;
      variance += row[k] * row[k] / static_cast<double>(columns);
    }
    for (long k = 0; k < columns; ++k) {
      const auto place = static_cast<std::size_t>(k);
      row[k] *= inputs[1]->values[place] / std::sqrt(variance + epsilon);
      if (bias != nullptr) row[k] += bias->values[place];
    }
  }
  return one(std::move(result));
}

}  // namespace

void add_sums(Operators& operators) {
  operators["MatMul"] = matmul;
  operators["Gemm"] = gemm;
  operators["ReduceMean"] = reduce_mean;
  operators["Softmax"] = softmax;
  operators["LayerNormalization"] = layer_norm;
}

}  // namespace attncert
