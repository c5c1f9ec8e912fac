#include "activation_bounds.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/kernel/perturbation.hpp"

namespace attncert {
namespace {

constexpr std::size_t kNestedDomains = 6;

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

}  // namespace

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

namespace {

double neuron_error(const Domain& range, const std::vector<ActivationBound>& bounds) {
  double least = INFINITY;
  for (const ActivationBound& bound : bounds) {
    if (bound.claim.domain.contains(range)) {
      least = std::min(least, static_cast<double>(bound.claim.epsilon));
    }
  }
  return least;
}

}  // namespace

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

Result<long> prove_exact(Derivation& derivation, const Model& original, const Model& converted,
                         const std::string& name) {
  Context context(Subjects{original, converted, {}});
  const Step exact{1, Rule::instance, {}, {}, 0, {}, {}, Instance{name}};
  ATTNCERT_CHECK(check_step(context, exact, {}));
  return derivation.add(Rule::instance, Instance{name});
}

Result<StoredHeads> prove_stored(Derivation& derivation, const Model& original,
                                 const Model& converted, const std::string& name,
                                 const Inputs& inputs) {
  const auto exact = prove_exact(derivation, original, converted, name);
  if (exact) return StoredHeads{exact.value(), {}};
  if (exact.error().code != ErrorCode::InstanceMismatch) return exact.error();
  const auto moved = perturbation_of(original, converted, name, inputs, kBallPrecision);
  if (!moved) {
    const bool other = moved.error().code == ErrorCode::LayerFactsMismatch;
    return other ? exact.error() : moved.error();  // rounded weights are not what differs
  }
  const Rational stated = with_room(moved.value());
  return StoredHeads{
      derivation.add(Rule::perturb, Perturbation{name, inputs, stated}, {}, kBallPrecision),
      stated};
}

Rational with_room(const Rational& bound) {
  return round_decimal(Rational(bound * (1 + power_of_two(-30))), kEpsilonDigits, Direction::up);
}

}  // namespace attncert
