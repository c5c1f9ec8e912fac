// A model's conversion on disk: heads, network files and certificate, all of them or none.
#pragma once

#include "attncert/construction/conversion.hpp"
#include "attncert/model/importer.hpp"
#include "attncert/model/output_files.hpp"
#include "attncert/prover/layers.hpp"

namespace attncert {

/// What was written: OUT/{original.network.json, network.json, model.safetensors,
/// certificate.jsonl}.
struct ConversionResult {
  Network converted;
  Judgement claim;
  std::vector<MaskClaim> masks;       // of attention sublayers whose masks are weights
  std::vector<RoundedClaim> rounded;  // of attention sublayers whose weights are rounded
  std::vector<LayerClaim> layers;     // of all MLP sublayers, also where the claim is identity
};

/// How a model is converted.
struct ConversionOptions {
  GatesChoice gates_for;
  SublayerChoice converts;               // other sublayers are kept as they are
  Inputs inputs;                         // every, or a box: what errors are claimed over
  std::optional<Rational> mask_epsilon;  // masks become weights that leak no more than this
  std::optional<NumberType> type;        // heads are stored so, rounded where it is narrower
  Progress writing;                      // of the tensors
  Progress proving;                      // of the sublayers
};

/// Converts a loaded model into a folder.
/// Requires an existing folder that is not the model's own
/// Ensures  a certificate that the files support; memory for one tensor and the certificate, the
///          weights being mapped; on error no file is changed
/// Status   rigorous
Result<ConversionResult> convert_model(LoadedModel& original, const ConversionOptions& options,
                                       const std::filesystem::path& folder);

}  // namespace attncert
