#include "attncert/onnx/export.hpp"

#include "exporter.hpp"

namespace attncert {
namespace {

using Extents = std::vector<GraphWriter::Extent>;

bool is_converted(const Sublayer& sublayer) {
  return std::holds_alternative<TokenHeads>(sublayer) ||
         std::holds_alternative<NeuronHeads>(sublayer) ||
         std::holds_alternative<SelfHeads>(sublayer);
}

// Token ids, from 0; the position embedding's first rows.
Result<std::string> token_rows(const TokenInput& input, long width, GraphWriter& graph,
                               Exporter& exporter) {
  graph.input("tokens", true, {{"tokens"}});
  ATTNCERT_TRY(const std::string table, exporter.tensor(input.token, {input.vocab, width}));
  const std::string rows = graph.add("Gather", {table, "tokens"}, {{"axis", 0L}});
  if (!input.position) return rows;
  ATTNCERT_TRY(const std::string all, exporter.tensor(*input.position, {input.n_ctx, width}));
  const std::string count = graph.add("Shape", {"tokens"});
  const std::string seen =
      graph.add("Slice", {all, graph.integers({0}), count, graph.integers({0})});
  return graph.add("Add", {rows, seen});
}

Result<std::string> patch_rows(const PatchInput& input, long width, GraphWriter& graph,
                               Exporter& exporter) {
  graph.input("patches", false, {{"", input.count}, {"", input.width}});
  ATTNCERT_TRY(const std::string rows,
               exporter.affine("patches", input.projection, input.layout, width, input.width));
  ATTNCERT_TRY(const std::string token, exporter.tensor(input.class_token, {1, 1, width}));
  ATTNCERT_TRY(const std::string place,
               exporter.tensor(input.position, {1, input.count + 1, width}));
  const std::string axis = graph.integers({0});
  const std::string all =
      graph.add("Concat", {graph.add("Squeeze", {token, axis}), rows}, {{"axis", 0L}});
  return graph.add("Add", {all, graph.add("Squeeze", {place, axis})});
}

Result<std::string> input_rows(const Network& network, GraphWriter& graph, Exporter& exporter) {
  graph.begin("embedding");
  if (const auto* tokens = std::get_if<TokenInput>(&network.input)) {
    return token_rows(*tokens, network.d_model, graph, exporter);
  }
  if (const auto* patches = std::get_if<PatchInput>(&network.input)) {
    return patch_rows(*patches, network.d_model, graph, exporter);
  }
  graph.input("rows", false, {{"tokens"}, {"", network.d_model}});
  return std::string("rows");
}

// Final norm and unembedding of rows of the model's own stream.
Status finish(const Network& network, std::string rows, GraphWriter& graph, Exporter& exporter) {
  graph.begin("end");
  if (network.first_row_only) {
    const std::string zero = graph.integers({0});
    rows = graph.add("Slice", {rows, zero, graph.integers({1}), zero});
  }
  if (network.final_norm) {
    ATTNCERT_TRY(rows, exporter.norm(rows, *network.final_norm));
  }
  long outputs = network.d_model;
  if (network.unembedding) {
    const Unembedding& end = *network.unembedding;
    outputs = end.outputs;
    ATTNCERT_TRY(rows, exporter.affine(rows, end.map, end.layout, outputs, network.d_model));
  }
  graph.alias(rows, "output");
  const GraphWriter::Extent count =
      network.first_row_only ? GraphWriter::Extent{"", 1} : GraphWriter::Extent{"rows_out"};
  graph.output("output", {count, {"", outputs}});
  return ok();
}

Status add_model(const Network& network, GraphWriter& graph, Exporter& exporter) {
  ATTNCERT_TRY(std::string stream, input_rows(network, graph, exporter));
  const bool augmented = !network.sublayers.empty() && is_converted(network.sublayers.front());
  if (augmented) stream = exporter.augmented(stream);
  exporter.start(stream, augmented);
  for (const Sublayer& sublayer : network.sublayers) {
    graph.begin(name_of(sublayer));
    if (is_converted(sublayer) != augmented) {
      return fail(ErrorCode::OnnxUnsupported,
                  "sublayer '" + name_of(sublayer) +
                      "': a network with converted sublayers and others is not written as ONNX");
    }
    ATTNCERT_TRY(const std::string update, exporter.update(stream, sublayer));
    const std::string sum = graph.add("Add", {stream, update});
    stream = name_of(sublayer) + "/stream";
    graph.alias(sum, stream);
  }
  graph.begin("end");
  return finish(network, augmented ? exporter.model_part(stream) : stream, graph, exporter);
}

Status add_sublayer(const Network& network, const std::string& name, GraphWriter& graph,
                    Exporter& exporter) {
  for (const Sublayer& sublayer : network.sublayers) {
    if (name_of(sublayer) != name) continue;
    graph.begin(name);
    const Extents shape{{"tokens"}, {"", network.d_model}};
    graph.input("rows", false, shape);
    const bool augmented = is_converted(sublayer);
    const std::string stream = augmented ? exporter.augmented("rows") : "rows";
    exporter.start(stream, augmented);
    ATTNCERT_TRY(const std::string update, exporter.update(stream, sublayer));
    graph.alias(augmented ? exporter.model_part(update) : update, "output");
    graph.output("output", shape);
    return ok();
  }
  return fail(ErrorCode::LayerMissing, "no sublayer '" + name + "' in the network file");
}

}  // namespace

Status write_onnx(const Model& model, const OnnxOptions& options, const ByteSink& sink,
                  const Progress& progress) {
  GraphWriter graph(options.type);
  Exporter exporter(model, graph);
  const Network& network = model.network;
  graph.metadata("attncert.names", "1");  // nodes are named by sublayer
  if (const auto context = context_of(network)) {
    graph.metadata("attncert.context", std::to_string(*context));
  }
  if (options.sublayer) {
    ATTNCERT_CHECK(add_sublayer(network, *options.sublayer, graph, exporter));
  } else {
    ATTNCERT_CHECK(add_model(network, graph, exporter));
  }
  return graph.write(sink, progress);
}

}  // namespace attncert
