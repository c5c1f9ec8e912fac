// Where the stream comes from, and what becomes of it.
#include <charconv>

#include "importer.hpp"

namespace attncert {
namespace {

// The tensor that a constant was cut out of: position tables.
std::string source_of(const Graph& graph, const std::string& constant) {
  std::string at = constant;
  while (const onnx::NodeProto* node = graph.producer(at)) {
    if (!is_movement(*node)) break;
    at = node->input(0);
  }
  return at;
}

// A stored tensor, or its transpose: what unembeddings share with embeddings.
OnnxAffine untransposed(const Graph& graph, OnnxAffine map) {
  const onnx::NodeProto* node = graph.producer(map.weight);
  if (node != nullptr && node->op_type() == "Transpose" && graph.is_initializer(node->input(0)) &&
      graph.shape(node->input(0)) ==
          std::vector<long>{graph.shape(map.weight)[1], graph.shape(map.weight)[0]}) {
    map.weight = node->input(0);
    map.out_in = !map.out_in;
  }
  return map;
}

}  // namespace

Result<std::string> OnnxImporter::begin() {
  if (graph_.reads_tokens()) return begin_with_tokens();
  ATTNCERT_TRY(const auto patches, begin_with_patches());
  return patches ? Result<std::string>(*patches) : begin_with_rows();
}

Result<std::string> OnnxImporter::begin_with_rows() {
  network_.d_model = graph_.shape(graph_.input()).back();
  return graph_.input();
}

// The Gather that looks tokens up.
Result<const onnx::NodeProto*> OnnxImporter::embedding_lookup() const {
  const onnx::NodeProto* lookup = nullptr;
  for (const onnx::NodeProto* node : graph_.consumers(graph_.input())) {
    const bool table = node->op_type() == "Gather" && !graph_.depends(node->input(0)) &&
                       graph_.shape(node->input(0)).size() == 2 &&
                       integer_of(*node, "axis", 0) == 0;
    if (!table || lookup != nullptr)
      return not_understood(*node, "tokens are read by one embedding");
    lookup = node;
  }
  for (const auto& node : graph_.proto().node()) {  // a Gather by the input counts as movement
    if (lookup == nullptr && node.op_type() == "Gather" && !graph_.depends(node.input(0)) &&
        graph_.depends(node.input(1)) && graph_.origin(node.input(1)) == graph_.input()) {
      lookup = &node;
    }
  }
  if (lookup == nullptr) return at(graph_.input(), "no node looks tokens up in an embedding");
  if (graph_.shape(lookup->input(0)).size() != 2) {
    return not_understood(*lookup, "an embedding must be a matrix");
  }
  return lookup;
}

// Rows of a table, plus positions.
Result<std::string> OnnxImporter::begin_with_tokens() {
  ATTNCERT_TRY(const onnx::NodeProto* lookup, embedding_lookup());
  const std::vector<long> shape = graph_.shape(lookup->input(0));
  TokenInput input;
  input.vocab = shape[0];
  network_.d_model = shape[1];
  input.token = "embedding.token";
  const Graph& graph = graph_;
  const std::string table = lookup->input(0);
  token_table_ = table;
  ATTNCERT_CHECK(plan(input.token, shape, [&graph, table]() -> Result<std::vector<double>> {
    ATTNCERT_TRY(Value value, graph.value(table));
    return std::move(value.values);
  }));
  std::string stream = lookup->output(0);
  for (const onnx::NodeProto* node : graph_.consumers(stream)) {
    const std::string positions = node->op_type() == "Add" ? graph_.constant_operand(*node) : "";
    if (positions.empty() || size_of(graph_.shape(positions)) != graph_.length() * network_.d_model)
      continue;
    ATTNCERT_CHECK(read_positions(positions, input));
    stream = node->output(0);
    break;
  }
  if (!input.position) {
    ATTNCERT_TRY(input.n_ctx, context_without_positions(stream));
  }
  network_.input = std::move(input);
  return stream;
}

Result<long> OnnxImporter::context_without_positions(const std::string& stream) const {
  long tokens = 0;
  const auto context = graph_.metadata("attncert.context");
  if (context) std::from_chars(context->data(), context->data() + context->size(), tokens);
  if (!graph_.has_free_length()) tokens = graph_.length();
  if (tokens > 0) return tokens;
  return at(stream, "without position embeddings the number of tokens must be fixed");
}

Status OnnxImporter::read_positions(const std::string& constant, TokenInput& input) {
  const std::string source = source_of(graph_, constant);
  std::vector<long> shape = graph_.shape(source);
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  const bool table =
      graph_.is_initializer(source) && shape.size() == 2 && shape[1] == network_.d_model;
  const std::string whole = table ? source : constant;
  input.n_ctx = table ? shape[0] : graph_.length();
  ATTNCERT_TRY(const Value cut, graph_.value(constant));
  ATTNCERT_TRY(const Value all, graph_.value(whole));
  for (std::size_t i = 0; i < cut.values.size(); ++i) {
    if (cut.values[i] != all.values.at(i)) return at(constant, "positions do not begin at 0");
  }
  if (!table && graph_.has_free_length()) return at(constant, "positions must come from a table");
  input.position = "embedding.position";
  const Graph& graph = graph_;
  return plan(*input.position, {input.n_ctx, network_.d_model},
              [&graph, whole]() -> Result<std::vector<double>> {
                ATTNCERT_TRY(Value value, graph.value(whole));
                return std::move(value.values);
              });
}

// [class token; patches W + b] + positions.
Result<std::optional<std::string>> OnnxImporter::begin_with_patches() {
  for (const auto& node : graph_.proto().node()) {
    const std::string rows = node.op_type() == "Concat" && node.input_size() == 2 &&
                                     !graph_.depends(node.input(0)) && graph_.depends(node.input(1))
                                 ? node.input(1)
                                 : "";
    if (rows.empty()) continue;
    ATTNCERT_TRY(const std::optional<OnnxAffine> map, affine(rows));
    if (!map || graph_.origin(map->input) != graph_.input()) continue;
    if (graph_.has_free_length())
      return not_understood(node, "the number of patches must be fixed");
    network_.d_model = map->outputs;
    for (const onnx::NodeProto* sum : graph_.consumers(node.output(0))) {
      const std::string places = sum->op_type() == "Add" ? graph_.constant_operand(*sum) : "";
      const long count = graph_.length() + 1;
      const auto size = size_of(graph_.shape(places));
      if (places.empty() || size != count * network_.d_model) continue;
      PatchInput input;
      input.count = graph_.length();
      input.width = map->inputs;
      input.layout = map->out_in ? Layout::out_in : Layout::in_out;
      ATTNCERT_TRY(input.projection, planned(*map, "patches.projection", input.layout));
      input.class_token = "patches.class_token";
      input.position = "patches.position";
      const Graph& graph = graph_;
      const auto copy = [&graph](const std::string& name) {
        return [&graph, name]() -> Result<std::vector<double>> {
          ATTNCERT_TRY(Value value, graph.value(name));
          return std::move(value.values);
        };
      };
      ATTNCERT_CHECK(plan(input.class_token, {1, 1, network_.d_model}, copy(node.input(0))));
      ATTNCERT_CHECK(plan(input.position, {1, count, network_.d_model}, copy(places)));
      network_.input = std::move(input);
      return std::optional(sum->output(0));
    }
  }
  return std::optional<std::string>();
}

Status OnnxImporter::finish(const std::string& stream) {
  if (graph_.proto().output_size() < 1)
    return fail(ErrorCode::OnnxSyntax, "the graph has no output");
  std::string end = graph_.proto().output(0).name();
  ATTNCERT_TRY(const std::optional<OnnxAffine> map, affine(end));
  const bool unembeds = map && graph_.origin(end) != stream;
  if (unembeds) {
    ATTNCERT_CHECK(read_unembedding(*map));
    end = map->input;
  }
  bool first_row = false;
  ATTNCERT_TRY(const Norm last, norm(end, stream, "final_norm", &first_row));
  network_.first_row_only = first_row;
  if (last.kind != "none") network_.final_norm = last;
  return ok();
}

Status OnnxImporter::read_unembedding(const OnnxAffine& given) {
  const OnnxAffine map = untransposed(graph_, given);
  Unembedding result{map.out_in ? Layout::out_in : Layout::in_out, map.outputs, {}};
  if (map.weight == token_table_ && map.bias.empty() && map.out_in) {
    result.map.weight = "embedding.token";  // tied
  } else {
    ATTNCERT_TRY(result.map, planned(map, "unembedding", result.layout));
  }
  network_.unembedding = std::move(result);
  return ok();
}

}  // namespace attncert
