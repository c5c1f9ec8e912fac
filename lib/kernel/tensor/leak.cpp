// Rules leak and triangle: masks as weights instead of masks.
#include "../rules.hpp"
#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/weights.hpp"

namespace attncert::rules {
namespace {

Error unmasked(const std::string& layer) {
  return fail(ErrorCode::LayerFactsMismatch, "the masks of " + layer + " are not weights");
}

Result<Rational> leak_of_tokens(const Model& original, const Model& converted,
                                const ScoreBound& scores, Precision precision) {
  ATTNCERT_TRY(const AttentionSublayer* layer,
               sublayer_named<AttentionSublayer>(original.network, scores.layer));
  ATTNCERT_TRY(const TokenHeads* heads,
               sublayer_named<TokenHeads>(converted.network, scores.layer));
  if (!heads->masks) return unmasked(scores.layer);
  return attention_leak(original, *layer, scores.inputs, scores.bound, heads->masks->omega,
                        precision);
}

Result<Rational> leak_of_neurons(const Model& original, const Model& converted,
                                 const PreactivationRange& ranges, Precision precision) {
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(original.network, ranges.layer));
  ATTNCERT_TRY(const NeuronHeads* heads,
               sublayer_named<NeuronHeads>(converted.network, ranges.layer));
  if (!heads->masks || heads->gated) return unmasked(ranges.layer);
  return neuron_leak(original, *mlp, heads->gates, ranges.ranges, heads->masks->omega, precision);
}

}  // namespace

Status leak(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const MaskLeak* goal, conclusion_as<MaskLeak>(step));
  if (premises.size() != 1) return premise_count();
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  const auto about_goal = [goal](const auto& premise) {
    return premise.layer == goal->layer && premise.inputs == goal->inputs;
  };
  Rational moved;
  if (const auto* ranges = std::get_if<PreactivationRange>(&premises.front())) {
    if (!about_goal(*ranges)) return other_sublayer();
    ATTNCERT_TRY(moved, leak_of_neurons(*original, *converted, *ranges, step.precision));
  } else {
    ATTNCERT_TRY(const ScoreBound* scores, premise_as<ScoreBound>(premises, 0));
    if (!about_goal(*scores)) return other_sublayer();
    ATTNCERT_TRY(moved, leak_of_tokens(*original, *converted, *scores, step.precision));
  }
  if (moved <= goal->epsilon) return ok();
  return fail(ErrorCode::BoundExceeded, "masks as weights may move an output coordinate of " +
                                            goal->layer + " by more than the stated epsilon");
}

// Exact attention heads, or an MLP's error with exact masks, and then what the masks' weights add.
// (An MLP's heads being the construction's says nothing about its activation: no error, no bound.)
Status triangle(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const LayerError* goal, conclusion_as<LayerError>(step));
  if (premises.size() != 2) return premise_count();
  ATTNCERT_TRY(const MaskLeak* moved, premise_as<MaskLeak>(premises, 1));
  Rational total = moved->epsilon;
  bool same = moved->layer == goal->layer && moved->inputs == goal->inputs && !goal->exact_masks;
  if (const auto* exact = std::get_if<Instance>(&premises.front())) {
    ATTNCERT_TRY(const Model* original, context.original());
    ATTNCERT_CHECK(sublayer_named<AttentionSublayer>(original->network, goal->layer));
    same = same && exact->layer == goal->layer;
  } else {
    ATTNCERT_TRY(const LayerError* error, premise_as<LayerError>(premises, 0));
    same =
        same && error->layer == goal->layer && error->inputs == goal->inputs && error->exact_masks;
    total += error->epsilon;
  }
  if (!same) return other_sublayer();
  if (total <= goal->epsilon) return ok();
  return fail(ErrorCode::PremiseTooWeak, "the premises' errors add up to more than the conclusion");
}

}  // namespace attncert::rules
