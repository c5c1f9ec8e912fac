#include "attncert/onnx/import.hpp"

#include <cmath>

#include "attncert/core/file.hpp"
#include "attncert/model/network_writer.hpp"
#include "attncert/model/reference.hpp"
#include "attncert/model/safetensors_writer.hpp"
#include "importer.hpp"

namespace attncert {
namespace {

// The model that was written, once more, on the random input that the graph was run on.
Result<Matrix> outputs_of(const std::string& network_text, const std::filesystem::path& weights,
                          const Graph& graph) {
  ATTNCERT_TRY(const MappedFile file, MappedFile::open(weights));
  Model model;
  ATTNCERT_TRY(model.weights, TensorFile::parse(file.bytes()));
  ATTNCERT_TRY(model.network, parse_network(network_text));
  ATTNCERT_TRY(const ReferenceModel reference, ReferenceModel::make(model));
  ATTNCERT_TRY(const Value input, graph.value(graph.input()));
  if (graph.reads_tokens()) {
    return reference.run_tokens({input.values.begin(), input.values.end()});
  }
  Matrix rows(input.extent(-2), input.extent(-1));
  rows.values = input.values;
  return reference.run_rows(rows);
}

Status compare(const Matrix& outputs, const Value& wanted, const std::string& name) {
  constexpr double tolerance = 1e-4;  // of the largest: constants of fp32 are read as reals
  double greatest = 1e-30;
  double difference = outputs.values.size() == wanted.values.size() ? 0 : HUGE_VAL;
  for (const double x : wanted.values) greatest = std::max(greatest, std::fabs(x));
  for (std::size_t i = 0; i < wanted.values.size() && difference < HUGE_VAL; ++i) {
    difference = std::max(difference, std::fabs(outputs.values[i] - wanted.values[i]));
  }
  if (difference <= tolerance * greatest) return ok();
  return fail(ErrorCode::OnnxUnsupported,
              "output '" + name + "': what was understood computes something else, by " +
                  std::to_string(difference) + " of " + std::to_string(greatest));
}

}  // namespace

Status OnnxImporter::run() {
  ATTNCERT_TRY(std::string stream, begin());
  while (true) {
    ATTNCERT_TRY(const onnx::NodeProto* sum, residual(stream));
    if (sum == nullptr) break;
    ATTNCERT_CHECK(add_sublayer(*sum, stream));
    stream = sum->output(0);
  }
  return finish(stream);
}

Status import_onnx(const std::filesystem::path& file, const std::filesystem::path& folder,
                   const Progress& progress) {
  ATTNCERT_TRY(const Graph graph, Graph::open(file));
  OnnxImporter importer(graph);
  ATTNCERT_CHECK(importer.run());
  const std::string text = write_network(importer.network());
  StagedFiles staged;
  ATTNCERT_TRY(const auto weights,
               staged.stage(folder / "model.safetensors", [&](const ByteSink& sink) {
                 return write_safetensors(importer.plan(), sink, progress);
               }));
  ATTNCERT_CHECK(
      staged.stage(folder / "network.json", [&](const ByteSink& sink) { return sink(text); }));
  ATTNCERT_TRY(const Matrix outputs, outputs_of(text, weights, graph));
  const std::string& output = graph.proto().output(0).name();
  ATTNCERT_TRY(const Value wanted, graph.value(output));
  ATTNCERT_CHECK(compare(outputs, wanted, output));
  return staged.commit();
}

}  // namespace attncert
