// Audits: how far computed outputs of a conversion may be from computed outputs of the original.
#pragma once

#include "attncert/construction/progress.hpp"
#include "attncert/kernel/kernel.hpp"
#include "attncert/kernel/neurons.hpp"
#include "attncert/prover/document.hpp"
#include "attncert/prover/input_boxes.hpp"

namespace attncert {

/// Over which inputs, and which sublayers.
struct AuditOptions {
  std::optional<InputBoxes> boxes;   // of sublayers' inputs, where the norm bounds nothing
  std::optional<std::string> layer;  // this one only
  std::optional<long> tokens;        // in a sequence, where the network has no context
  bool neurons = false;              // tell neurons apart
};

/// What masks by a constant, taken from masked scores, need in an attention sublayer.
struct MaskNeeds {
  Rational scores;                // computed scores are at most so large, for all inputs
  Rational exp_zero;              // the evaluation's, or where a correctly rounded exp becomes 0
  std::optional<Rational> least;  // gives masked tokens the weight 0; nothing where none does
  std::optional<bool> may_win;    // with the evaluation's constant, over an allowed token

  Rational gap() const { return 2 * scores; }
};

/// One neuron of an MLP: its exact pre-activation, the activation's approximation, and what each
/// side's rounding, and the approximation, add to an output coordinate at most.
struct AuditedNeuron {
  Domain range;
  Rational approximation;
  Upper approximation_contribution;
  NeuronRounding original;
  NeuronRounding converted;

  Upper contribution() const {
    return approximation_contribution + original.contribution + converted.contribution;
  }
};

/// One sublayer: what is proved of it, or why nothing is.
struct AuditedLayer {
  RoundingClaim claim;
  std::optional<Error> refusal;
  Rational size = 0;            // no exact output coordinate of the original is larger, up to sign
  std::optional<Rational> box;  // R, where |x_i| <= R is what bounds the inputs
  std::optional<MaskNeeds> masks;      // of attention
  std::vector<AuditedNeuron> neurons;  // of an MLP, where they are asked for

  /// Rounding, or what leaks, may be as large as the output itself: true, and of no use.
  bool is_useless() const {
    return !refusal && claim.leak + claim.original_rounding + claim.converted_rounding >= size;
  }
};

/// All sublayers, and a proof about those that are not refused, if there are any.
struct Audit {
  std::vector<AuditedLayer> layers;
  std::optional<Certificate> certificate;
};

/// Bounds each sublayer's shares: approximation, weights, leaks through masks that are weights,
/// rounding of both sides. Such masks are looked at first: rows that mask nothing (MaskRowEmpty), an
/// omega that scores can outdo (MaskTooWeak).
/// Maths    inputs: computed rows of length at most S sqrt(D) after layer-norm and rms-norm, S from
///          the evaluation; over a box |x_i| <= R, coordinates of at most R after no norm, and of
///          at most 2 R and a few roundings after mean-norm
/// Ensures  a certificate of `rounding-error` that the kernel accepts; subjects are left to the caller
/// Errors   LayerMissing where the layer asked for is not there; others are told by layer
/// Status   rigorous
Result<Audit> audit_conversion(const Model& original, const Model& converted,
                               const Evaluation& evaluation, const AuditOptions& options = {},
                               const Progress& progress = {});

}  // namespace attncert
