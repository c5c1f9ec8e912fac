// What a machine's sublayers add to a stream of affine forms.
#pragma once

#include <functional>

#include "computed_maps.hpp"
#include "enclosed_sublayers.hpp"

namespace attncert::rules {

/// Maps a computed stream to what the machine computes of a sublayer, before it is added.
using ComputedUpdate = std::function<Result<Forms>(Symbols& symbols, const Forms& stream)>;

/// Reads a sublayer's weights; `context` is the greatest number of tokens.
/// Errors   RoundingUnsupported, RoundingUseless, TensorMissing, ...
/// Status   trusted
/// Source   docs/formulas.md#forms
Result<ComputedUpdate> computed_update(const Machine& machine, const Model& model,
                                       const Sublayer& sublayer, long context,
                                       FunctionTables& tables);

}  // namespace attncert::rules
