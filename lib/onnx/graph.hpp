// A graph and its values for one random input of one length (private to the module).
#pragma once

#include <memory>
#include <set>

#include "attncert/model/mapped_file.hpp"
#include "value.hpp"

namespace attncert {

using ValuesByName = std::map<std::string, Value>;

/// Where a value's elements come from: element i is element places[i] of the base.
struct Moved {
  std::string base;
  std::vector<long> shape;
  std::vector<long> places;

  bool in_order() const;
};

class Graph {
public:
  /// Parses a file and runs it on a random input: of 8 tokens or rows where the length is free.
  static Result<Graph> open(const std::filesystem::path& path);

  const onnx::GraphProto& proto() const { return model_->graph(); }
  std::optional<std::string> metadata(const std::string& key) const;
  const std::string& input() const { return input_; }
  bool reads_tokens() const { return tokens_; }
  bool has_free_length() const { return free_length_; }
  long length() const { return length_; }

  /// The node that makes a value; nullptr for inputs and initializers.
  const onnx::NodeProto* producer(const std::string& name) const;
  bool depends(const std::string& name) const { return dependent_.contains(name); }
  /// A value of the run, or an initializer.
  Result<Value> value(const std::string& name) const;
  std::vector<long> shape(const std::string& name) const;
  bool is_initializer(const std::string& name) const { return initializers_.contains(name); }

  /// What `name` becomes where some values are given others: a part of the graph, run again.
  Result<Value> run(const std::string& name, ValuesByName given) const;

  /// The value that this one is a rearrangement of.
  std::string origin(const std::string& name) const;
  Result<Moved> moved(const std::string& name) const;
  /// The one input that depends on the graph's, where the others are constants; "" otherwise.
  std::string only_dependent(const onnx::NodeProto& node) const;
  /// The constant operand of a node with two inputs; "" where there is none.
  std::string constant_operand(const onnx::NodeProto& node) const;

  /// Nodes that read rearrangements of a value, and are none themselves.
  std::vector<const onnx::NodeProto*> consumers(const std::string& base) const;

private:
  Status read_input();
  Status run_all();
  Result<const Value*> run_into(const std::string& name, ValuesByName& known) const;
  Result<std::vector<Value>> evaluate_node(const onnx::NodeProto& node, ValuesByName& known) const;

  std::shared_ptr<onnx::ModelProto> model_;
  std::map<std::string, const onnx::TensorProto*> initializers_;
  std::map<std::string, const onnx::NodeProto*> producers_;
  std::set<std::string> dependent_;
  std::multimap<std::string, const onnx::NodeProto*> consumers_;
  ValuesByName values_;
  std::string input_;
  bool tokens_ = false;
  bool free_length_ = false;
  long length_ = 0;
};

bool is_movement(const onnx::NodeProto& node);

}  // namespace attncert
