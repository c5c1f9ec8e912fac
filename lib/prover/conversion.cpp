#include "attncert/prover/conversion.hpp"

#include <algorithm>

#include "attncert/core/sha256.hpp"
#include "attncert/model/network_writer.hpp"
#include "attncert/model/safetensors_writer.hpp"
#include "attncert/prover/mask_weights.hpp"

namespace attncert {
namespace {

namespace fs = std::filesystem;

ByteSource text_source(const std::string& text) {
  return [&text](const ByteSink& sink) { return sink(text); };
}

}  // namespace

Result<ConversionResult> convert_model(LoadedModel& original, const ConversionOptions& options,
                                       const std::filesystem::path& folder) {
  if (original.model.network.sublayers.empty()) {
    return fail(ErrorCode::LayerMissing, "the model has no sublayers to convert");
  }
  ATTNCERT_TRY(PlannedModel planned,
               plan_conversion(original.model, options.gates_for, options.converts));
  if (options.mask_epsilon) {
    ATTNCERT_TRY(const Rational omega, omega_for_masks(original.model, planned.network,
                                                       options.inputs, *options.mask_epsilon));
    ATTNCERT_CHECK(plan_mask_weights(original.model, omega, planned));
  }
  if (options.type) plan_rounding(*options.type, planned);
  StagedFiles staged;
  ATTNCERT_TRY(const fs::path temporary,
               staged.stage(folder / "model.safetensors", [&](const ByteSink& sink) {
                 return write_safetensors(planned.tensors, sink, options.writing);
               }));
  ATTNCERT_TRY(const MappedFile weights, MappedFile::open(temporary));
  const std::string network_text = write_network(planned.network);
  Model converted;
  ATTNCERT_TRY(converted.network, parse_network(network_text));
  ATTNCERT_TRY(converted.weights, TensorFile::parse(weights.bytes()));
  converted.hashes = {sha256_hex(network_text), sha256_hex(weights.bytes())};
  const bool rounded = std::any_of(planned.tensors.begin(), planned.tensors.end(),
                                   [](const auto& one) { return one.second.rounded; });
  ATTNCERT_TRY(LayerCertificate proof,
               certify_layers(original.model, converted, options.inputs, options.proving, rounded));
  proof.certificate.subjects = {
      {"original-network", "original.network.json", original.model.hashes.network},
      {"original-weights", relative_to(original.weights_path, folder),
       original.model.hashes.weights},
      {"converted-network", "network.json", converted.hashes.network},
      {"converted-weights", "model.safetensors", converted.hashes.weights}};
  const std::string certificate = write_certificate(proof.certificate);
  ATTNCERT_CHECK(
      staged.stage(folder / "original.network.json", text_source(original.network_text)));
  ATTNCERT_CHECK(staged.stage(folder / "network.json", text_source(network_text)));
  ATTNCERT_CHECK(staged.stage(folder / "certificate.jsonl", text_source(certificate)));
  ATTNCERT_CHECK(staged.commit());
  return ConversionResult{std::move(converted.network), std::move(proof.certificate.claim),
                          std::move(proof.masks), std::move(proof.rounded),
                          std::move(proof.layers)};
}

}  // namespace attncert
