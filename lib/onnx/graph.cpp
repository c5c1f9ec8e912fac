#include "graph.hpp"

#include <cmath>
#include <random>

namespace attncert {
namespace {

constexpr long kLengths[] = {8, 4, 2};  // tried where the length is free: contexts may be short
constexpr std::size_t kLargest = (1UL << 31U) - 1;  // of protobuf messages
constexpr long kLargestInput = 1L << 24;

Error syntax(const std::string& what) {
  return fail(ErrorCode::OnnxSyntax, "not a valid ONNX file: " + what);
}

// Indices into the first table that reads the input must be in range: the smallest table's.
long vocabulary(const onnx::GraphProto& graph, const std::string& input,
                const std::map<std::string, const onnx::TensorProto*>& tensors) {
  for (const auto& node : graph.node()) {
    if (node.op_type() != "Gather" || node.input_size() != 2) continue;
    const auto found = tensors.find(node.input(0));
    if (found == tensors.end() || found->second->dims_size() != 2) continue;
    if (node.input(1) == input) return found->second->dims(0);
  }
  return 1;
}

}  // namespace

bool is_movement(const onnx::NodeProto& node) {
  static const std::set<std::string> names{"Reshape",   "Flatten", "Squeeze",  "Unsqueeze",
                                           "Transpose", "Slice",   "Split",    "Gather",
                                           "Expand",    "Cast",    "Identity", "Dropout"};
  return names.contains(node.op_type());
}

bool Moved::in_order() const {
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] != static_cast<long>(i)) return false;
  }
  return true;
}

Result<Graph> Graph::open(const std::filesystem::path& path) {
  ATTNCERT_TRY(const MappedFile file, MappedFile::open(path));
  if (file.bytes().size() > kLargest) {
    return fail(ErrorCode::OnnxUnsupported, "ONNX files of 2 GiB or more are not read");
  }
  Graph graph;
  graph.model_ = std::make_shared<onnx::ModelProto>();
  const std::string_view bytes = file.bytes();
  if (!graph.model_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      graph.proto().node_size() == 0) {
    return syntax("no graph can be read from '" + path.string() + "'");
  }
  for (const auto& tensor : graph.proto().initializer()) {
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
      return decode(tensor).error();
    }
    graph.initializers_[tensor.name()] = &tensor;
  }
  if (graph.proto().sparse_initializer_size() > 0 || graph.model_->functions_size() > 0) {
    return fail(ErrorCode::OnnxUnsupported, "sparse tensors and local functions are not read");
  }
  for (const long length : kLengths) {
    Graph run = graph;
    run.length_ = length;
    ATTNCERT_CHECK(run.read_input());
    const Status status = run.run_all();
    if (status) return run;
    if (!run.free_length_ || length == 2) return status.error();
  }
  return syntax("no length of the sequence fits");
}

std::optional<std::string> Graph::metadata(const std::string& key) const {
  for (const auto& entry : model_->metadata_props()) {
    if (entry.key() == key) return entry.value();
  }
  return std::nullopt;
}

// One input: token ids, (tokens) or (1, tokens), or rows, (tokens, D) or (1, tokens, D).
Status Graph::read_input() {
  for (const auto& one : proto().input()) {
    if (initializers_.contains(one.name())) continue;  // older files list those too
    if (!input_.empty()) {
      return fail(ErrorCode::OnnxUnsupported, "the graph has inputs '" + input_ + "' and '" +
                                                  one.name() + "': graphs of one input are read");
    }
    input_ = one.name();
    const auto& type = one.type().tensor_type();
    const int kind = type.elem_type();
    tokens_ = kind == onnx::TensorProto::INT64 || kind == onnx::TensorProto::INT32;
    std::vector<long> shape;
    const int place = type.shape().dim_size() - (tokens_ ? 1 : 2);
    for (int i = 0; i < type.shape().dim_size(); ++i) {
      const auto& dimension = type.shape().dim(i);
      const bool given = dimension.value_case() == onnx::TensorShapeProto::Dimension::kDimValue &&
                         dimension.dim_value() > 0;
      if (i == place) free_length_ = !given;
      shape.push_back(given ? dimension.dim_value() : i == place ? length_ : i < place ? 1 : -1);
      if (i < place && shape.back() != 1) shape.back() = -1;  // a batch of several
    }
    const bool fits = place >= 0 && place <= 1 && size_of(shape) > 0 &&
                      size_of(shape) <= kLargestInput && shape.front() > 0;
    if (!fits) {
      return fail(
          ErrorCode::OnnxUnsupported,
          "input '" + input_ + "' must be (tokens), (tokens, D), or either after a batch of 1");
    }
    length_ = shape[static_cast<std::size_t>(place)];
    values_[input_] = Value{shape, {}, tokens_};
  }
  return input_.empty() ? Status(syntax("the graph has no input")) : ok();
}

Status Graph::run_all() {
  Value& given = values_[input_];
  std::mt19937_64 random(20230910);
  const long vocab = vocabulary(proto(), input_, initializers_);
  std::normal_distribution<double> normal;
  for (long i = 0; i < size_of(given.shape); ++i) {
    given.values.push_back(tokens_
                               ? static_cast<double>(random() % static_cast<std::uint64_t>(vocab))
                               : normal(random));
  }
  dependent_.insert(input_);
  for (const auto& node : proto().node()) {
    bool dependent = false;
    for (const std::string& name : node.input()) dependent = dependent || depends(name);
    if (node.op_type() == "Shape") dependent = false;  // of one length
    for (const std::string& name : node.input()) {
      if (!name.empty() && !is_initializer(name) && !values_.contains(name)) {
        return syntax("value '" + name.substr(0, 100) + "' is read before it is made");
      }
    }
    ATTNCERT_TRY(std::vector<Value> results, evaluate_node(node, values_));
    for (int i = 0; i < node.output_size() && i < static_cast<int>(results.size()); ++i) {
      if (node.output(i).empty()) continue;
      values_[node.output(i)] = std::move(results[static_cast<std::size_t>(i)]);
      producers_[node.output(i)] = &node;
      if (dependent) dependent_.insert(node.output(i));
    }
    if (!dependent || is_movement(node)) continue;
    std::set<std::string> bases;
    for (const std::string& name : node.input()) {
      if (depends(name)) bases.insert(origin(name));
    }
    for (const std::string& base : bases) consumers_.emplace(base, &node);
  }
  return ok();
}

const onnx::NodeProto* Graph::producer(const std::string& name) const {
  const auto found = producers_.find(name);
  return found == producers_.end() ? nullptr : found->second;
}

Result<Value> Graph::value(const std::string& name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second;
  if (const auto found = initializers_.find(name); found != initializers_.end()) {
    return decode(*found->second);
  }
  return syntax("there is no value '" + name.substr(0, 100) + "'");
}

std::vector<long> Graph::shape(const std::string& name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second.shape;
  const auto found = initializers_.find(name);
  if (found == initializers_.end()) return {};
  return {found->second->dims().begin(), found->second->dims().end()};
}

Result<std::vector<Value>> Graph::evaluate_node(const onnx::NodeProto& node,
                                                ValuesByName& known) const {
  std::vector<Value> read;  // initializers, decoded for this node alone
  read.reserve(static_cast<std::size_t>(node.input_size()));
  Operands inputs;
  for (const std::string& name : node.input()) {
    const auto found = known.find(name);
    if (name.empty()) {
      inputs.push_back(nullptr);
    } else if (found != known.end()) {
      inputs.push_back(&found->second);
    } else {
      ATTNCERT_TRY(Value decoded, value(name));
      read.push_back(std::move(decoded));
      inputs.push_back(&read.back());
    }
  }
  return evaluate(node, inputs);
}

Result<const Value*> Graph::run_into(const std::string& name, ValuesByName& known) const {
  if (const auto found = known.find(name); found != known.end()) return &found->second;
  const onnx::NodeProto* node = producer(name);
  if (node == nullptr || !depends(name)) {
    ATTNCERT_TRY(known[name], value(name));
    return &known[name];
  }
  for (const std::string& input : node->input()) {
    if (!input.empty() && depends(input)) {
      ATTNCERT_CHECK(run_into(input, known));
    }
  }
  ATTNCERT_TRY(std::vector<Value> results, evaluate_node(*node, known));
  for (int i = 0; i < node->output_size() && i < static_cast<int>(results.size()); ++i) {
    known[node->output(i)] = std::move(results[static_cast<std::size_t>(i)]);
  }
  return &known[name];
}

Result<Value> Graph::run(const std::string& name, ValuesByName given) const {
  ATTNCERT_TRY(const Value* result, run_into(name, given));
  return *result;
}

std::string Graph::origin(const std::string& name) const {
  std::string at = name;
  while (const onnx::NodeProto* node = producer(at)) {
    if (!depends(at) || !is_movement(*node) || !depends(node->input(0))) break;
    at = node->input(0);
  }
  return at;
}

Result<Moved> Graph::moved(const std::string& name) const {
  Moved result{origin(name), {}, {}};
  Value places{shape(result.base), {}, false};
  for (long i = 0; i < size_of(places.shape); ++i) places.values.push_back(static_cast<double>(i));
  ATTNCERT_TRY(const Value found, run(name, {{result.base, places}}));
  result.shape = found.shape;
  result.places.assign(found.values.begin(), found.values.end());
  return result;
}

std::string Graph::only_dependent(const onnx::NodeProto& node) const {
  std::string found;
  for (const std::string& name : node.input()) {
    if (!depends(name)) continue;
    if (!found.empty()) return "";
    found = name;
  }
  return found;
}

std::string Graph::constant_operand(const onnx::NodeProto& node) const {
  if (node.input_size() != 2) return "";
  if (depends(node.input(0)) == depends(node.input(1))) return "";
  return depends(node.input(0)) ? node.input(1) : node.input(0);
}

std::vector<const onnx::NodeProto*> Graph::consumers(const std::string& base) const {
  std::vector<const onnx::NodeProto*> result;
  const auto [begin, end] = consumers_.equal_range(base);
  for (auto at = begin; at != end; ++at) result.push_back(at->second);
  return result;
}

}  // namespace attncert
