#include "attncert/expression/tail.hpp"

#include "attncert/interval/functions.hpp"
#include "tail_form.hpp"

namespace attncert {
namespace {

using tail::Algebra;
using tail::Form;

Result<Form> kink(const Algebra& algebra, Op op, const Form& a, const Form& b) {
  ATTNCERT_TRY(const Form gap, algebra.add(a, algebra.negate(b)));
  ATTNCERT_TRY(const int sign, algebra.sign(gap));
  return (sign > 0) == (op != Op::fmin) ? a : b;
}

Result<Form> form_of(const Algebra& algebra, const Node& n, const std::vector<Form>& forms,
                     HalfLine::Side side, Precision precision) {
  const auto& a = [&]() -> const Form& { return forms[n.a]; };
  switch (n.op) {
    case Op::constant: return algebra.constant(n.constant);
    case Op::pi: return algebra.constant(pi(precision));
    case Op::variable: return algebra.variable(side == HalfLine::Side::right ? 1 : -1);
    case Op::add: return algebra.add(a(), forms[n.b]);
    case Op::sub: return algebra.add(a(), algebra.negate(forms[n.b]));
    case Op::mul: return algebra.multiply(a(), forms[n.b]);
    case Op::div: return algebra.divide(a(), forms[n.b]);
    case Op::neg: return algebra.negate(a());
    case Op::fabs: return kink(algebra, n.op, a(), algebra.negate(a()));
    case Op::fmax:
    case Op::fmin: return kink(algebra, n.op, a(), forms[n.b]);
    case Op::sqrt: return algebra.square_root(a());
    case Op::exp: return algebra.exponential(a());
    case Op::log: return algebra.logarithm(a());
    case Op::tanh: return algebra.hyperbolic_tangent(a());
    case Op::erf: return algebra.error_function(a());
    case Op::erfc: return algebra.complementary_error_function(a());
    case Op::pow: return algebra.power(a(), n.exponent);
  }
  return fail(ErrorCode::TailUnsupported, "unknown operation");
}

}  // namespace

Result<TailBehaviour> bound_tail(const Program& program, NodeIndex root, const HalfLine& half_line,
                                 Precision precision) {
  if (!(half_line.from > 0)) {
    return fail(ErrorCode::TailNotDecreasing, "a half-line must start beyond 0");
  }
  const Algebra algebra(half_line.from, precision);
  std::vector<Form> forms;
  for (NodeIndex i = 0; i <= root; ++i) {
    ATTNCERT_TRY(Form form, form_of(algebra, program[i], forms, half_line.side, precision));
    ATTNCERT_TRY(Form checked, Algebra::limited(std::move(form)));
    forms.push_back(std::move(checked));
  }
  const Form& result = forms.back();
  if (result.exponential || result.polynomial.size() > 1) {
    // +-e^P (1 + R), or P + R with a leading coefficient of known sign: |f| grows without bound
    ATTNCERT_CHECK(algebra.sign(result));
    return TailBehaviour{true, Interval()};
  }
  ATTNCERT_TRY(const Interval remainder, algebra.supremum(result.decay));
  const Interval bound = abs(result.polynomial.front().value) + remainder;
  if (!is_bounded(bound)) {
    return fail(ErrorCode::EnclosureUnbounded, "no finite bound on the half-line");
  }
  return TailBehaviour{false, bound};
}

}  // namespace attncert
