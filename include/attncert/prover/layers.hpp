// Certificates for converted models: every sublayer, every input.
#pragma once

#include "attncert/prover/supremum.hpp"

namespace attncert {

/// A derivation, and what it says of every MLP sublayer (also where its claim is `identity`).
struct LayerCertificate {
  Certificate certificate;
  std::vector<LayerClaim> layers;
  std::vector<MaskClaim> masks;       // of attention sublayers whose masks are weights
  std::vector<RoundedClaim> rounded;  // of attention sublayers whose weights are rounded
};

/// Proves that a conversion is exact, or an error bound for every MLP sublayer of it.
/// Maths    masks as weights: spectral, leak, triangle; per MLP sublayer: instance; ball (ranges of pre-activations over every input) or box
///          (over inputs with |x_i| <= box); for a few nested symmetric domains the activation's
///          sup-error; lift: max over k of sum_j |V2_jk| epsilon_j; per attention sublayer: instance
///          `rounded`: stored numbers may differ from the construction's, so each is looked at first
/// Ensures  a certificate for the models' hashes, of `identity` where every error is 0 and of
///          `layer-error` otherwise; subjects are left for the caller to name
/// Status   rigorous
Result<LayerCertificate> certify_layers(const Model& original, const Model& converted,
                                        const Inputs& inputs, const Progress& progress = {},
                                        bool rounded = true);

}  // namespace attncert
