// Symmetry about 0, read off a term's syntax.
#pragma once

#include "attncert/expression/term.hpp"

namespace attncert {

/// |f(-x)| = |f(x)| for every x where f is defined, and f is defined at -x exactly where at x.
/// Maths    follows f(-x) = s f(x) + c + l x, s = +-1, through the term by exact rules (x is odd;
///          1/(1 + e^u) with u odd has s = -1, c = 1; x times it has s = 1, l = -1; ...)
/// Ensures  true only where the rules prove it; false means "not seen", not "not even"
/// Status   trusted
/// Source   docs/formulas.md#parity
bool is_even_in_magnitude(const Program& program, NodeIndex root);

}  // namespace attncert
