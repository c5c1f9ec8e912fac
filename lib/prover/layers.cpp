#include "attncert/prover/layers.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "activation_bounds.hpp"
#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/perturbation.hpp"
#include "layer_ranges.hpp"

namespace attncert {
namespace {

constexpr int kLeastLeakPlaces = 20;  // smaller leaks are stated as 1e-20

LayerClaim claim_for(const LayerPlan& plan, const Rational& epsilon) {
  const MlpSublayer& mlp = *plan.mlp;
  return {mlp.name,
          mlp.activation,
          plan.pair.approximant,
          std::string(name_of(mlp.layout)),
          mlp.norm.kind,
          mlp.norm.epsilon,
          epsilon,
          plan.heads->masks ? std::optional(plan.heads->masks->omega) : std::nullopt};
}

Result<std::vector<LayerPlan>> plan_layers(const Model& original, const Model& converted,
                                           const Inputs& inputs) {
  std::vector<LayerPlan> plans;
  for (const Sublayer& sublayer : original.network.sublayers) {
    const auto* mlp = std::get_if<MlpSublayer>(&sublayer);
    if (mlp == nullptr || sublayer_named<MlpSublayer>(converted.network, mlp->name)) continue;
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted.network, mlp->name));
    LayerPlan plan{mlp, heads, {mlp->activation, heads->function}, {}};
    ATTNCERT_TRY(plan.ranges, ranges_of(original, *mlp, inputs));
    plans.push_back(std::move(plan));
  }
  return plans;
}

// Builds one derivation: activation bounds once for each pair, then the sublayers in order.
class LayerProver {
public:
  LayerProver(const Model& original, const Model& converted, std::vector<LayerPlan> plans,
              Inputs inputs, const Progress& progress, bool rounded)
      : original_(original),
        converted_(converted),
        plans_(std::move(plans)),
        inputs_(std::move(inputs)),
        progress_(progress),
        rounded_(rounded) {}

  Result<LayerCertificate> run(ConversionError claim) {
    claim.inputs = inputs_;
    std::vector<long> ends;
    std::size_t next = 0;
    std::size_t done = 0;
    for (const Sublayer& sublayer : original_.network.sublayers) {
      if (progress_) {
        const auto all = static_cast<double>(original_.network.sublayers.size());
        progress_(static_cast<double>(done) / all, done);
        ++done;
      }
      if (next >= plans_.size() || plans_[next].mlp->name != name_of(sublayer)) {
        ATTNCERT_CHECK(prove_other(sublayer, claim, ends));
        continue;
      }
      ATTNCERT_TRY(LayerClaim layer, prove_layer(next++, ends));
      claim.epsilon = std::max(claim.epsilon, layer.epsilon);
      claim.layers.push_back(std::move(layer));
    }
    const bool exact =
        claim.epsilon == 0 && inputs_ == Inputs{} && claim.masks.empty() && claim.rounded.empty();
    const long end = derivation_.add(
        Rule::every_layer,
        exact ? Judgement(Identity{claim.original, claim.converted}) : Judgement(claim), ends);
    return LayerCertificate{std::move(derivation_).finish(end), std::move(claim.layers),
                            std::move(claim.masks), std::move(claim.rounded)};
  }

private:
  // instance, ball or box, lift; activation bounds are kept until the last layer that uses them.
  Result<LayerClaim> prove_layer(std::size_t i, std::vector<long>& ends) {
    const LayerPlan& plan = plans_[i];
    const std::string& name = plan.mlp->name;
    const std::string key = plan.pair.target + "|" + plan.pair.approximant;
    if (!bounds_.contains(key)) {
      ATTNCERT_TRY(bounds_[key], prove_activation(derivation_, plans_, plan.pair));
    }
    const std::vector<ActivationBound>& bounds = bounds_[key];
    ATTNCERT_TRY(Rational epsilon, layer_epsilon(original_, plan, bounds));
    if (plan.mlp->gate && epsilon != 0) {
      return fail(ErrorCode::BoundExceeded,
                  "sublayer '" + name + "' is gated by " + plan.mlp->activation +
                      ", which no heads compute exactly: only sigmoid gates can be converted");
    }
    ATTNCERT_TRY(const auto rounded, stored(name));
    if (rounded.epsilon) {
      epsilon = round_decimal(Rational(epsilon + *rounded.epsilon), kEpsilonDigits, Direction::up);
    }
    std::vector<long> premises{
        rounded.step,
        derivation_.add(inputs_.is_box() ? Rule::box : Rule::ball,
                        PreactivationRange{name, inputs_, plan.ranges}, {}, kBallPrecision)};
    const bool used_later = std::any_of(plans_.begin() + static_cast<long>(i) + 1, plans_.end(),
                                        [&](const LayerPlan& p) { return p.pair == plan.pair; });
    std::vector<long> keep;
    for (const ActivationBound& bound : bounds) {
      premises.push_back(bound.step);
      if (used_later) keep.push_back(bound.step);
    }
    const bool weights = plan.heads->masks.has_value();
    if (weights) keep.push_back(premises[1]);
    const long lifted =
        derivation_.add(Rule::lift, LayerError{name, inputs_, epsilon, weights}, premises, 0, keep);
    if (!weights) {
      ends.push_back(lifted);
      return claim_for(plan, epsilon);
    }
    ATTNCERT_TRY(const Rational leak,
                 neuron_leak(original_, *plan.mlp, plan.heads->gates, plan.ranges,
                             plan.heads->masks->omega, kBallPrecision));
    return claim_for(plan, add_leak(name, epsilon, lifted, leak, premises[1], ends));
  }

  Result<StoredHeads> stored(const std::string& name) {
    if (!rounded_) return StoredHeads{derivation_.add(Rule::instance, Instance{name}), {}};
    return prove_stored(derivation_, original_, converted_, name, inputs_);
  }

  // Attention, linear maps and what is kept: exact, but for masks as weights and rounded weights.
  Status prove_other(const Sublayer& sublayer, ConversionError& claim, std::vector<long>& ends) {
    const std::string& name = name_of(sublayer);
    ATTNCERT_TRY(const StoredHeads heads_step, stored(name));
    const auto* layer = std::get_if<AttentionSublayer>(&sublayer);
    const auto heads = sublayer_named<TokenHeads>(converted_.network, name);
    if (layer == nullptr || !heads || !heads.value()->masks) {
      ends.push_back(heads_step.step);
      if (!heads_step.epsilon) return ok();
      claim.epsilon = std::max(claim.epsilon, *heads_step.epsilon);
      claim.rounded.push_back({name, *heads_step.epsilon});
      return ok();
    }
    ATTNCERT_TRY(const MaskClaim mask, prove_mask(*layer, *heads.value(), heads_step.step, ends));
    claim.epsilon = std::max(claim.epsilon, mask.epsilon);
    claim.masks.push_back(mask);
    return ok();
  }

  Result<MaskClaim> prove_mask(const AttentionSublayer& layer, const TokenHeads& heads, long exact,
                               std::vector<long>& ends) {
    const std::string& name = layer.name;
    const Rational& omega = heads.masks->omega;
    ATTNCERT_TRY(const Rational scores, score_bound(original_, layer, inputs_, kBallPrecision));
    const Rational stated = with_room(scores);
    const long bound =
        derivation_.add(Rule::spectral, ScoreBound{name, inputs_, stated}, {}, kBallPrecision);
    ATTNCERT_TRY(const Rational leak,
                 attention_leak(original_, layer, inputs_, stated, omega, kBallPrecision));
    const Rational epsilon = add_leak(name, 0, exact, leak, bound, ends);
    return MaskClaim{name, layer.shape.mask, omega, epsilon};
  }

  // leak and triangle; returns what both errors come to.
  Rational add_leak(const std::string& name, const Rational& epsilon, long first,
                    const Rational& moved, long bound, std::vector<long>& ends) {
    const Rational stated = with_room(std::max(moved, power_of_ten(-kLeastLeakPlaces)));
    const Rational total = round_decimal(Rational(epsilon + stated), kEpsilonDigits, Direction::up);
    const long leak =
        derivation_.add(Rule::leak, MaskLeak{name, inputs_, stated}, {bound}, kBallPrecision);
    ends.push_back(
        derivation_.add(Rule::triangle, LayerError{name, inputs_, total}, {first, leak}));
    return total;
  }

  const Model& original_;
  const Model& converted_;
  std::vector<LayerPlan> plans_;
  Inputs inputs_;
  const Progress& progress_;
  bool rounded_;
  Derivation derivation_;
  std::map<std::string, std::vector<ActivationBound>> bounds_;
};

}  // namespace

Result<LayerCertificate> certify_layers(const Model& original, const Model& converted,
                                        const Inputs& inputs, const Progress& progress,
                                        bool rounded) {
  ATTNCERT_TRY(std::vector<LayerPlan> plans, plan_layers(original, converted, inputs));
  LayerProver prover(original, converted, std::move(plans), inputs, progress, rounded);
  return prover.run({original.hashes, converted.hashes, {}, {}, {}, {}, 0});
}

}  // namespace attncert
