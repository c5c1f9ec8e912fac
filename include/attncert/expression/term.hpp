// Real-valued terms in one variable, as straight-line programs with shared subterms.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "attncert/core/rational.hpp"

namespace attncert {

/// The operations of FPBench's scalar subset, read over the real numbers.
enum class Op : std::uint8_t {
  constant,
  pi,
  variable,
  add,
  sub,
  mul,
  div,
  neg,
  fabs,
  fmax,
  fmin,
  sqrt,
  exp,
  log,
  tanh,
  erf,
  erfc,
  pow,  // integer exponents only
};

using NodeIndex = std::uint32_t;

/// One operation; operands come earlier in the program.
struct Node {
  Op op;
  NodeIndex a = 0;
  NodeIndex b = 0;
  std::int32_t exponent = 0;  // pow
  Rational constant = 0;      // constant
};

/// How many operands an operation has (pow's exponent is not one).
constexpr int arity(Op op) {
  if (op == Op::constant || op == Op::pi || op == Op::variable) return 0;
  return op == Op::add || op == Op::sub || op == Op::mul || op == Op::div || op == Op::fmax ||
                 op == Op::fmin
             ? 2
             : 1;
}

/// A straight-line program: node i uses only nodes before i.
using Program = std::vector<Node>;

/// Builds programs in which equal subterms are one node.
class ProgramBuilder {
public:
  static constexpr std::size_t kMaxNodes = 20000;

  NodeIndex constant(const Rational& value) { return intern({Op::constant, 0, 0, 0, value}); }
  NodeIndex pi() { return intern({Op::pi}); }
  NodeIndex variable() { return intern({Op::variable}); }
  NodeIndex unary(Op op, NodeIndex a) { return intern({op, a}); }
  NodeIndex binary(Op op, NodeIndex a, NodeIndex b) { return intern({op, a, b}); }
  NodeIndex power(NodeIndex a, std::int32_t exponent) { return intern({Op::pow, a, 0, exponent}); }

  const Program& program() const { return program_; }
  bool too_large() const { return program_.size() > kMaxNodes; }

private:
  using Key = std::tuple<Op, NodeIndex, NodeIndex, std::int32_t, Rational>;
  NodeIndex intern(Node node);

  Program program_;
  std::map<Key, NodeIndex> known_;
};

/// f, g and f - g over one variable, in one program.
struct Difference {
  Program program;
  NodeIndex target = 0;
  NodeIndex approximant = 0;
  NodeIndex difference = 0;
};

}  // namespace attncert
