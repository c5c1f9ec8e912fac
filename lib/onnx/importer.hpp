// From graphs to networks (private to the module). What a part of a graph is, is found by what it
// does: parts are run on inputs of the importer's choice.
#pragma once

#include "attncert/construction/tensor_plan.hpp"
#include "attncert/statement/network.hpp"
#include "graph.hpp"

namespace attncert {

/// x W + b as nodes.
struct OnnxAffine {
  std::string input;
  std::string weight;
  bool out_in = false;  // how the constant is stored
  std::string bias;     // "" where there is none
  long inputs = 0;
  long outputs = 0;
};

class OnnxImporter {
public:
  explicit OnnxImporter(const Graph& graph) : graph_(graph) {}

  Status run();
  const Network& network() const { return network_; }
  const TensorPlan& plan() const { return plan_; }

private:
  // import_ends.cpp
  Result<std::string> begin();  // the first value of the stream
  Result<std::string> begin_with_tokens();
  Result<const onnx::NodeProto*> embedding_lookup() const;
  Result<long> context_without_positions(const std::string& stream) const;
  Result<std::string> begin_with_rows();
  Result<std::optional<std::string>> begin_with_patches();
  Status read_positions(const std::string& constant, TokenInput& input);
  Status finish(const std::string& stream);
  Status read_unembedding(const OnnxAffine& map);

  // import_sublayers.cpp
  Result<const onnx::NodeProto*> residual(const std::string& stream) const;
  Status add_sublayer(const onnx::NodeProto& sum, const std::string& stream);
  std::string name_for(const onnx::NodeProto& sum, const std::string& kind) const;
  Status add_linear(const std::string& name, const OnnxAffine& map, const std::string& stream);
  Status add_mlp(const std::string& name, const OnnxAffine& out, const std::string& stream);
  Result<std::string> activation_between(const std::string& hidden, const std::string& base,
                                         const std::set<std::string>& read) const;
  Result<std::set<std::string>> leaves(const std::string& hidden) const;

  // import_attention.cpp
  Status add_attention(const std::string& name, const OnnxAffine& out, const std::string& stream);
  Result<AffineMap> attention_output(const std::string& name, const OnnxAffine& out,
                                     const std::string& mix, const HeadShape& shape);

  // import_parts.cpp
  Result<std::optional<OnnxAffine>> affine(const std::string& value) const;
  Result<Norm> norm(const std::string& value, const std::string& stream, const std::string& name,
                    bool* first_row = nullptr);
  bool is_normed(const std::string& value, const std::string& stream) const;
  Status probe(const std::string& core, const std::set<std::string>& bases, Norm& norm) const;
  Result<AffineMap> planned(const OnnxAffine& map, const std::string& name, Layout layout);
  Result<AffineMap> planned_rows(const OnnxAffine& map, const std::vector<long>& outputs,
                                 const std::string& name);
  Status plan(const std::string& name, const std::vector<long>& shape,
              std::function<Result<std::vector<double>>()> values);
  Result<std::string> plan_vector(const std::string& constant, const std::string& name);
  Error at(const std::string& value, const std::string& why) const;

  const Graph& graph_;
  Network network_;
  std::string token_table_;
  TensorPlan plan_;
};

/// The shortest decimal that reads back as the same binary32 number.
Result<Rational> shortest_decimal(double value);
/// Consts of size 1 as numbers.
std::optional<double> scalar_of(const Graph& graph, const std::string& constant);

}  // namespace attncert
