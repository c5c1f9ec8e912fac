// Certificates for converted models: every MLP sublayer, every input.
#pragma once

#include "attncert/construction/neuron_heads.hpp"
#include "attncert/prover/supremum.hpp"

namespace attncert {

/// Proves an error bound for every MLP sublayer of a conversion.
/// Maths    per layer: instance; ball (ranges of pre-activations); for a few nested symmetric
///          domains the activation's sup-error; lift: max over k of sum_j |V2_jk| epsilon_j
/// Ensures  a certificate for the given hashes; subjects are left for the caller to name
/// Status   rigorous
Result<Certificate> certify_layers(const Model& original, const Model& converted,
                                   const ModelHashes& original_hashes,
                                   const ModelHashes& converted_hashes,
                                   const Progress& progress = {});

}  // namespace attncert
