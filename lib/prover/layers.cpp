#include "attncert/prover/layers.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/expression/zoo.hpp"
#include "derivation.hpp"

namespace attncert {
namespace {

constexpr Precision kBallPrecision = 64;
constexpr int kRangeDigits = 7;
constexpr int kEpsilonDigits = 12;
constexpr std::size_t kNestedDomains = 6;

// One layer's facts, in double, with margins that the kernel's own bounds will not exceed.
struct LayerPlan {
  const MlpSublayer* mlp = nullptr;
  Pair pair;
  std::vector<Domain> ranges;
};

Rational outward(double value, Direction direction) {
  const double margin = std::fabs(value) * 1e-9 + 1e-300;
  return round_decimal(Rational(direction == Direction::up ? value + margin : value - margin),
                       kRangeDigits, direction);
}

// w.beta + c +- sqrt(D) |gamma w - mean|
Result<std::vector<Domain>> ranges_of(const Model& model, const MlpSublayer& mlp) {
  const long width = model.network.d_model;
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(model, mlp));
  ATTNCERT_TRY(const auto gain, vector_or_zeros(model.weights, mlp.norm.weight, width));
  ATTNCERT_TRY(const auto shift, vector_or_zeros(model.weights, mlp.norm.bias, width));
  std::vector<Domain> ranges;
  for (long j = 0; j < mlp.d_mlp; ++j) {
    double centre = weights.in_bias[static_cast<std::size_t>(j)];
    double sum = 0;
    double magnitude = std::fabs(centre);
    for (long i = 0; i < width; ++i) {
      const auto at = static_cast<std::size_t>(i);
      centre += weights.in.at(j, i) * shift[at];
      magnitude += std::fabs(weights.in.at(j, i) * shift[at]);
      sum += weights.in.at(j, i) * gain[at];
    }
    double square = 0;
    for (long i = 0; i < width; ++i) {
      const double g = weights.in.at(j, i) * gain[static_cast<std::size_t>(i)] -
                       sum / static_cast<double>(width);
      square += g * g;
    }
    const double radius = std::sqrt(square * static_cast<double>(width)) + magnitude * 1e-9;
    ranges.push_back(
        {outward(centre - radius, Direction::down), outward(centre + radius, Direction::up)});
  }
  return ranges;
}

Rational reach_of(const Domain& range) {
  return std::max(Rational(abs(*range.lower)), Rational(abs(*range.upper)));
}

// Symmetric domains at quantiles of the neurons' reaches; the last covers all.
std::vector<Domain> nested_domains(const std::vector<LayerPlan>& plans, const Pair& pair) {
  std::vector<Rational> reaches;
  for (const LayerPlan& plan : plans) {
    if (plan.pair != pair) continue;
    for (const Domain& range : plan.ranges) reaches.push_back(reach_of(range));
  }
  std::sort(reaches.begin(), reaches.end());
  std::vector<Domain> domains;
  for (std::size_t i = 1; i <= kNestedDomains; ++i) {
    const Rational& reach = reaches[i * reaches.size() / kNestedDomains -
                                    (i * reaches.size() >= kNestedDomains ? 1 : 0)];
    const Rational rounded = round_decimal(reach, 3, Direction::up);
    if (domains.empty() || *domains.back().upper < rounded) {
      domains.push_back({Rational(-rounded), rounded});
    }
  }
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

Result<std::vector<ActivationBound>> prove_activation(Derivation& derivation,
                                                      const std::vector<LayerPlan>& plans,
                                                      const Pair& pair, const Progress& progress) {
  std::vector<ActivationBound> bounds;
  std::vector<Domain> domains = nested_domains(plans, pair);
  std::reverse(domains.begin(), domains.end());
  for (const Domain& domain : domains) {
    ATTNCERT_TRY(SupremumBound bound,
                 bound_supremum(pair, domain, power_of_ten(-kEpsilonDigits), progress));
    if (bound.kind == SupremumBound::Kind::unbounded) {
      return fail(ErrorCode::TailDiverges, "the activation's error has no bound");
    }
    SupError claim = std::get<SupError>(bound.above.claim);
    const Rational worthwhile(99, 100);  // of the next larger domain's bound
    if (!bounds.empty() && claim.epsilon > worthwhile * bounds.back().claim.epsilon) continue;
    bounds.push_back({std::move(claim), append(derivation, std::move(bound.above))});
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

Result<Rational> layer_epsilon(const Model& model, const LayerPlan& plan,
                               const std::vector<ActivationBound>& bounds) {
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(model, *plan.mlp));
  double greatest = 0;
  for (long k = 0; k < model.network.d_model; ++k) {
    double sum = 0;
    for (long j = 0; j < plan.mlp->d_mlp; ++j) {
      sum += std::fabs(weights.out.at(j, k)) *
             neuron_error(plan.ranges[static_cast<std::size_t>(j)], bounds);
    }
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
          epsilon};
}

Result<std::vector<LayerPlan>> plan_layers(const Model& original, const Model& converted) {
  std::vector<LayerPlan> plans;
  for (const Sublayer& sublayer : original.network.sublayers) {
    const auto* mlp = std::get_if<MlpSublayer>(&sublayer);
    if (mlp == nullptr) continue;
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted.network, mlp->name));
    LayerPlan plan{mlp, {mlp->activation, function_of(*heads)}, {}};
    ATTNCERT_TRY(plan.ranges, ranges_of(original, *mlp));
    plans.push_back(std::move(plan));
  }
  if (plans.empty()) {
    return fail(ErrorCode::LayerMissing, "the model has no MLP sublayer to convert");
  }
  return plans;
}

// instance, ball, lift; activation bounds are kept until the last layer that uses them.
Result<LayerClaim> prove_layer(Derivation& derivation, const Model& original, const LayerPlan& plan,
                               const std::vector<ActivationBound>& bounds, bool keep_bounds,
                               long& end) {
  const std::string& name = plan.mlp->name;
  ATTNCERT_TRY(const Rational epsilon, layer_epsilon(original, plan, bounds));
  std::vector<long> premises{
      derivation.add(Rule::instance, Instance{name}),
      derivation.add(Rule::ball, PreactivationRange{name, plan.ranges}, {}, kBallPrecision)};
  std::vector<long> keep;
  for (const ActivationBound& bound : bounds) {
    premises.push_back(bound.step);
    if (keep_bounds) keep.push_back(bound.step);
  }
  end = derivation.add(Rule::lift, LayerError{name, epsilon}, premises, 0, keep);
  return claim_for(plan, epsilon);
}

}  // namespace

Result<Certificate> certify_layers(const Model& original, const Model& converted,
                                   const ModelHashes& original_hashes,
                                   const ModelHashes& converted_hashes, const Progress& progress) {
  ATTNCERT_TRY(const std::vector<LayerPlan> plans, plan_layers(original, converted));
  Derivation derivation;
  ConversionError claim{original_hashes, converted_hashes, {}, 0};
  std::map<std::string, std::vector<ActivationBound>> bounds;
  std::vector<long> ends;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const LayerPlan& plan = plans[i];
    const std::string key = plan.pair.target + "|" + plan.pair.approximant;
    if (!bounds.contains(key)) {
      ATTNCERT_TRY(bounds[key], prove_activation(derivation, plans, plan.pair, progress));
    }
    const bool used_later = std::any_of(plans.begin() + static_cast<long>(i) + 1, plans.end(),
                                        [&](const LayerPlan& p) { return p.pair == plan.pair; });
    long end = 0;
    ATTNCERT_TRY(LayerClaim layer,
                 prove_layer(derivation, original, plan, bounds[key], used_later, end));
    claim.epsilon = std::max(claim.epsilon, layer.epsilon);
    claim.layers.push_back(std::move(layer));
    ends.push_back(end);
  }
  const long end = derivation.add(Rule::every_layer, claim, ends);
  return std::move(derivation).finish(end);
}

}  // namespace attncert
