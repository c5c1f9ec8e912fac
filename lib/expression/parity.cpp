#include "attncert/expression/parity.hpp"

#include <optional>

namespace attncert {
namespace {

// f(-x) = sign f(x) + offset + slope x
struct Reflection {
  int sign;
  Rational offset = 0;
  Rational slope = 0;

  bool is_pure() const { return offset == 0 && slope == 0; }
  bool is_even() const { return is_pure() && sign > 0; }
  bool is_odd() const { return is_pure() && sign < 0; }
};

using Seen = std::optional<Reflection>;

class Walker {
public:
  explicit Walker(const Program& program) : program_(program) {}

  Seen run(NodeIndex root) {
    for (NodeIndex i = 0; i <= root; ++i) seen_.push_back(node(program_[i]));
    return seen_.back();
  }

private:
  bool is_constant(NodeIndex i, const Rational& q) const {
    return program_[i].op == Op::constant && program_[i].constant == q;
  }
  bool is_variable(NodeIndex i) const { return program_[i].op == Op::variable; }

  static Seen scaled(const Seen& a, const Rational& factor) {
    if (!a) return std::nullopt;
    return Reflection{a->sign, Rational(a->offset * factor), Rational(a->slope * factor)};
  }

  // An exact constant q is also q(-x) = -q(x) + 2 q.
  Seen with_sign(NodeIndex i, int sign) const {
    if (seen_[i] && seen_[i]->sign == sign) return seen_[i];
    if (program_[i].op != Op::constant) return std::nullopt;
    return Reflection{sign, Rational(2 * program_[i].constant), 0};
  }

  Seen sum(NodeIndex a, NodeIndex b, int sign_of_b) const {
    if (!seen_[a] || !seen_[b]) return std::nullopt;
    const bool a_leads = program_[a].op != Op::constant;
    const int sign = a_leads ? seen_[a]->sign : seen_[b]->sign;
    const Seen left = with_sign(a, sign);
    const Seen right = scaled(with_sign(b, sign), Rational(sign_of_b));
    if (!left || !right) return std::nullopt;
    return Reflection{sign, Rational(left->offset + right->offset),
                      Rational(left->slope + right->slope)};
  }

  Seen product(NodeIndex a, NodeIndex b) const {
    if (program_[a].op == Op::constant) return scaled(seen_[b], program_[a].constant);
    if (program_[b].op == Op::constant) return scaled(seen_[a], program_[b].constant);
    if (is_variable(b)) return variable_times(b, seen_[a]);
    if (is_variable(a)) return variable_times(a, seen_[b]);
    return pure_product(seen_[a], seen_[b]);
  }

  // (-x)(-g + c) = x g - c x
  Seen variable_times(NodeIndex x, const Seen& g) const {
    if (g && g->sign < 0 && g->slope == 0) return Reflection{1, 0, Rational(-g->offset)};
    return pure_product(seen_[x], g);
  }

  static Seen pure_product(const Seen& a, const Seen& b) {
    if (!a || !b || !a->is_pure() || !b->is_pure()) return std::nullopt;
    return Reflection{a->sign * b->sign};
  }

  // 1 + e^u with u odd
  bool is_logistic_denominator(NodeIndex i) const {
    const Node& n = program_[i];
    if (n.op != Op::add) return false;
    const NodeIndex other = is_constant(n.a, 1) ? n.b : n.a;
    if (!is_constant(n.a, 1) && !is_constant(n.b, 1)) return false;
    const Node& e = program_[other];
    return e.op == Op::exp && seen_[e.a] && seen_[e.a]->is_odd();
  }

  Seen quotient(const Node& n) const {
    if (program_[n.b].op == Op::constant && program_[n.b].constant != 0) {
      return scaled(seen_[n.a], Rational(1 / program_[n.b].constant));
    }
    if (is_logistic_denominator(n.b)) {
      if (is_variable(n.a)) return Reflection{1, 0, -1};
      if (program_[n.a].op == Op::constant) return Reflection{-1, program_[n.a].constant};
    }
    return pure_product(seen_[n.a], seen_[n.b]);
  }

  Seen extremum(const Node& n) const {
    const bool ramp =
        (is_constant(n.a, 0) && is_variable(n.b)) || (is_constant(n.b, 0) && is_variable(n.a));
    if (n.op == Op::fmax && ramp) return Reflection{1, 0, -1};  // max(0,-x) = max(0,x) - x
    if (n.op == Op::fmin && ramp) return Reflection{1, 0, -1};  // min(0,-x) = min(0,x) - x
    const bool even = seen_[n.a] && seen_[n.a]->is_even() && seen_[n.b] && seen_[n.b]->is_even();
    return even ? Seen(Reflection{1}) : std::nullopt;
  }

  Seen function(const Node& n) const {
    const Seen& a = seen_[n.a];
    if (!a || !a->is_pure()) return std::nullopt;
    if (a->is_even()) return Reflection{1};
    switch (n.op) {
      case Op::fabs: return Reflection{1};
      case Op::tanh:
      case Op::erf: return Reflection{-1};
      case Op::erfc: return Reflection{-1, 2};
      case Op::pow: return Reflection{n.exponent % 2 == 0 ? 1 : -1};
      default: return std::nullopt;
    }
  }

  Seen node(const Node& n) const {
    switch (n.op) {
      case Op::constant:
      case Op::pi: return Reflection{1};
      case Op::variable: return Reflection{-1};
      case Op::neg: return scaled(seen_[n.a], -1);
      case Op::add: return sum(n.a, n.b, 1);
      case Op::sub: return sum(n.a, n.b, -1);
      case Op::mul: return product(n.a, n.b);
      case Op::div: return quotient(n);
      case Op::fmax:
      case Op::fmin: return extremum(n);
      default: return function(n);
    }
  }

  const Program& program_;
  std::vector<Seen> seen_;
};

}  // namespace

bool is_even_in_magnitude(const Program& program, NodeIndex root) {
  const Seen seen = Walker(program).run(root);
  return seen && seen->is_pure();
}

}  // namespace attncert
