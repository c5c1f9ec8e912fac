#include "value.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace attncert {
namespace {

template <class T>
Status append_raw(const std::string& raw, std::vector<double>& values) {
  for (std::size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T one;
    std::memcpy(&one, raw.data() + at, sizeof one);
    values.push_back(static_cast<double>(one));
  }
  return ok();
}

template <class Field>
void append(const Field& field, std::vector<double>& values) {
  for (const auto one : field) values.push_back(static_cast<double>(one));
}

Status append_numbers(const onnx::TensorProto& tensor, std::vector<double>& values) {
  using Proto = onnx::TensorProto;
  const std::string& raw = tensor.raw_data();
  switch (tensor.data_type()) {
    case Proto::FLOAT: append(tensor.float_data(), values); return append_raw<float>(raw, values);
    case Proto::DOUBLE:
      append(tensor.double_data(), values);
      return append_raw<double>(raw, values);
    case Proto::INT64:
      append(tensor.int64_data(), values);
      return append_raw<std::int64_t>(raw, values);
    case Proto::INT32:
      append(tensor.int32_data(), values);
      return append_raw<std::int32_t>(raw, values);
    case Proto::BOOL:
    case Proto::UINT8:
      append(tensor.int32_data(), values);
      return append_raw<std::uint8_t>(raw, values);
    default:
      return fail(ErrorCode::OnnxUnsupported,
                  "tensor '" + tensor.name() + "' is of a type that is not read: FLOAT, DOUBLE, " +
                      "INT64, INT32, UINT8 and BOOL are");
  }
}

const Operators& operators() {
  static const Operators all = [] {
    Operators result;
    add_elementwise(result);
    add_movement(result);
    add_sums(result);
    return result;
  }();
  return all;
}

}  // namespace

long size_of(const std::vector<long>& shape) {
  long size = 1;
  for (const long extent : shape) size *= extent;
  return size;
}

Result<Value> decode(const onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    return fail(ErrorCode::OnnxUnsupported, "tensor '" + tensor.name() +
                                                "' is in an external file: save the model as one "
                                                "file, below 2 GiB");
  }
  Value value;
  value.integer = tensor.data_type() != onnx::TensorProto::FLOAT &&
                  tensor.data_type() != onnx::TensorProto::DOUBLE;
  double size = 1;
  for (const long extent : tensor.dims()) {
    value.shape.push_back(extent);
    size *= extent < 0 ? std::nan("") : static_cast<double>(extent);
  }
  ATTNCERT_CHECK(append_numbers(tensor, value.values));
  if (static_cast<double>(value.values.size()) == size) return value;
  return fail(ErrorCode::OnnxSyntax,
              "tensor '" + tensor.name() + "' has data that do not fit its shape");
}

const onnx::AttributeProto* attribute(const onnx::NodeProto& node, const char* name) {
  for (const auto& one : node.attribute()) {
    if (one.name() == name) return &one;
  }
  return nullptr;
}

long integer_of(const onnx::NodeProto& node, const char* name, long otherwise) {
  const auto* found = attribute(node, name);
  return found == nullptr ? otherwise : found->i();
}

double number_of(const onnx::NodeProto& node, const char* name, double otherwise) {
  const auto* found = attribute(node, name);
  return found == nullptr ? otherwise : static_cast<double>(found->f());
}

std::optional<std::vector<long>> integers_of(const onnx::NodeProto& node, const char* name) {
  const auto* found = attribute(node, name);
  if (found == nullptr) return std::nullopt;
  return std::vector<long>(found->ints().begin(), found->ints().end());
}

Error not_understood(const onnx::NodeProto& node, const std::string& why) {
  return fail(
      ErrorCode::OnnxUnsupported,
      "node '" + node.name().substr(0, 100) + "' (" + node.op_type().substr(0, 40) + ", output '" +
          (node.output_size() > 0 ? node.output(0).substr(0, 100) : std::string()) + "'): " + why);
}

Result<std::vector<Value>> evaluate(const onnx::NodeProto& node, const Operands& inputs) {
  const auto found = operators().find(node.op_type());
  if (found == operators().end() || !(node.domain().empty() || node.domain() == "ai.onnx")) {
    return not_understood(node, "the operator is not one that is read");
  }
  if (inputs.empty() ? found->first != "Constant" : inputs.front() == nullptr) {
    return not_understood(node, "its first input is missing");
  }
  return found->second(node, inputs);
}

Result<std::vector<long>> broadcast(const std::vector<long>& a, const std::vector<long>& b) {
  std::vector<long> shape(std::max(a.size(), b.size()), 1);
  for (const auto* one : {&a, &b}) {
    const std::size_t skipped = shape.size() - one->size();
    for (std::size_t i = 0; i < one->size(); ++i) {
      long& extent = shape[skipped + i];
      if (extent == 1) extent = (*one)[i];
      if ((*one)[i] != 1 && (*one)[i] != extent) {
        return fail(ErrorCode::OnnxUnsupported, "shapes do not fit each other");
      }
    }
  }
  return shape;
}

Value expanded(const Value& from, const std::vector<long>& shape) {
  if (from.shape == shape) return from;
  Value result{shape, {}, from.integer};
  const long size = size_of(shape);
  result.values.reserve(static_cast<std::size_t>(size));
  const std::size_t skipped = shape.size() - from.shape.size();
  for (long i = 0; i < size; ++i) {
    long rest = i;
    long place = 0;
    long stride = 1;
    for (std::size_t axis = shape.size(); axis-- > skipped;) {
      const long extent = from.shape[axis - skipped];
      if (extent != 1) place += stride * (rest % shape[axis]);
      stride *= extent;
      rest /= shape[axis];
    }
    result.values.push_back(from.values[static_cast<std::size_t>(place)]);
  }
  return result;
}

}  // namespace attncert
