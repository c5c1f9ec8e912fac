#include "graph_writer.hpp"

#include <cmath>
#include <cstring>

namespace attncert {
namespace {

constexpr int kOperatorSet = 17;
constexpr int kFormat = 8;                          // the first that has operator set 17
constexpr std::size_t kLargest = (1UL << 31U) - 1;  // what readers of protobuf take

// Field numbers of onnx.proto, all length-delimited.
constexpr char kGraph = (7 << 3) | 2;
constexpr char kInitializer = (5 << 3) | 2;
constexpr char kRawData = (9 << 3) | 2;

// A length-delimited field's beginning.
std::string field(char tag, std::size_t length) {
  std::string bytes(1, tag);
  for (; length >= 0x80; length >>= 7U)
    bytes.push_back(static_cast<char>((length & 0x7fU) | 0x80U));
  bytes.push_back(static_cast<char>(length));
  return bytes;
}

std::size_t field_size(std::size_t length) { return field('\0', length).size() + length; }

std::string raw_bytes(const std::vector<double>& values, NumberType type) {
  if (type == NumberType::f64) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
  }
  const std::vector<float> narrow(values.begin(), values.end());
  return {reinterpret_cast<const char*>(narrow.data()), narrow.size() * sizeof(float)};
}

int data_type(NumberType type) {
  return type == NumberType::f64 ? onnx::TensorProto::DOUBLE : onnx::TensorProto::FLOAT;
}

void fill(onnx::AttributeProto& attribute, const Attribute& from) {
  attribute.set_name(from.name);
  if (const auto* integer = std::get_if<long>(&from.value)) {
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(*integer);
  } else if (const auto* number = std::get_if<double>(&from.value)) {
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(static_cast<float>(*number));
  } else {
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const long one : std::get<std::vector<long>>(from.value)) attribute.add_ints(one);
  }
}

void fill(onnx::ValueInfoProto& info, const std::string& name, int type,
          const std::vector<GraphWriter::Extent>& shape) {
  info.set_name(name);
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  for (const auto& extent : shape) {
    auto* dimension = tensor->mutable_shape()->add_dim();
    if (extent.name.empty()) {
      dimension->set_dim_value(extent.size);
    } else {
      dimension->set_dim_param(extent.name);
    }
  }
}

}  // namespace

GraphWriter::GraphWriter(NumberType type) : type_(type) {
  model_.set_ir_version(kFormat);
  model_.set_producer_name("attncert");
  model_.add_opset_import()->set_version(kOperatorSet);
  graph_.set_name("model");
}

std::string GraphWriter::fresh(const std::string& stem) {
  return scope_ + "/" + stem + "_" + std::to_string(count_++);
}

GraphWriter::Names GraphWriter::add_several(const char* op, const Names& inputs, int outputs,
                                            const std::vector<Attribute>& how) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(fresh(op));
  for (const std::string& one : inputs) node.add_input(one);
  Names names;
  for (int i = 0; i < outputs; ++i) {
    names.push_back(node.name() + (i == 0 ? "" : "." + std::to_string(i)));
    node.add_output(names.back());
  }
  for (const Attribute& one : how) fill(*node.add_attribute(), one);
  return names;
}

std::string GraphWriter::add(const char* op, const Names& inputs,
                             const std::vector<Attribute>& how) {
  return add_several(op, inputs, 1, how).front();
}

void GraphWriter::alias(const std::string& value, const std::string& name) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type("Identity");
  node.set_name(name);
  node.add_input(value);
  node.add_output(name);
}

std::string GraphWriter::weight(const std::string& name, const std::vector<long>& shape,
                                Recipe recipe) {
  if (!weight_names_.insert(name).second) return name;
  Weight weight;
  weight.bytes = type_ == NumberType::f64 ? sizeof(double) : sizeof(float);
  for (const long extent : shape) {
    weight.header.add_dims(extent);
    weight.bytes *= static_cast<std::size_t>(extent);
  }
  weight.header.set_data_type(data_type(type_));
  weight.header.set_name(name);
  weight.recipe = std::move(recipe);
  weights_.push_back(std::move(weight));
  return name;
}

std::string GraphWriter::constant(const std::vector<long>& shape,
                                  const std::vector<double>& values) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(fresh("constant"));
  for (const long extent : shape) tensor.add_dims(extent);
  tensor.set_data_type(data_type(type_));
  tensor.set_raw_data(raw_bytes(values, type_));
  return tensor.name();
}

std::string GraphWriter::number(double value) { return constant({}, {value}); }

std::string GraphWriter::vector(const std::vector<double>& values, const std::vector<long>& shape) {
  return constant(shape, values);
}

std::string GraphWriter::integer(long value) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(fresh("constant"));
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_int64_data(value);
  return tensor.name();
}

std::string GraphWriter::integers(const std::vector<long>& values) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(fresh("constant"));
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<long>(values.size()));
  for (const long value : values) tensor.add_int64_data(value);
  return tensor.name();
}

void GraphWriter::input(const std::string& name, bool integers, const std::vector<Extent>& shape) {
  fill(*graph_.add_input(), name, integers ? int{onnx::TensorProto::INT64} : data_type(type_),
       shape);
}

void GraphWriter::output(const std::string& name, const std::vector<Extent>& shape) {
  fill(*graph_.add_output(), name, data_type(type_), shape);
}

void GraphWriter::metadata(const std::string& key, const std::string& value) {
  auto& entry = *model_.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

std::size_t GraphWriter::size_of(const Weight& weight) const {
  return weight.header.ByteSizeLong() + field_size(weight.bytes);
}

Status GraphWriter::write_weight(const Weight& weight, const ByteSink& sink) const {
  ATTNCERT_TRY(const std::vector<double> values, weight.recipe());
  constexpr double largest = 0x1.fffffefffffffp127;  // beyond it binary32 rounds to infinity
  for (const double value : values) {
    if (type_ == NumberType::f64 || std::fabs(value) <= largest) continue;
    return fail(ErrorCode::TensorType, "tensor '" + weight.header.name() +
                                           "' has a number that F32 cannot hold: use --dtype F64");
  }
  const std::string raw = raw_bytes(values, type_);
  if (raw.size() != weight.bytes) {
    return fail(ErrorCode::TensorShape,
                "tensor '" + weight.header.name() + "' was planned with another size");
  }
  ATTNCERT_CHECK(sink(field(kInitializer, size_of(weight)) + weight.header.SerializeAsString() +
                      field(kRawData, raw.size())));
  return sink(raw);
}

// The messages of protobuf are concatenations of fields: weights may come last, one by one.
Status GraphWriter::write(const ByteSink& sink, const Progress& progress) const {
  const std::string head = model_.SerializeAsString();
  std::size_t size = graph_.ByteSizeLong();
  for (const Weight& weight : weights_) size += field_size(size_of(weight));
  if (head.size() + field_size(size) > kLargest) {
    return fail(ErrorCode::OnnxUnsupported,
                "the ONNX file would have " + std::to_string(size >> 20U) +
                    " MiB: 2 GiB or more, which needs external data, is not supported");
  }
  ATTNCERT_CHECK(sink(head + field(kGraph, size) + graph_.SerializeAsString()));
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    ATTNCERT_CHECK(write_weight(weights_[i], sink));
    if (progress)
      progress(static_cast<double>(i + 1) / static_cast<double>(weights_.size()), i + 1);
  }
  return ok();
}

}  // namespace attncert
