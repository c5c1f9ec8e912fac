// The rules: each proves a step's conclusion from its premises, or says why not.
#pragma once

#include "attncert/kernel/kernel.hpp"

namespace attncert::rules {

using Premises = std::vector<Judgement>;
using Check = Status (*)(Context&, const Step&, const Premises&);

// Pieces: |d| <= epsilon on a bounded piece, with definedness, by Taylor expansion.
Status enclose(Context& context, const Step& step, const Premises& premises);
Status mean_value(Context& context, const Step& step, const Premises& premises);
Status taylor(Context& context, const Step& step, const Premises& premises);
Status well_defined(Context& context, const Step& step, const Premises& premises);

// Half-lines.
Status tail(Context& context, const Step& step, const Premises& premises);
Status divergence(Context& context, const Step& step, const Premises& premises);

// Points.
Status value(Context& context, const Step& step, const Premises& premises);
Status witness(Context& context, const Step& step, const Premises& premises);

// Structure.
Status cover(Context& context, const Step& step, const Premises& premises);
Status even(Context& context, const Step& step, const Premises& premises);
Status scale(Context& context, const Step& step, const Premises& premises);
Status identical(Context& context, const Step& step, const Premises& premises);
Status weaken(Context& context, const Step& step, const Premises& premises);

// Layers.
Status instance(Context& context, const Step& step, const Premises& premises);
Status ball(Context& context, const Step& step, const Premises& premises);
Status box(Context& context, const Step& step, const Premises& premises);
Status lift(Context& context, const Step& step, const Premises& premises);
Status spectral(Context& context, const Step& step, const Premises& premises);
Status leak(Context& context, const Step& step, const Premises& premises);
Status perturb(Context& context, const Step& step, const Premises& premises);
Status triangle(Context& context, const Step& step, const Premises& premises);
Status argmax(Context& context, const Step& step, const Premises& premises);
Status shard_union(Context& context, const Step& step, const Premises& premises);
Status every_layer(Context& context, const Step& step, const Premises& premises);

// Rounding.
Status round_mlp(Context& context, const Step& step, const Premises& premises);
Status round_attention(Context& context, const Step& step, const Premises& premises);
Status round_linear(Context& context, const Step& step, const Premises& premises);
Status round_total(Context& context, const Step& step, const Premises& premises);

// Masks.
Status mask_error(Context& context, const Step& step, const Premises& premises);

inline Error premise_count() {
  return fail(ErrorCode::PremiseCount, "the rule needs another number of premises");
}
inline Error other_sublayer() {
  return fail(ErrorCode::LayerMissing, "a premise is about another sublayer or other inputs");
}
inline Error pair_mismatch() {
  return fail(ErrorCode::PairMismatch, "a premise is about other functions");
}

/// The step's conclusion as a given judgement.
template <class J>
Result<const J*> conclusion_as(const Step& step) {
  if (const J* judgement = std::get_if<J>(&step.conclusion)) return judgement;
  return fail(
      ErrorCode::ConclusionJudgement,
      "the rule cannot conclude a '" + std::string(kind_of(step.conclusion)) + "' judgement");
}

/// Premise i as a given judgement.
template <class J>
Result<const J*> premise_as(const Premises& premises, std::size_t i) {
  if (i >= premises.size()) return premise_count();
  if (const J* judgement = std::get_if<J>(&premises[i])) return judgement;
  return fail(ErrorCode::PremiseJudgement,
              "the rule cannot use a '" + std::string(kind_of(premises[i])) + "' premise");
}

}  // namespace attncert::rules
