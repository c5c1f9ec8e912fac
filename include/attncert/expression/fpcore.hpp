// FPCore (FPBench 2.0), scalar subset, `:precision real`: text <-> program.
#pragma once

#include <string>
#include <string_view>

#include "attncert/expression/term.hpp"

namespace attncert {

/// Reads an FPCore expression in x, or a whole `(FPCore (v) ... body)` of one argument.
/// Requires operators + - * / fabs fmax fmin sqrt exp log tanh erf erfc, pow with an integer
///          exponent, let and let*, exact numbers and FPCore's finite constants;
///          otherwise TermSyntax, TermTooDeep, TermTooLarge, UnknownOperator, UnboundName,
///          OperatorArity, ExponentNotInteger, PrecisionNotReal, UnsupportedProperty
/// Ensures  the program's meaning is the expression's over the real numbers
/// Status   trusted
/// Source   https://fpbench.org/spec/fpcore-2.0.html
Result<NodeIndex> read_fpcore(std::string_view text, ProgramBuilder& builder);

/// Writes a node as an FPCore expression in x; shared subterms are bound once, by let*.
/// Ensures  read_fpcore gives an equal program; equal programs give equal texts
/// Status   trusted
std::string write_fpcore(const Program& program, NodeIndex root);

}  // namespace attncert
