#include "attncert/prover/layers.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/perturbation.hpp"
#include "derivation.hpp"
#include "layer_ranges.hpp"

namespace attncert {
namespace {

constexpr Precision kBallPrecision = 64;
constexpr int kEpsilonDigits = 12;
constexpr int kLeastLeakPlaces = 20;  // smaller leaks are stated as 1e-20
constexpr std::size_t kNestedDomains = 6;

// One layer's facts.
struct LayerPlan {
  const MlpSublayer* mlp = nullptr;
  const NeuronHeads* heads = nullptr;
  Pair pair;
  std::vector<Domain> ranges;
};

Rational reach_of(const Domain& range) {
  return std::max(Rational(abs(*range.lower)), Rational(abs(*range.upper)));
}

// Symmetric domains at quantiles of the neurons' reaches; the last covers all.
std::vector<Domain> nested_domains(const std::vector<LayerPlan>& plans, const Pair& pair) {
  std::vector<Rational> reaches;
  bool everything = false;
  for (const LayerPlan& plan : plans) {
    if (plan.pair != pair) continue;
    for (const Domain& range : plan.ranges) {
      everything = everything || !range.is_bounded();
      if (range.is_bounded()) reaches.push_back(reach_of(range));
    }
  }
  std::sort(reaches.begin(), reaches.end());
  std::vector<Domain> domains;
  for (std::size_t i = 1; i <= kNestedDomains && !reaches.empty(); ++i) {
    const Rational& reach = reaches[i * reaches.size() / kNestedDomains -
                                    (i * reaches.size() >= kNestedDomains ? 1 : 0)];
    const Rational rounded = round_decimal(reach, 3, Direction::up);
    if (domains.empty() || *domains.back().upper < rounded) {
      domains.push_back({Rational(-rounded), rounded});
    }
  }
  if (everything) domains.emplace_back();
  return domains;
}

// Steps of one certificate at the end of another derivation; returns the concluding step.
long append(Derivation& derivation, Certificate part) {
  const long offset = derivation.size();
  for (Step& step : part.steps) {
    for (long& premise : step.premises) premise += offset;
    for (long& kept : step.keep) kept += offset;
    derivation.add(std::move(step));
  }
  return part.end + offset;
}

struct ActivationBound {
  SupError claim;
  long step;
};

// Bounds over all reals, where there is one, and over smaller and smaller domains where they are
// better. All reals come first because a tail is a shorter proof than pieces as far as weights reach.
Result<std::vector<ActivationBound>> prove_activation(Derivation& derivation,
                                                      const std::vector<LayerPlan>& plans,
                                                      const Pair& pair) {
  std::vector<ActivationBound> bounds;
  std::vector<Domain> domains = nested_domains(plans, pair);
  const bool needs_all = !domains.empty() && !domains.back().is_bounded();
  if (!needs_all) domains.emplace_back();
  std::reverse(domains.begin(), domains.end());
  const Rational precision = power_of_ten(-kEpsilonDigits);
  for (const Domain& domain : domains) {
    auto found = bound_supremum(pair, domain, precision);
    const bool none = !found || found.value().kind == SupremumBound::Kind::unbounded;
    if (none && !needs_all && domain == Domain{}) continue;
    ATTNCERT_TRY(SupremumBound bound, std::move(found));
    if (bound.kind == SupremumBound::Kind::unbounded) {
      return fail(ErrorCode::TailDiverges, "the activation's error has no bound");
    }
    SupError claim = std::get<SupError>(bound.above.claim);
    // of the next larger domain's bound; the largest bounded domain's is what ranges call for
    const Rational worthwhile = bounds.size() == 1 && bounds.front().claim.domain == Domain{}
                                    ? Rational(1 - 4 * precision)
                                    : Rational(99, 100);
    if (!bounds.empty() && claim.epsilon > worthwhile * bounds.back().claim.epsilon) continue;
    bounds.push_back({std::move(claim), append(derivation, std::move(bound.above))});
    if (bound.kind == SupremumBound::Kind::equal) break;  // nothing smaller is better
  }
  return bounds;
}

double neuron_error(const Domain& range, const std::vector<ActivationBound>& bounds) {
  double least = INFINITY;
  for (const ActivationBound& bound : bounds) {
    if (bound.claim.domain.contains(range)) {
      least = std::min(least, static_cast<double>(bound.claim.epsilon));
    }
  }
  return least;
}

// The largest sum over neurons of |V2_jk| epsilon_j.
Result<Rational> layer_epsilon(const Model& model, const LayerPlan& plan,
                               const std::vector<ActivationBound>& bounds) {
  ATTNCERT_TRY(const Affine out, mlp_output(model, *plan.mlp));
  std::vector<double> errors;
  for (const Domain& range : plan.ranges) errors.push_back(neuron_error(range, bounds));
  double greatest = 0;
  for (long k = 0; k < model.network.d_model; ++k) {
    const auto row = out.weight.row(k);
    double sum = 0;
    for (std::size_t j = 0; j < errors.size(); ++j) sum += std::fabs(row[j]) * errors[j];
    greatest = std::max(greatest, sum);
  }
  return greatest == 0
             ? Rational(0)
             : round_decimal(Rational(greatest * (1 + 1e-11)), kEpsilonDigits, Direction::up);
}

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
    if (mlp == nullptr) continue;
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
      if (!std::holds_alternative<MlpSublayer>(sublayer)) {
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
    ATTNCERT_TRY(const auto rounded, prove_stored(name));
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

  // The stored heads are the construction's, or near: a step, and how near where it is not exact.
  struct Stored {
    long step;
    std::optional<Rational> epsilon;
  };

  Result<Stored> prove_stored(const std::string& name) {
    if (!rounded_) return Stored{derivation_.add(Rule::instance, Instance{name}), {}};
    Context context(Subjects{original_, converted_, {}});
    const Step exact{1, Rule::instance, {}, {}, 0, {}, {}, Instance{name}};
    const Status instance = check_step(context, exact, {});
    if (instance || instance.error().code != ErrorCode::InstanceMismatch) {
      return Stored{derivation_.add(Rule::instance, Instance{name}), {}};
    }
    ATTNCERT_TRY(const Rational moved,
                 perturbation_of(original_, converted_, name, inputs_, kBallPrecision));
    const Rational stated = with_room(moved);
    return Stored{
        derivation_.add(Rule::perturb, Perturbation{name, inputs_, stated}, {}, kBallPrecision),
        stated};
  }

  // Attention and linear maps: exact, but for masks as weights and rounded weights.
  Status prove_other(const Sublayer& sublayer, ConversionError& claim, std::vector<long>& ends) {
    const std::string& name = name_of(sublayer);
    ATTNCERT_TRY(const Stored stored, prove_stored(name));
    const auto* layer = std::get_if<AttentionSublayer>(&sublayer);
    const auto heads = sublayer_named<TokenHeads>(converted_.network, name);
    if (layer == nullptr || !heads || !heads.value()->masks) {
      ends.push_back(stored.step);
      if (!stored.epsilon) return ok();
      claim.epsilon = std::max(claim.epsilon, *stored.epsilon);
      claim.rounded.push_back({name, *stored.epsilon});
      return ok();
    }
    ATTNCERT_TRY(const MaskClaim mask, prove_mask(*layer, *heads.value(), stored.step, ends));
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

  // Rounded up, so that other kernels' slightly wider enclosures pass too.
  static Rational with_room(const Rational& bound) {
    return round_decimal(Rational(bound * (1 + power_of_two(-30))), kEpsilonDigits, Direction::up);
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
