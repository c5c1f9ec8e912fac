#include "attncert/prover/audit.hpp"

#include <algorithm>
#include <map>

#include "activation_bounds.hpp"
#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/model/decimal.hpp"
#include "attncert/prover/exp_zero.hpp"
#include "audited_neurons.hpp"
#include "computed_inputs.hpp"
#include "layer_ranges.hpp"
#include "mask_findings.hpp"

namespace attncert {
namespace {

constexpr int kLeastLeakPlaces = 20;  // smaller leaks are stated as 1e-20

Error refused(const std::string& what) {
  return fail(ErrorCode::RoundingUnsupported, "not audited: " + what);
}

Error kept() { return refused("it was kept as it is, and heads are what is audited"); }

const Norm& norm_of(const Sublayer& sublayer) {
  return std::visit([](const auto& one) -> const Norm& { return one.norm; }, sublayer);
}

// Says which model a refusal is about.
Result<RoundingBound> of_side(Result<RoundingBound> bound, bool converted) {
  if (bound || bound.error().code != ErrorCode::RoundingOverflow) return bound;
  return fail(bound.error().code,
              bound.error().message + (converted ? ", in the heads" : ", in the original"));
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
      const auto inputs =
          computed_inputs(mlp->norm, original_.network.d_model, evaluation_, input_box(mlp->name));
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
    if (needs_box(norm_of(sublayer), evaluation_)) layer.box = input_box(layer.claim.name);
    Status status = refused("it is heads already");
    if (const auto* mlp = std::get_if<MlpSublayer>(&sublayer)) {
      status = prove_mlp(*mlp, layer.claim, steps);
    } else if (const auto* attention = std::get_if<AttentionSublayer>(&sublayer)) {
      status = prove_attention(*attention, layer.claim, steps);
    } else if (const auto* linear = std::get_if<LinearSublayer>(&sublayer)) {
      status = prove_linear(*linear, layer.claim, steps);
    }
    if (masks_.contains(layer.claim.name)) layer.masks = masks_[layer.claim.name];
    if (!status) {
      layer.refusal = status.error();
      return layer;
    }
    RoundingClaim& claim = layer.claim;
    claim.epsilon = round_decimal(Rational(claim.approximation + claim.weights + claim.leak +
                                           claim.original_rounding + claim.converted_rounding),
                                  kEpsilonDigits, Direction::up);
    layer.size = sizes_[claim.name];
    layer.neurons = std::move(neurons_[claim.name]);
    ends.insert(ends.end(), steps.begin(), steps.end());
    return layer;
  }

  Status begin(const Norm& norm, RoundingClaim& claim) const {
    claim.norm = norm.kind;
    claim.norm_epsilon = norm.epsilon;
    ATTNCERT_TRY(claim.inputs, computed_inputs(norm, original_.network.d_model, evaluation_,
                                               input_box(claim.name)));
    return ok();
  }

  std::optional<Rational> input_box(const std::string& layer) const {
    return options_.boxes ? options_.boxes->of(layer) : std::nullopt;
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
      return refused("no heads compute an MLP gated by " + mlp.activation +
                     " exactly on any open set, so it was not converted");
    }
    if (sublayer_named<MlpSublayer>(converted_.network, mlp.name)) return kept();
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted_.network, mlp.name));
    claim.approximant = heads->function;
    ATTNCERT_CHECK(begin(mlp.norm, claim));
    if (heads->masks) {
      const long others = context_of(converted_.network).value_or(1) - 1;
      ATTNCERT_CHECK(check_mask_rows(converted_, {mlp.name, *heads->masks, 0, others}));
    }
    ATTNCERT_TRY(const RoundingBound before, of_mlp(false, claim));
    ATTNCERT_TRY(const RoundingBound after, of_mlp(true, claim));
    claim.original_rounding = with_room(before.error);
    claim.converted_rounding = with_room(after.error);
    sizes_[claim.name] = before.size;
    const auto plan = std::find_if(plans_.begin(), plans_.end(),
                                   [&](const LayerPlan& one) { return one.mlp == &mlp; });
    if (plan == plans_.end()) return refused("its pre-activations are not bounded");
    ATTNCERT_CHECK(prove_lift(*plan, claim, steps));
    steps.push_back(add_rounding(Rule::round_mlp, claim, false));
    steps.push_back(add_rounding(Rule::round_mlp, claim, true));
    return ok();
  }

  Result<RoundingBound> of_mlp(bool converted, const RoundingClaim& claim) const {
    return of_side(mlp_rounding(converted ? converted_ : original_, converted, claim.name,
                                claim.inputs, evaluation_, kBallPrecision),
                   converted);
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
      return refused("its heads do not compute the sigmoid that gates it exactly");
    }
    if (options_.neurons) {
      ATTNCERT_TRY(neurons_[claim.name],
                   audited_neurons(original_, converted_, plan, bounds, claim.inputs, evaluation_));
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
                     const Rational& scores) const {
    const bool causal = layer.shape.mask == "causal";
    const long tokens = context_of(converted_.network).value_or(1);
    return check_mask_rows(converted_, {layer.name, masks, scores, causal ? tokens : 1});
  }

  Status prove_leak(const AttentionSublayer& layer, const MaskWeights& masks, const Rational& exact,
                    RoundingClaim& claim, std::vector<long>& steps) {
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
      return kept();
    }
    ATTNCERT_CHECK(begin(layer.norm, claim));
    ATTNCERT_TRY(const TokenHeads* heads,
                 sublayer_named<TokenHeads>(converted_.network, layer.name));
    Rational exact_scores;
    if (heads->masks) {
      ATTNCERT_TRY(exact_scores, score_bound(original_, layer, claim.inputs, kBallPrecision));
      ATTNCERT_CHECK(check_masks(layer, *heads->masks, exact_scores));
    }
    if (!context_of(original_.network)) claim.tokens = options_.tokens;
    const auto computed_before = of_attention(false, claim);
    const auto computed_after = of_attention(true, claim);
    ATTNCERT_CHECK(check_mask_constant(claim.name, computed_before, computed_after));
    ATTNCERT_TRY(const RoundingBound before, computed_before);
    ATTNCERT_TRY(const RoundingBound after, computed_after);
    claim.original_rounding = with_room(before.error);
    claim.converted_rounding = with_room(after.error);
    sizes_[claim.name] = before.size;
    ATTNCERT_TRY(const StoredHeads stored,
                 prove_stored(derivation_, original_, converted_, layer.name, claim.inputs));
    if (stored.epsilon) claim.weights = *stored.epsilon;
    steps.push_back(stored.step);
    if (heads->masks) {
      ATTNCERT_CHECK(prove_leak(layer, *heads->masks, exact_scores, claim, steps));
    }
    steps.push_back(add_rounding(Rule::round_attention, claim, false));
    steps.push_back(add_rounding(Rule::round_attention, claim, true));
    return ok();
  }

  Status prove_linear(const LinearSublayer& layer, RoundingClaim& claim, std::vector<long>& steps) {
    if (sublayer_named<LinearSublayer>(converted_.network, layer.name)) return kept();
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

  // Notes scores, also where the mask constant is what is refused.
  Result<RoundingBound> of_attention(bool converted, const RoundingClaim& claim) {
    const auto bound_of = [&](const Evaluation& evaluation) {
      return attention_rounding(converted ? converted_ : original_, converted, claim.name,
                                claim.inputs, evaluation, claim.tokens, kBallPrecision);
    };
    auto bound = bound_of(evaluation_);
    if (bound) {
      note_scores(claim.name, bound.value().scores);
    } else if (evaluation_.mask_constant) {
      Evaluation left_out = evaluation_;
      left_out.mask_constant.reset();
      const auto without = bound_of(left_out);
      if (without) note_scores(claim.name, without.value().scores);
    }
    return of_side(std::move(bound), converted);
  }

  // Which constant would do for both sides.
  Status check_mask_constant(const std::string& layer, const Result<RoundingBound>& before,
                             const Result<RoundingBound>& after) const {
    const auto is_weak = [](const Result<RoundingBound>& bound) {
      return !bound && bound.error().code == ErrorCode::MaskTooWeak;
    };
    const auto needs = masks_.find(layer);
    if (needs == masks_.end() || !(is_weak(before) || is_weak(after))) return ok();
    std::string what = "masked tokens may get weight: ";
    if (needs->second.may_win.value_or(false)) what = "masked tokens may win: ";
    if (!evaluation_.exp_zero) {
      what += "say from where on exp is 0, --exp-zero auto or T";
    } else if (!needs->second.least) {
      what += "no constant of the format is enough";
    } else {
      what +=
          "lower their scores by at least " + to_scientific(*needs->second.least, 4, Direction::up);
    }
    return fail(ErrorCode::MaskTooWeak, what);
  }

  void note_scores(const std::string& layer, const Rational& scores) {
    MaskNeeds& needs = masks_[layer];
    needs.scores = std::max(needs.scores, scores);
    needs.exp_zero = evaluation_.exp_zero.value_or(
        exp_zero_of(evaluation_.compute, evaluation_.underflow, kExpZeroDigits));
    needs.least = sufficient_mask_constant(evaluation_, needs.scores, needs.exp_zero);
    const Rational largest =
        std::min(largest_finite(evaluation_.compute), largest_finite(evaluation_.accumulate));
    if (needs.gap() + *needs.least > largest) needs.least.reset();
    if (evaluation_.mask_constant) needs.may_win = *evaluation_.mask_constant <= needs.gap();
  }

  const Model& original_;
  const Model& converted_;
  const Evaluation& evaluation_;
  const AuditOptions& options_;
  std::vector<const Sublayer*> chosen_;
  std::vector<LayerPlan> plans_;
  std::map<std::string, std::vector<ActivationBound>> bounds_;
  std::map<std::string, Rational> sizes_;  // of the original's outputs
  std::map<std::string, MaskNeeds> masks_;
  std::map<std::string, std::vector<AuditedNeuron>> neurons_;
  Derivation derivation_;
};

}  // namespace

Result<Audit> audit_conversion(const Model& original, const Model& converted,
                               const Evaluation& evaluation, const AuditOptions& options,
                               const Progress& progress) {
  return AuditProver(original, converted, evaluation, options).run(progress);
}

}  // namespace attncert
