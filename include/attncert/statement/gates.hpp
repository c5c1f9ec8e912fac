// Gates: what attention heads of mask {self, bias tokens} compute, as exact data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attncert/core/json.hpp"

namespace attncert {

/// The score against one bias token is -(slope z + shift); constants, as canonical text.
struct Score {
  std::string slope;
  std::string shift;
  bool operator==(const Score&) const = default;
};

/// One head: coefficient times the weight on self, 1 / (1 + sum_k e^-(slope_k z + shift_k)).
struct Gate {
  std::string coefficient;
  std::vector<Score> scores;
  bool operator==(const Gate&) const = default;
};

using Gates = std::vector<Gate>;

/// Reads [{"coefficient":"c","scores":[["b","beta"],...]},...].
/// Requires at least one gate, at least one score each (GatesSyntax); numbers as strings, or
///          constant FPCore terms such as "(log 2)"
/// Ensures  numbers in canonical form
/// Status   trusted
Result<Gates> gates_of(const Json& array);
Json to_json(const Gates& gates);

/// Reads a gates file, {"gates":[...]}. Errors as above, and Json...
Result<Gates> parse_gates(std::string_view json_text);

/// The function a neuron's heads compute together, in canonical form.
/// Maths    x S(x) with S(x) = sum_i c_i / (1 + sum_k e^-(b_ik x + beta_ik)); "silu:k=b" where that
///          is one gate with c = 1 and one unshifted score
/// Status   trusted
/// Source   docs/formulas.md#gates
Result<std::string> neuron_function(const Gates& gates);

/// S(x) itself: what gates a value that is not x (a GLU neuron).
Result<std::string> gate_function(const Gates& gates);

}  // namespace attncert
