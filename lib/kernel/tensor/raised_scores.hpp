// Scores raised by masks that are weights, computed with roundings:
// docs/formulas.md#rounding-masks-as-weights.
#pragma once

#include "attncert/kernel/weights.hpp"
#include "machine.hpp"

namespace attncert::rules {

/// What a sublayer's scores are raised by, and what storing that rounds.
struct RaisedScores {
  Upper omega;     // the largest number of masks.query
  Upper relative;  // stored numbers are off by so much of themselves, and
  Upper tiny;
  long tokens = 0;  // of the context, and the bias token
};

/// Errors LayerFactsMismatch without a context, tensor errors, RoundingOverflow
Result<RaisedScores> raised_scores(const Machine& machine, const Model& model,
                                   const MaskWeights& masks);

/// The bias token, which takes part in softmax, has keys or values 0: the last column.
/// Errors InstanceMismatch, tensor errors
Status check_bias_column(const Model& model, const std::string& name, long rows);

/// Relative error of what multiplies the output bias: the softmax weight of a token alone, or where
/// masks are weights a mean of 1 on real tokens and 0 on the bias token, scores being 0, raised.
Result<Upper> bias_error(const Machine& machine, const std::optional<RaisedScores>& raised);

}  // namespace attncert::rules
