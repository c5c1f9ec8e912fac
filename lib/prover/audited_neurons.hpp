// Neurons of an audited MLP, one by one (private to the module).
#pragma once

#include "activation_bounds.hpp"
#include "attncert/prover/audit.hpp"

namespace attncert {

/// Ranges and approximation as rule lift has them, rounding as rule round-mlp; all rounded outward.
Result<std::vector<AuditedNeuron>> audited_neurons(const Model& original, const Model& converted,
                                                   const LayerPlan& plan,
                                                   const std::vector<ActivationBound>& bounds,
                                                   const Inputs& inputs,
                                                   const Evaluation& evaluation);

}  // namespace attncert
