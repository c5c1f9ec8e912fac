#include "attncert/prover/audit.hpp"

#include <algorithm>
#include <map>

#include "activation_bounds.hpp"
#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/rounding.hpp"
#include "layer_ranges.hpp"
#include "mask_findings.hpp"

namespace attncert {
namespace {

constexpr int kRadiusDigits = 9;
constexpr int kLeastLeakPlaces = 20;  // smaller leaks are stated as 1e-20

Error refused(const std::string& name, const std::string& what) {
  return fail(ErrorCode::RoundingUnsupported,
              "rounding of sublayer '" + name + "' is not bounded: " + what);
}

Error kept(const std::string& layer) {
  return refused(layer, "it was kept as it is, and heads are what is audited");
}

// Where computed rows lie after the norm.
Result<Inputs> inputs_after(const Norm& norm, long width, const Evaluation& evaluation,
                            const AuditOptions& options) {
  const auto stated = [](const Rational& size) {
    return round_decimal(size, kRadiusDigits, Direction::up);
  };
  const bool linear = norm.kind == "mean-norm" || norm.kind == "none";
  if (linear && options.box) {
    if (norm.kind == "none") return Inputs{Inputs::Kind::computed_box, *options.box};
    const Rational roundings =
        (evaluation.summation.roundings(width) + 1) * unit_roundoff(evaluation.accumulate);
    if (2 * roundings >= 1) {
      return fail(ErrorCode::RoundingUseless, "no useful bound: a mean may lose every digit");
    }
    const Rational u = unit_roundoff(evaluation.compute);
    const Rational tiny = 4 * (underflow_unit(evaluation.accumulate, evaluation.underflow) +
                               underflow_unit(evaluation.compute, evaluation.underflow));
    const Rational mean = *options.box * (1 + 2 * roundings) * (1 + 4 * u) + tiny;
    return Inputs{Inputs::Kind::computed_box,
                  stated(Rational((*options.box + mean) * (1 + u) + tiny))};
  }
  ATTNCERT_TRY(const Rational radius, computed_radius(norm, width, evaluation));
  return Inputs{Inputs::Kind::computed, stated(radius)};
}

class AuditProver {
public:
  AuditProver(const Model& original, const Model& converted, const Evaluation& evaluation,
              const AuditOptions& options)
      : original_(original), converted_(converted), evaluation_(evaluation), options_(options) {}

  Result<Audit> run(const Progress& progress) {
    ATTNCERT_CHECK(plan());
    Audit audit;
    RoundingError claim{original_.hashes, converted_.hashes, evaluation_, {}, 0};
    std::vector<long> ends;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (progress) progress(static_cast<double>(i) / static_cast<double>(chosen_.size()), i);
      AuditedLayer layer = prove(*chosen_[i], ends);
      if (!layer.refusal) {
        claim.epsilon = std::max(claim.epsilon, layer.claim.epsilon);
        claim.layers.push_back(layer.claim);
      }
      audit.layers.push_back(std::move(layer));
    }
    if (claim.layers.empty()) return audit;
    const long end = derivation_.add(Rule::round_total, std::move(claim), ends);
    audit.certificate = std::move(derivation_).finish(end);
    return audit;
  }

private:
  // Which sublayers; and for MLPs, over which ranges activations are needed.
  Status plan() {
    for (const Sublayer& sublayer : original_.network.sublayers) {
      if (options_.layer && name_of(sublayer) != *options_.layer) continue;
      chosen_.push_back(&sublayer);
      const auto* mlp = std::get_if<MlpSublayer>(&sublayer);
      if (mlp == nullptr || (mlp->gate && mlp->activation != "sigmoid")) continue;
      const auto heads = sublayer_named<NeuronHeads>(converted_.network, mlp->name);
      const auto inputs = inputs_after(mlp->norm, original_.network.d_model, evaluation_, options_);
      if (!heads || !inputs) continue;
      LayerPlan plan{mlp, heads.value(), {mlp->activation, heads.value()->function}, {}};
      auto ranges = ranges_of(original_, *mlp, inputs.value());
      if (!ranges) continue;
      plan.ranges = std::move(ranges).value();
      plans_.push_back(std::move(plan));
    }
    if (!options_.layer || !chosen_.empty()) return ok();
    return fail(ErrorCode::LayerMissing, "no sublayer '" + *options_.layer + "' in the model");
  }

  AuditedLayer prove(const Sublayer& sublayer, std::vector<long>& ends) {
    AuditedLayer layer;
    layer.claim.name = name_of(sublayer);
    std::vector<long> steps;
    Status status = refused(layer.claim.name, "it is heads already");
    if (const auto* mlp = std::get_if<MlpSublayer>(&sublayer)) {
      status = prove_mlp(*mlp, layer.claim, steps);
    } else if (const auto* attention = std::get_if<AttentionSublayer>(&sublayer)) {
      status = prove_attention(*attention, layer.claim, steps);
    } else if (const auto* linear = std::get_if<LinearSublayer>(&sublayer)) {
      status = prove_linear(*linear, layer.claim, steps);
    }
    if (!status) {
      layer.refusal = status.error();
      return layer;
    }
    RoundingClaim& claim = layer.claim;
    claim.epsilon = round_decimal(Rational(claim.approximation + claim.weights + claim.leak +
                                           claim.original_rounding + claim.converted_rounding),
                                  kEpsilonDigits, Direction::up);
    layer.size = sizes_[claim.name];
    ends.insert(ends.end(), steps.begin(), steps.end());
    return layer;
  }

  Status begin(const Norm& norm, RoundingClaim& claim) const {
    claim.norm = norm.kind;
    claim.norm_epsilon = norm.epsilon;
    ATTNCERT_TRY(claim.inputs,
                 inputs_after(norm, original_.network.d_model, evaluation_, options_));
    return ok();
  }

  long add_rounding(Rule rule, const RoundingClaim& claim, bool converted) {
    const Rational& share = converted ? claim.converted_rounding : claim.original_rounding;
    return derivation_.add(
        rule, Rounding{claim.name, converted, claim.inputs, evaluation_, share, claim.tokens}, {},
        kBallPrecision);
  }

  Status prove_mlp(const MlpSublayer& mlp, RoundingClaim& claim, std::vector<long>& steps) {
    claim.activation = mlp.activation;
    if (mlp.gate && mlp.activation != "sigmoid") {
      return refused(mlp.name, "it is gated by " + mlp.activation +
                                   ", and gated MLPs are not supported (no heads compute this one "
                                   "exactly on any open set)");
    }
    if (sublayer_named<MlpSublayer>(converted_.network, mlp.name)) return kept(mlp.name);
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted_.network, mlp.name));
    claim.approximant = heads->function;
    ATTNCERT_CHECK(begin(mlp.norm, claim));
    if (heads->masks) {
      const long others = context_of(converted_.network).value_or(1) - 1;
      ATTNCERT_CHECK(check_mask_rows(converted_, {mlp.name, *heads->masks, 0, others}));
    }
    ATTNCERT_TRY(const RoundingBound before, mlp_rounding(original_, false, mlp.name, claim.inputs,
                                                          evaluation_, kBallPrecision));
    ATTNCERT_TRY(const RoundingBound after, mlp_rounding(converted_, true, mlp.name, claim.inputs,
                                                         evaluation_, kBallPrecision));
    claim.original_rounding = with_room(before.error);
    claim.converted_rounding = with_room(after.error);
    sizes_[claim.name] = before.size;
    const auto plan = std::find_if(plans_.begin(), plans_.end(),
                                   [&](const LayerPlan& one) { return one.mlp == &mlp; });
    if (plan == plans_.end()) return refused(mlp.name, "its pre-activations are not bounded");
    ATTNCERT_CHECK(prove_lift(*plan, claim, steps));
    steps.push_back(add_rounding(Rule::round_mlp, claim, false));
    steps.push_back(add_rounding(Rule::round_mlp, claim, true));
    return ok();
  }

  // The difference in real arithmetic.
  Status prove_lift(const LayerPlan& plan, RoundingClaim& claim, std::vector<long>& steps) {
    const std::string key = plan.pair.target + "|" + plan.pair.approximant;
    if (!bounds_.contains(key)) {
      ATTNCERT_TRY(bounds_[key], prove_activation(derivation_, plans_, plan.pair));
    }
    const std::vector<ActivationBound>& bounds = bounds_[key];
    ATTNCERT_TRY(claim.approximation, layer_epsilon(original_, plan, bounds));
    if (plan.mlp->gate && claim.approximation != 0) {
      return refused(claim.name, "its heads do not compute the sigmoid that gates it exactly");
    }
    ATTNCERT_TRY(const StoredHeads stored,
                 prove_stored(derivation_, original_, converted_, claim.name, claim.inputs));
    if (stored.epsilon) claim.weights = *stored.epsilon;
    const Rule rule = claim.inputs.is_box() ? Rule::box : Rule::ball;
    const long ranges = derivation_.add(
        rule, PreactivationRange{claim.name, claim.inputs, plan.ranges}, {}, kBallPrecision);
    std::vector<long> premises{stored.step, ranges};
    std::vector<long> keep;
    for (const ActivationBound& bound : bounds) premises.push_back(bound.step);
    const bool last = &plan == last_with(plan.pair);
    if (!last) keep.assign(premises.begin() + 2, premises.end());
    if (stored.epsilon) keep.push_back(stored.step);
    const auto& masks = plan.heads->masks;
    if (masks) keep.push_back(ranges);
    const Rational epsilon = claim.approximation + claim.weights;
    steps.push_back(derivation_.add(
        Rule::lift, LayerError{claim.name, claim.inputs, epsilon, masks.has_value()}, premises, 0,
        keep));
    if (stored.epsilon) steps.push_back(stored.step);
    if (!masks) return ok();
    ATTNCERT_TRY(const Rational leak, neuron_leak(original_, *plan.mlp, plan.heads->gates,
                                                  plan.ranges, masks->omega, kBallPrecision));
    add_leak(leak, ranges, claim, steps);
    return ok();
  }

  // What masks as weights let through, from a bound of scores or ranges.
  void add_leak(const Rational& leak, long from, RoundingClaim& claim, std::vector<long>& steps) {
    claim.leak = with_room(std::max(leak, power_of_ten(-kLeastLeakPlaces)));
    steps.push_back(derivation_.add(Rule::leak, MaskLeak{claim.name, claim.inputs, claim.leak},
                                    {from}, kBallPrecision));
  }

  // Rows that allow nothing, and what is allowed by less than scores may differ.
  Status check_masks(const AttentionSublayer& layer, const MaskWeights& masks,
                     const RoundingClaim& claim) const {
    ATTNCERT_TRY(const Rational scores,
                 score_bound(original_, layer, claim.inputs, kBallPrecision));
    const bool causal = layer.shape.mask == "causal";
    const long tokens = context_of(converted_.network).value_or(1);
    return check_mask_rows(converted_, {layer.name, masks, scores, causal ? tokens : 1});
  }

  Status prove_leak(const AttentionSublayer& layer, const MaskWeights& masks, RoundingClaim& claim,
                    std::vector<long>& steps) {
    ATTNCERT_TRY(const Rational exact, score_bound(original_, layer, claim.inputs, kBallPrecision));
    const Rational scores = with_room(exact);
    ATTNCERT_TRY(const Rational leak, attention_leak(original_, layer, claim.inputs, scores,
                                                     masks.omega, kBallPrecision));
    const long bound = derivation_.add(Rule::spectral, ScoreBound{layer.name, claim.inputs, scores},
                                       {}, kBallPrecision);
    add_leak(leak, bound, claim, steps);
    return ok();
  }

  const LayerPlan* last_with(const Pair& pair) const {
    const LayerPlan* last = nullptr;
    for (const LayerPlan& plan : plans_) {
      if (plan.pair == pair) last = &plan;
    }
    return last;
  }

  Status prove_attention(const AttentionSublayer& layer, RoundingClaim& claim,
                         std::vector<long>& steps) {
    if (sublayer_named<AttentionSublayer>(converted_.network, layer.name)) {
      return kept(layer.name);
    }
    ATTNCERT_CHECK(begin(layer.norm, claim));
    ATTNCERT_TRY(const TokenHeads* heads,
                 sublayer_named<TokenHeads>(converted_.network, layer.name));
    if (heads->masks) ATTNCERT_CHECK(check_masks(layer, *heads->masks, claim));
    if (!context_of(original_.network)) claim.tokens = options_.tokens;
    ATTNCERT_TRY(const RoundingBound before,
                 attention_rounding(original_, false, layer.name, claim.inputs, evaluation_,
                                    claim.tokens, kBallPrecision));
    ATTNCERT_TRY(const RoundingBound after,
                 attention_rounding(converted_, true, layer.name, claim.inputs, evaluation_,
                                    claim.tokens, kBallPrecision));
    claim.original_rounding = with_room(before.error);
    claim.converted_rounding = with_room(after.error);
    sizes_[claim.name] = before.size;
    ATTNCERT_TRY(const StoredHeads stored,
                 prove_stored(derivation_, original_, converted_, layer.name, claim.inputs));
    if (stored.epsilon) claim.weights = *stored.epsilon;
    steps.push_back(stored.step);
    if (heads->masks) ATTNCERT_CHECK(prove_leak(layer, *heads->masks, claim, steps));
    steps.push_back(add_rounding(Rule::round_attention, claim, false));
    steps.push_back(add_rounding(Rule::round_attention, claim, true));
    return ok();
  }

  Status prove_linear(const LinearSublayer& layer, RoundingClaim& claim, std::vector<long>& steps) {
    if (sublayer_named<LinearSublayer>(converted_.network, layer.name)) return kept(layer.name);
    ATTNCERT_CHECK(begin(layer.norm, claim));
    ATTNCERT_TRY(const RoundingBound before,
                 linear_rounding(original_, false, layer.name, claim.inputs, evaluation_));
    ATTNCERT_TRY(const RoundingBound after,
                 linear_rounding(converted_, true, layer.name, claim.inputs, evaluation_));
    claim.original_rounding = with_room(before.error);
    claim.converted_rounding = with_room(after.error);
    sizes_[claim.name] = before.size;
    ATTNCERT_TRY(const long exact, prove_exact(derivation_, original_, converted_, layer.name));
    steps.push_back(exact);
    steps.push_back(add_rounding(Rule::round_linear, claim, false));
    steps.push_back(add_rounding(Rule::round_linear, claim, true));
    return ok();
  }

  const Model& original_;
  const Model& converted_;
  const Evaluation& evaluation_;
  const AuditOptions& options_;
  std::vector<const Sublayer*> chosen_;
  std::vector<LayerPlan> plans_;
  std::map<std::string, std::vector<ActivationBound>> bounds_;
  std::map<std::string, Rational> sizes_;  // of the original's outputs
  Derivation derivation_;
};

}  // namespace

Result<Audit> audit_conversion(const Model& original, const Model& converted,
                               const Evaluation& evaluation, const AuditOptions& options,
                               const Progress& progress) {
  return AuditProver(original, converted, evaluation, options).run(progress);
}

}  // namespace attncert
