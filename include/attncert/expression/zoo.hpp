// The activation zoo: named functions, each defined by an FPCore term.
#pragma once

#include <string>
#include <string_view>

#include "attncert/expression/term.hpp"

namespace attncert {

/// Reads a function: a zoo name, `silu:k=K`, or an FPCore term in x.
/// Maths    relu max(0,x); silu x s(x), s the sigmoid; silu:k=K SiLU(Kx)/K; gelu x Phi(x);
///          gelu_tanh x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))); quick_gelu x s(1.702 x);
///          sigmoid; tanh; softplus ln(1 + e^x); mish x tanh(softplus x); elu max(0,x) + min(0,
///          e^x - 1)
/// Requires a known name (UnknownActivation), K != 0 (ActivationParameter), or an FPCore term
/// Status   trusted
/// Source   docs/formulas.md#zoo
Result<NodeIndex> read_function(std::string_view text, ProgramBuilder& builder);

/// The one canonical spelling of a function's text: `silu:k=K` with K canonical, FPCore rewritten.
Result<std::string> canonical_function(std::string_view text);

/// Both functions and their difference in one program.
Result<Difference> read_difference(std::string_view target, std::string_view approximant);

/// Every plain zoo name, in documentation order.
std::string zoo_names();

}  // namespace attncert
