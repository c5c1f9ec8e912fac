// What keeps the augmented stream what it is: the bias token's row [0, 0, 1], and the coordinates
// `ones` and `bias` of real tokens.
#pragma once

#include "attncert/kernel/kernel.hpp"

namespace attncert::rules {

/// Every sublayer of heads leaves the bias token's row and both coordinates alone, and the bias
/// token's values are 0: then a network of heads means what it means on real tokens alone.
/// Maths    columns `ones` and `bias` of output and bias_output are 0, column `bias` of value is 0,
///          and so is row `bias` of a self head's output
/// Errors   InstanceMismatch, naming tensor and index; TensorMissing, TensorShape, ...
/// Status   trusted
/// Source   docs/formulas.md#heads
Status check_bias_token(const Model& model);

}  // namespace attncert::rules
