// Where rows lie that a machine's norms give.
#pragma once

#include <optional>

#include "attncert/statement/evaluation.hpp"
#include "attncert/statement/judgement.hpp"
#include "attncert/statement/network.hpp"

namespace attncert {

/// Whether the norm, as it is computed, bounds nothing over every input: a box is needed.
bool needs_box(const Norm& norm, const Evaluation& evaluation);

/// Inputs that hold every computed normalised row of this width, of inputs |x_i| <= box if the norm
/// needs a box.
/// Errors   EnclosureUnbounded (a box is needed; or the norm may divide by 0), RoundingUseless
/// Status   rigorous
/// Source   docs/formulas.md#rounding-norms
Result<Inputs> computed_inputs(const Norm& norm, long width, const Evaluation& evaluation,
                               const std::optional<Rational>& box);

}  // namespace attncert
