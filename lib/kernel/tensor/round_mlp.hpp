// What the rounding bound of an MLP, or of the neuron heads that stand for it, is made of.
#pragma once

#include "rounded_map.hpp"

namespace attncert::rules {

/// Of each neuron: its pre-activation (of heads: the query's z), and what the output map multiplies.
struct MlpParts {
  RoundedRows rows;
  InnerValues inner;
  StoredMap out;
};
Result<MlpParts> mlp_parts(const Machine& machine, const Model& model, bool converted,
                           const std::string& layer, const Inputs& inputs, Precision precision);
Result<MlpParts> parts_of_heads(const Machine& machine, const Model& model,
                                const NeuronHeads& heads, const Inputs& inputs);

}  // namespace attncert::rules
