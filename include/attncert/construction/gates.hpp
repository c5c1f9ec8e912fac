// Sums of gates: the functions that attention heads with bias tokens compute.
#pragma once

#include <string>
#include <string_view>

#include "attncert/core/result.hpp"

namespace attncert {

/// Reads a gates file and writes the function it means as an FPCore term.
/// Maths    x sum_i c_i / (1 + sum_k e^-(b_ik x + beta_ik))
/// Requires {"gates":[{"coefficient":"c","scores":[["b","beta"],...]},...]}, at least one gate, at
///          least one score each; numbers as strings, or constant FPCore terms such as "(log 2)"
/// Source   docs/formulas.md#gates
Result<std::string> gates_to_fpcore(std::string_view json_text);

}  // namespace attncert
