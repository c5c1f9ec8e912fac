// What a term does at infinity: rigorous bounds on a half-line.
#pragma once

#include "attncert/expression/term.hpp"
#include "attncert/interval/interval.hpp"

namespace attncert {

/// The half-line [from, inf) (right) or (-inf, -from] (left).
struct HalfLine {
  enum class Side { left, right };
  Side side;
  Rational from;  // > 0
};

/// What was proved of |f| on a half-line.
struct TailBehaviour {
  bool diverges = false;  // |f(x)| -> inf
  Interval bound;         // otherwise |f(x)| <= bound.upper() everywhere on the half-line
};

/// Proves that a term is defined on a whole half-line, and bounds it there or proves that it grows.
/// Maths    every subterm is written P(x) + R(x) or +-e^P(x) (1 + R(x)), P a polynomial with
///          exact or enclosed coefficients, |R(x)| <= C x^m e^(-r x) for all x on the half-line
/// Requires from > 0; TailUnsupported where no such form is found, TailNotDecreasing where `from`
///          is too small for the remainder to decrease beyond it
/// Status   trusted
/// Source   docs/formulas.md#tail
Result<TailBehaviour> bound_tail(const Program& program, NodeIndex root, const HalfLine& half_line,
                                 Precision precision);

}  // namespace attncert
