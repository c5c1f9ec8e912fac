// Values of a graph at one length of the sequence, and what operators make of them, in fp64
// (private to the module).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attncert/core/result.hpp"
#include "proto.hpp"

namespace attncert {

/// A dense tensor; integers and truth values are numbers too.
struct Value {
  std::vector<long> shape;
  std::vector<double> values;
  bool integer = false;

  long size() const { return static_cast<long>(values.size()); }
  long extent(long axis) const {
    const auto rank = static_cast<long>(shape.size());
    return shape[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)];
  }
};

long size_of(const std::vector<long>& shape);

/// Reads an initializer or a constant. Errors OnnxUnsupported: external data, other types;
/// OnnxSyntax: data that do not fit the shape
Result<Value> decode(const onnx::TensorProto& tensor);

/// Attributes of a node, with defaults.
const onnx::AttributeProto* attribute(const onnx::NodeProto& node, const char* name);
long integer_of(const onnx::NodeProto& node, const char* name, long otherwise);
double number_of(const onnx::NodeProto& node, const char* name, double otherwise);
std::optional<std::vector<long>> integers_of(const onnx::NodeProto& node, const char* name);

/// Operands of a node; nullptr where one is left out.
using Operands = std::vector<const Value*>;
using Operator =
    std::function<Result<std::vector<Value>>(const onnx::NodeProto& node, const Operands& inputs)>;
using Operators = std::map<std::string, Operator>;

void add_elementwise(Operators& operators);
void add_movement(Operators& operators);
void add_sums(Operators& operators);

/// Errors   OnnxUnsupported: an unknown operator, or inputs it cannot take; the node is named
Result<std::vector<Value>> evaluate(const onnx::NodeProto& node, const Operands& inputs);

/// One line that names a node.
Error not_understood(const onnx::NodeProto& node, const std::string& why);

/// Calls with the places of result, a and b, element by element, shapes broadcast as numpy does.
Result<std::vector<long>> broadcast(const std::vector<long>& a, const std::vector<long>& b);
Value expanded(const Value& from, const std::vector<long>& shape);

}  // namespace attncert
