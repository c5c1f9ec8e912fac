#include "attncert/expression/taylor.hpp"

#include "attncert/interval/functions.hpp"
#include "series.hpp"

namespace attncert {
namespace {

using series::Setting;

Error undefined(ErrorCode code, const char* what) { return fail(code, what); }

bool is_finite(const Series& s) {
  for (const Interval& c : s) {
    if (!is_bounded(c)) return false;
  }
  return true;
}

// The branch of fabs, fmax or fmin decided by the values of its operands.
Branch decide(Op op, const Interval& a, const Interval& b) {
  const bool at_least = a.lower() >= b.upper();
  const bool at_most = a.upper() <= b.lower();
  if (op == Op::fmin) {
    return at_most ? Branch::first : at_least ? Branch::second : Branch::open;
  }
  return at_least ? Branch::first : at_most ? Branch::second : Branch::open;
}

class Evaluator {
public:
  Evaluator(const Program& program, const Interval& at, const Setting& setting)
      : program_(program), at_(at), setting_(setting), branches_(program.size(), Branch::open) {}

  void follow(const Branches& branches) {
    branches_ = branches;
    following_ = true;
  }
  const Branches& branches() const { return branches_; }

  Result<Series> run(NodeIndex root) {
    for (NodeIndex i = 0; i <= root; ++i) {
      ATTNCERT_TRY(Series value, node(i));
      values_.push_back(std::move(value));
    }
    return values_.back();
  }

  Result<Series> run_bounded(NodeIndex root) {
    ATTNCERT_TRY(Series result, run(root));
    if (is_finite(result)) return result;
    return fail(ErrorCode::EnclosureUnbounded, "no finite enclosure on the piece");
  }

private:
  Result<Series> node(NodeIndex i) {
    const Node& n = program_[i];
    switch (n.op) {
      case Op::constant: return Series{enclose(n.constant, setting_.precision)};
      case Op::pi: return Series{pi(setting_.precision)};
      case Op::variable: return variable();
      case Op::add: return series::add(values_[n.a], values_[n.b], setting_);
      case Op::sub: return series::sub(values_[n.a], values_[n.b], setting_);
      case Op::mul: return series::multiply(values_[n.a], values_[n.b], setting_);
      case Op::neg: return series::negate(values_[n.a]);
      case Op::fabs:
      case Op::fmax:
      case Op::fmin: return kink(i);
      default: return partial(n);
    }
  }

  Series variable() const {
    if (setting_.order == 0) return {at_};
    return {at_, integer(1, setting_.precision)};
  }

  // Operations that are not defined everywhere, or that call MPFR functions.
  Result<Series> partial(const Node& n) {
    const Series& a = values_[n.a];
    switch (n.op) {
      case Op::div:
        if (contains_zero(values_[n.b][0])) {
          return undefined(ErrorCode::DivisorContainsZero, "a divisor may be 0 on the piece");
        }
        return series::divide(a, values_[n.b], setting_);
      case Op::sqrt: return root(a);
      case Op::log:
        if (!(a[0].lower() > 0)) {
          return undefined(ErrorCode::LogOfNonPositive, "log's argument may be <= 0 on the piece");
        }
        return series::logarithm(a, setting_);
      case Op::exp: return series::exponential(a, setting_);
      case Op::tanh: return series::hyperbolic_tangent(a, setting_);
      case Op::erf: return series::error_function(a, false, setting_);
      case Op::erfc: return series::error_function(a, true, setting_);
      default: break;
    }
    if (n.exponent < 0 && contains_zero(a[0])) {
      return undefined(ErrorCode::DivisorContainsZero, "a divisor may be 0 on the piece");
    }
    return series::power(a, n.exponent, setting_);
  }

  Result<Series> root(const Series& a) const {
    if (!(a[0].lower() >= 0)) {
      return undefined(ErrorCode::SqrtOfNegative, "sqrt's argument may be negative on the piece");
    }
    if (a.size() > 1 && setting_.order > 0 && contains_zero(a[0])) {
      return undefined(ErrorCode::NotDifferentiable, "sqrt is not differentiable at 0");
    }
    return series::square_root(a, setting_);
  }

  Result<Series> kink(NodeIndex i) {
    const Node& n = program_[i];
    const Series& a = values_[n.a];
    const Series b = n.op == Op::fabs ? series::negate(a) : values_[n.b];
    if (!following_) branches_[i] = decide(n.op, a[0], b[0]);
    if (branches_[i] == Branch::first) return a;
    if (branches_[i] == Branch::second) return b;
    if (setting_.order > 1) {
      return undefined(ErrorCode::NotDifferentiable, "a kink of fabs, fmax or fmin on the piece");
    }
    Series result{n.op == Op::fmin ? min(a[0], b[0]) : max(a[0], b[0])};
    if (setting_.order == 1) {
      const Interval zero = integer(0, setting_.precision);
      result.push_back(hull(a.size() > 1 ? a[1] : zero, b.size() > 1 ? b[1] : zero));
    }
    return result;
  }

  const Program& program_;
  const Interval& at_;
  Setting setting_;
  Branches branches_;
  bool following_ = false;
  std::vector<Series> values_;
};

}  // namespace

Result<Branches> resolve_branches(const Program& program, NodeIndex root, const Interval& piece,
                                  Precision precision) {
  Evaluator evaluator(program, piece, {0, precision});
  ATTNCERT_CHECK(evaluator.run(root));
  return evaluator.branches();
}

Result<PieceExpansion> expand_over_piece(const Program& program, NodeIndex root,
                                         const Interval& piece, unsigned order,
                                         Precision precision) {
  Evaluator evaluator(program, piece, {order, precision});
  ATTNCERT_TRY(Series coefficients, evaluator.run_bounded(root));
  return PieceExpansion{std::move(coefficients), evaluator.branches()};
}

Result<Series> taylor_coefficients(const Program& program, NodeIndex root, const Interval& at,
                                   unsigned order, Precision precision, const Branches& branches) {
  Evaluator evaluator(program, at, {order, precision});
  evaluator.follow(branches);
  return evaluator.run_bounded(root);
}

Result<Interval> evaluate(const Program& program, NodeIndex root, const Interval& at,
                          Precision precision) {
  Evaluator evaluator(program, at, {0, precision});
  ATTNCERT_TRY(const Series result, evaluator.run_bounded(root));
  return result[0];
}

}  // namespace attncert
