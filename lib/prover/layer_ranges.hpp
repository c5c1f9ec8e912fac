// Where pre-activations lie, in double, with margins that the kernel's own bounds will not exceed
// (private to the module).
#pragma once

#include "attncert/kernel/weights.hpp"

namespace attncert {

/// One range for each neuron of an MLP sublayer; all reals where the norm bounds nothing.
Result<std::vector<Domain>> ranges_of(const Model& model, const MlpSublayer& mlp,
                                      const Inputs& inputs);

}  // namespace attncert
