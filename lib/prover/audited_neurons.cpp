#include "audited_neurons.hpp"

#include <algorithm>

namespace attncert {
namespace {

// The least bound that covers the range; rule lift takes it too.
Result<Rational> approximation_over(const Domain& range,
                                    const std::vector<ActivationBound>& bounds) {
  const Rational* least = nullptr;
  for (const ActivationBound& bound : bounds) {
    if (!bound.claim.domain.contains(range)) continue;
    if (least == nullptr || bound.claim.epsilon < *least) least = &bound.claim.epsilon;
  }
  if (least != nullptr) return *least;
  return fail(ErrorCode::RangeNotCovered, "no bound of the activation covers a neuron's range");
}

std::vector<double> largest_weights(const Matrix& out) {
  std::vector<double> largest(static_cast<std::size_t>(out.columns));
  for (long k = 0; k < out.rows; ++k) {
    const auto row = out.row(k);
    for (std::size_t j = 0; j < row.size(); ++j) {
      largest[j] = std::max(largest[j], std::fabs(row[j]));
    }
  }
  return largest;
}

}  // namespace

Result<std::vector<AuditedNeuron>> audited_neurons(const Model& original, const Model& converted,
                                                   const LayerPlan& plan,
                                                   const std::vector<ActivationBound>& bounds,
                                                   const Inputs& inputs,
                                                   const Evaluation& evaluation) {
  const auto rounding = [&](const Model& model, bool side) {
    return neuron_roundings(model, side, plan.mlp->name, inputs, evaluation, kBallPrecision);
  };
  ATTNCERT_TRY(const std::vector<NeuronRounding> before, rounding(original, false));
  ATTNCERT_TRY(const std::vector<NeuronRounding> after, rounding(converted, true));
  ATTNCERT_TRY(const Affine out, mlp_output(original, *plan.mlp));
  const std::vector<double> largest = largest_weights(out.weight);
  std::vector<AuditedNeuron> neurons;
  for (std::size_t j = 0; j < before.size(); ++j) {
    AuditedNeuron neuron{plan.ranges[j], 0, {}, before[j], after[j]};
    ATTNCERT_TRY(neuron.approximation, approximation_over(neuron.range, bounds));
    neuron.approximation_contribution = Upper::of(largest[j]) * Upper::of(neuron.approximation);
    neurons.push_back(std::move(neuron));
  }
  return neurons;
}

}  // namespace attncert
