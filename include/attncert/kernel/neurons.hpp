// Which neuron rounds how much: what rule round-mlp's bound is made of. No rule needs it.
#pragma once

#include "attncert/kernel/rounding.hpp"
#include "attncert/tensor/upper.hpp"

namespace attncert {

/// What one neuron of an MLP, or its heads together, contribute to a rounding bound, rounded up.
struct NeuronRounding {
  Upper preactivation;        // |z|
  Upper preactivation_error;  // of the computed z; of heads: of the query's
  Upper activation_error;     // of the computed a(z); of heads: of all gates' outputs together
  Upper contribution;         // to the error of an output coordinate, the largest
};

/// Of every neuron, by the same derivation as mlp_rounding, whose errors these are.
/// Maths    contribution: max_k |W_kj| (e_j + rho (m_j + e_j))
/// Status   trusted
/// Source   docs/formulas.md#rounding-mlps
Result<std::vector<NeuronRounding>> neuron_roundings(const Model& model, bool converted,
                                                     const std::string& layer, const Inputs& inputs,
                                                     const Evaluation& evaluation,
                                                     Precision precision);

}  // namespace attncert
