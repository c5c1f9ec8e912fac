// Audits: how far computed outputs of a conversion may be from computed outputs of the original.
#pragma once

#include "attncert/construction/progress.hpp"
#include "attncert/kernel/kernel.hpp"
#include "attncert/prover/document.hpp"

namespace attncert {

/// Over which inputs, and which sublayers.
struct AuditOptions {
  std::optional<Rational> box;       // sublayers' inputs, where the norm bounds nothing
  std::optional<std::string> layer;  // this one only
  std::optional<long> tokens;        // in a sequence, where the network has no context
};

/// One sublayer: what is proved of it, or why nothing is.
struct AuditedLayer {
  RoundingClaim claim;
  std::optional<Error> refusal;
  Rational size = 0;  // no exact output coordinate of the original is larger, up to sign

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
