// Taylor arithmetic: rigorous enclosures of a term's Taylor coefficients.
#pragma once

#include <cstdint>
#include <vector>

#include "attncert/expression/term.hpp"
#include "attncert/interval/interval.hpp"

namespace attncert {

/// Coefficients c_0, c_1, ... of powers of t; those not stored are 0.
using Series = std::vector<Interval>;

/// For each node fabs, fmax, fmin of a program: which operand it equals on a whole piece.
enum class Branch : std::uint8_t { open, first, second };  // fabs: first = argument >= 0
using Branches = std::vector<Branch>;

/// Decides on a whole piece which branch every fabs, fmax and fmin takes, where one does.
/// Maths    first: a >= b on the piece (fmax), a <= b (fmin), a >= 0 (fabs); second: the opposite
/// Requires the term to be defined on the whole piece: DivisorContainsZero, SqrtOfNegative,
///          LogOfNonPositive otherwise, whatever a clipped enclosure would say
/// Status   trusted
Result<Branches> resolve_branches(const Program& program, NodeIndex root, const Interval& piece,
                                  Precision precision);

/// Encloses the Taylor coefficients of orders 0..order of a term about every point of `at`.
/// Maths    result[k] contains f^(k)(t)/k! for all t in `at`, f taking the given branches; with an
///          open branch and order <= 1, result[1] contains every Lipschitz slope (hull)
/// Requires definedness as above; NotDifferentiable where a branch is open and order > 1, or a
///          derivative does not exist; EnclosureUnbounded where a bound is not finite
/// Status   trusted
/// Source   docs/formulas.md#taylor
Result<Series> taylor_coefficients(const Program& program, NodeIndex root, const Interval& at,
                                   unsigned order, Precision precision, const Branches& branches);

/// Coefficients over a whole piece, and the branches taken on all of it.
struct PieceExpansion {
  Series coefficients;
  Branches branches;
};

/// Both at once: resolve_branches, and taylor_coefficients with these branches over the piece.
Result<PieceExpansion> expand_over_piece(const Program& program, NodeIndex root,
                                         const Interval& piece, unsigned order,
                                         Precision precision);

/// Encloses the values of a term over an interval. Errors as above.
Result<Interval> evaluate(const Program& program, NodeIndex root, const Interval& at,
                          Precision precision);

}  // namespace attncert
