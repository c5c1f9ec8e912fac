// An ONNX graph under construction, and its bytes (private to the module).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "attncert/construction/progress.hpp"
#include "attncert/construction/tensor_plan.hpp"
#include "attncert/model/output_files.hpp"
#include "proto.hpp"

namespace attncert {

/// Numbers of an initializer, asked for when it is written.
using Recipe = std::function<Result<std::vector<double>>()>;

struct Attribute {
  const char* name;
  std::variant<long, double, std::vector<long>> value;
};

/// Nodes are added in order; every one has a single output, whose name is returned.
class GraphWriter {
public:
  using Names = std::vector<std::string>;

  explicit GraphWriter(NumberType type);

  /// Names of the nodes that follow begin with this.
  void begin(const std::string& scope) { scope_ = scope; }

  std::string add(const char* op, const Names& inputs, const std::vector<Attribute>& how = {});
  /// The same with several outputs.
  Names add_several(const char* op, const Names& inputs, int outputs,
                    const std::vector<Attribute>& how = {});
  /// Gives a value another name.
  void alias(const std::string& value, const std::string& name);

  /// A tensor of the graph's type, computed when it is written; the same name twice is one tensor.
  std::string weight(const std::string& name, const std::vector<long>& shape, Recipe recipe);
  std::string number(double value);
  std::string vector(const std::vector<double>& values, const std::vector<long>& shape);
  std::string integer(long value);
  std::string integers(const std::vector<long>& values);

  struct Extent {
    std::string name;  // where it is not fixed
    long size = 0;
  };
  void input(const std::string& name, bool integers, const std::vector<Extent>& shape);
  void output(const std::string& name, const std::vector<Extent>& shape);
  void metadata(const std::string& key, const std::string& value);

  /// Errors   OnnxUnsupported: 2 GiB or more; TensorType: a number too large; the recipes'
  Status write(const ByteSink& sink, const Progress& progress) const;

private:
  struct Weight {
    onnx::TensorProto header;
    std::size_t bytes;
    Recipe recipe;
  };
  std::string fresh(const std::string& stem);
  std::string constant(const std::vector<long>& shape, const std::vector<double>& values);
  Status write_weight(const Weight& weight, const ByteSink& sink) const;
  std::size_t size_of(const Weight& weight) const;

  NumberType type_;
  onnx::ModelProto model_;  // without its graph
  onnx::GraphProto graph_;  // without its weights
  std::vector<Weight> weights_;
  std::set<std::string> weight_names_;
  std::string scope_;
  long count_ = 0;
};

}  // namespace attncert
