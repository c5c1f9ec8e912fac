// What rounding does to a sublayer: used by the rules `round-*`, and by whoever states their bounds.
#pragma once

#include "attncert/interval/interval.hpp"
#include "attncert/kernel/kernel.hpp"

namespace attncert {

/// Of a sublayer's output coordinates, before they are added to the stream: how far computed ones are
/// from exact ones, and how large exact ones are, at most.
struct RoundingBound {
  Rational error;
  Rational size;
  Rational scores;  // of attention: computed scores are at most so large, before a mask is added
};

/// Both for all inputs.
/// Requires computed inputs; sequences of at most `tokens` tokens, or without that the network's
///          context (LayerFactsMismatch where there is none); an MLP or its neuron heads, attention or its token heads
/// Errors   network errors; RoundingUseless, RoundingOverflow, MaskTooWeak;
///          RoundingUnsupported (gates but sigmoids)
/// Status   trusted
/// Source   docs/formulas.md#rounding
Result<RoundingBound> mlp_rounding(const Model& model, bool converted, const std::string& layer,
                                   const Inputs& inputs, const Evaluation& evaluation,
                                   Precision precision);
Result<RoundingBound> attention_rounding(const Model& model, bool converted,
                                         const std::string& layer, const Inputs& inputs,
                                         const Evaluation& evaluation,
                                         const std::optional<long>& tokens, Precision precision);

/// The same for a linear map, or the head of mask {self} that stands for it.
/// Status   trusted
/// Source   docs/formulas.md#rounding-linear-maps
Result<RoundingBound> linear_rounding(const Model& model, bool converted, const std::string& layer,
                                      const Inputs& inputs, const Evaluation& evaluation);

/// The least constant that, taken from masked scores, gives them the weight 0, if computed scores
/// are at most `scores` in magnitude and computed exponentials 0 from -exp_zero on.
/// Status   trusted
/// Source   docs/formulas.md#rounding-attention
Rational sufficient_mask_constant(const Evaluation& evaluation, const Rational& scores,
                                  const Rational& exp_zero);

/// S such that every computed normalised row has a length of at most S sqrt(D).
/// Requires layer-norm or rms-norm, mean and variance computed one after the other
/// Errors   EnclosureUnbounded (other norms bound nothing), RoundingUseless
/// Status   trusted
/// Source   docs/formulas.md#rounding-norms
Result<Rational> computed_radius(const Norm& norm, long width, const Evaluation& evaluation);

}  // namespace attncert
