// Rule lift: from activation errors to the error of a sublayer.
#include <algorithm>
#include <cmath>

#include "../rules.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/tensor/bounded_sum.hpp"

namespace attncert::rules {
namespace {

double round_up(const Rational& q) {
  if (q == 0) return 0;
  const double nearest = static_cast<double>(q);
  return std::nextafter(nearest, INFINITY);
}

// The least epsilon among the activation bounds that cover a neuron's range.
Result<Rational> neuron_error(const Domain& range, const std::vector<const SupError*>& bounds) {
  const Rational* least = nullptr;
  for (const SupError* bound : bounds) {
    if (bound->domain.contains(range) && (least == nullptr || bound->epsilon < *least)) {
      least = &bound->epsilon;
    }
  }
  if (least != nullptr) return *least;
  return fail(ErrorCode::RangeNotCovered, "no activation bound covers a neuron's range");
}

Result<std::vector<double>> neuron_errors(const PreactivationRange& ranges, const Pair& pair,
                                          const Premises& premises) {
  std::vector<const SupError*> bounds;
  for (std::size_t i = 2; i < premises.size(); ++i) {
    ATTNCERT_TRY(const SupError* bound, premise_as<SupError>(premises, i));
    if (bound->pair != pair) return pair_mismatch();
    bounds.push_back(bound);
  }
  std::vector<double> errors;
  for (const Domain& range : ranges.ranges) {
    ATTNCERT_TRY(const Rational error, neuron_error(range, bounds));
    errors.push_back(round_up(error));
  }
  return errors;
}

// The stored heads are the construction's (0), or move outputs by what a perturbation bounds.
Result<Rational> rounding_of(const Premises& premises, const LayerError& goal) {
  if (!premises.empty()) {
    if (const auto* rounded = std::get_if<Perturbation>(&premises.front())) {
      if (rounded->layer == goal.layer && rounded->inputs == goal.inputs) return rounded->epsilon;
      return other_sublayer();
    }
  }
  ATTNCERT_TRY(const Instance* instance, premise_as<Instance>(premises, 0));
  return instance->layer == goal.layer ? Result<Rational>(0) : other_sublayer();
}

// Output coordinate k is off by at most sum over neurons j of |V2_jk| epsilon_j.
Status check_outputs(const Affine& out, const std::vector<double>& errors, const Rational& rounding,
                     const LayerError& goal) {
  std::vector<double> magnitudes(errors.size());
  for (long k = 0; k < out.weight.rows; ++k) {
    const auto row = out.weight.row(k);
    std::transform(row.begin(), row.end(), magnitudes.begin(),
                   [](double v) { return std::fabs(v); });
    const Bounded bound = dot(magnitudes, errors);
    if (!std::isfinite(bound.error) || exact_interval(bound).upper + rounding > goal.epsilon) {
      return fail(ErrorCode::BoundExceeded, "output coordinate " + std::to_string(k) + " of " +
                                                goal.layer + " exceeds the stated epsilon");
    }
  }
  return ok();
}

}  // namespace

// With a gate the activation's error is multiplied by another vector, which no premise bounds: then
// it must be 0.
Status lift(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const LayerError* goal, conclusion_as<LayerError>(step));
  ATTNCERT_TRY(const Rational rounding, rounding_of(premises, *goal));
  ATTNCERT_TRY(const PreactivationRange* ranges, premise_as<PreactivationRange>(premises, 1));
  if (ranges->layer != goal->layer) return other_sublayer();
  if (ranges->inputs != goal->inputs) {
    return fail(ErrorCode::DomainMismatch, "the ranges are over other inputs than the conclusion");
  }
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(original->network, goal->layer));
  ATTNCERT_TRY(const NeuronHeads* heads,
               sublayer_named<NeuronHeads>(converted->network, goal->layer));
  if (goal->exact_masks != heads->masks.has_value()) {
    return fail(ErrorCode::LayerFactsMismatch,
                "masks as weights leak: the conclusion must say 'masks': 'exact', and only then");
  }
  if (static_cast<long>(ranges->ranges.size()) != mlp->d_mlp) {
    return fail(ErrorCode::RangeCount, "the number of ranges is not the number of neurons");
  }
  const Pair pair{mlp->activation, heads->function};
  ATTNCERT_TRY(const std::vector<double> errors, neuron_errors(*ranges, pair, premises));
  if (mlp->gate && std::any_of(errors.begin(), errors.end(), [](double e) { return e != 0; })) {
    return fail(ErrorCode::BoundExceeded, "a gated sublayer's activation must be exact");
  }
  ATTNCERT_TRY(const Affine out, mlp_output(*original, *mlp));
  return check_outputs(out, errors, rounding, *goal);
}

}  // namespace attncert::rules
