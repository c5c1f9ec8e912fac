// Sums, products, quotients and elementary functions of tail forms.
#include "tail_form.hpp"

#include "attncert/interval/functions.hpp"

namespace attncert::tail {
namespace {

Error unsupported(const char* what) {
  return fail(ErrorCode::TailUnsupported,
              std::string("no bound at infinity for ") + what + ": give a finite domain");
}

bool is_constant(const Form& a) { return !a.exponential && a.polynomial.size() == 1; }

const Coefficient& constant_of(const Form& a) { return a.polynomial.front(); }

}  // namespace

Form Algebra::constant(const Rational& value) const { return {false, 1, {exact(value)}, none()}; }

Form Algebra::constant(const Interval& value) const {
  return {false, 1, {{value, std::nullopt}}, none()};
}

Form Algebra::variable(int sign) const { return {false, 1, {exact(0), exact(sign)}, none()}; }

Form Algebra::negate(const Form& a) const {
  Form result = a;
  if (a.exponential) {
    result.sign = -a.sign;
  } else {
    result.polynomial = negated(a.polynomial);
  }
  return result;
}

Result<Form> Algebra::add(const Form& a, const Form& b) const {
  if (a.exponential && b.exponential) return add_exponentials(a, b);
  if (b.exponential) return add(b, a);
  if (!a.exponential) {
    return Form{false, 1, sum(a.polynomial, b.polynomial), sum(a.decay, b.decay)};
  }
  // s e^Q (1 + R) + P + R' = s e^Q (1 + R + s e^-Q (P + R'))
  ATTNCERT_TRY(const Decay small, reciprocal_exponential(a.polynomial));
  const Decay extra = sum(times(small, b.polynomial), product(small, b.decay));
  return Form{true, a.sign, a.polynomial, sum(a.decay, extra)};
}

Result<Form> Algebra::add_exponentials(const Form& a, const Form& b) const {
  const Polynomial gap = sum(a.polynomial, negated(b.polynomial));
  ATTNCERT_TRY(const Growth direction, growth(gap));
  if (direction == Growth::down) return add_exponentials(b, a);
  if (direction == Growth::up) {
    ATTNCERT_TRY(const Decay small, reciprocal_exponential(gap));
    return Form{true, a.sign, a.polynomial, sum(a.decay, sum(small, product(small, b.decay)))};
  }
  if (a.sign != b.sign) return unsupported("a difference of equal exponentials");
  // e^Q (1 + R) + K e^Q (1 + S) = (1 + K) e^Q (1 + (R + K S) / (1 + K))
  const Interval ratio = exp(-gap.front().value, precision_);
  const Interval total = one() + ratio;
  Form result = a;
  result.polynomial = sum(a.polynomial, {{log(total, precision_), std::nullopt}});
  result.decay = times(sum(a.decay, times(b.decay, ratio)), one() / total);
  return result;
}

Result<Form> Algebra::multiply(const Form& a, const Form& b) const {
  if (b.exponential && !a.exponential) return multiply(b, a);
  if (a.exponential && b.exponential) {
    const Decay both = sum(sum(a.decay, b.decay), product(a.decay, b.decay));
    return Form{true, a.sign * b.sign, sum(a.polynomial, b.polynomial), both};
  }
  if (!a.exponential) {
    Decay rest = product(a.decay, b.decay);
    if (b.decay.scale.upper() != 0) rest = sum(rest, times(b.decay, a.polynomial));
    if (a.decay.scale.upper() != 0) rest = sum(rest, times(a.decay, b.polynomial));
    return Form{false, 1, product(a.polynomial, b.polynomial), rest};
  }
  // s e^Q (1 + R) (c + R') = s sign(c) e^(Q + ln |c|) (1 + R) (1 + R'/c)
  if (!is_constant(b)) return unsupported("an exponential times a growing factor");
  const Interval c = constant_of(b).value;
  if (constant_of(b).exact == Rational(0) && b.decay.scale.upper() == 0)
    return constant(Rational(0));
  if (contains_zero(c)) return unsupported("an exponential times a vanishing factor");
  const Decay relative = times(b.decay, one() / c);
  const Decay both = sum(sum(a.decay, relative), product(a.decay, relative));
  const Polynomial shifted = sum(a.polynomial, {{log(abs(c), precision_), std::nullopt}});
  const bool unchanged = abs(constant_of(b).exact.value_or(0)) == 1;
  return Form{true, c.lower() > 0 ? a.sign : -a.sign, unchanged ? a.polynomial : shifted, both};
}

Result<Form> Algebra::reciprocal(const Form& a) const {
  if (a.exponential) {
    // 1 / (s e^Q (1 + R)): no polynomial part, |.| <= e^-Q / (1 - sup |R|)
    ATTNCERT_TRY(const Decay small, reciprocal_exponential(a.polynomial));
    ATTNCERT_TRY(const Decay bound, over_one_minus(small, a.decay));
    return Form{false, 1, {exact(0)}, bound};
  }
  if (!is_constant(a)) return unsupported("a quotient by a growing polynomial");
  const Coefficient& c = constant_of(a);
  if (contains_zero(c.value)) return unsupported("a quotient by something that tends to 0");
  // 1/(c + R) - 1/c = -(R/c) / (c (1 + R/c))
  const Interval inverse = one() / c.value;
  const Decay relative = times(a.decay, inverse);
  ATTNCERT_TRY(const Decay bound, over_one_minus(times(relative, inverse), relative));
  const Coefficient result =
      c.exact ? exact(Rational(1 / *c.exact)) : Coefficient{inverse, std::nullopt};
  return Form{false, 1, {result}, bound};
}

Result<Form> Algebra::divide(const Form& a, const Form& b) const {
  if (a.exponential && b.exponential) return divide_exponentials(a, b);
  ATTNCERT_TRY(const Form inverse, reciprocal(b));
  return multiply(a, inverse);
}

// e^Q1 (1 + R) / (e^Q2 (1 + S)); (1 + R)/(1 + S) = 1 + (R - S)/(1 + S).
Result<Form> Algebra::divide_exponentials(const Form& a, const Form& b) const {
  const Polynomial gap = sum(a.polynomial, negated(b.polynomial));
  ATTNCERT_TRY(const Growth direction, growth(gap));
  ATTNCERT_TRY(const Decay change, over_one_minus(sum(a.decay, b.decay), b.decay));
  const int sign = a.sign * b.sign;
  if (direction == Growth::up) return Form{true, sign, gap, change};
  if (direction == Growth::down) {
    ATTNCERT_TRY(const Decay small, reciprocal_exponential(negated(gap)));
    return Form{false, 1, {exact(0)}, sum(small, product(small, change))};
  }
  const Interval ratio = exp(gap.front().value, precision_) * integer(sign, precision_);
  const Coefficient limit =
      gap.front().exact == Rational(0) ? exact(sign) : Coefficient{ratio, std::nullopt};
  return Form{false, 1, {limit}, times(change, ratio)};
}

Result<Form> Algebra::limited(Form a) {
  constexpr std::size_t greatest_degree = 64;
  constexpr unsigned greatest_power = 4096;
  if (a.polynomial.size() > greatest_degree + 1 || a.decay.power > greatest_power) {
    return unsupported("a polynomial of so high a degree");
  }
  return a;
}

Result<Form> Algebra::power(const Form& a, long n) const {
  Form result = constant(Rational(1));
  constexpr long kMaxTailPower = 64;
  if (std::abs(n) > kMaxTailPower) return unsupported("powers beyond 64");
  for (long i = 0; i < std::abs(n); ++i) {
    ATTNCERT_TRY(Form product, multiply(result, a));
    ATTNCERT_TRY(result, limited(std::move(product)));
  }
  return n < 0 ? divide(constant(Rational(1)), result) : Result<Form>(result);
}

Result<Form> Algebra::exponential(const Form& a) const {
  if (a.exponential) return unsupported("exp of an exponential");
  ATTNCERT_TRY(const Growth direction, growth(a.polynomial));
  ATTNCERT_TRY(const Decay change, exponential_minus_one(a.decay));
  if (direction == Growth::up) return Form{true, 1, a.polynomial, change};
  if (direction == Growth::down) {
    ATTNCERT_TRY(const Decay small, reciprocal_exponential(negated(a.polynomial)));
    return Form{false, 1, {exact(0)}, sum(small, product(small, change))};
  }
  const Interval value = exp(constant_of(a).value, precision_);
  const Coefficient limit =
      constant_of(a).exact == Rational(0) ? exact(1) : Coefficient{value, std::nullopt};
  return Form{false, 1, {limit}, times(change, value)};
}

Result<Form> Algebra::logarithm(const Form& a) const {
  // |ln(1 + R)| <= |R| / (1 - sup |R|)
  if (a.exponential) {
    if (a.sign < 0)
      return fail(ErrorCode::LogOfNonPositive, "log's argument is negative at infinity");
    ATTNCERT_TRY(const Decay change, over_one_minus(a.decay, a.decay));
    return Form{false, 1, a.polynomial, change};
  }
  if (!is_constant(a)) return unsupported("log of a growing polynomial");
  const Coefficient& c = constant_of(a);
  if (!(c.value.lower() > 0)) return unsupported("log of something not positive at infinity");
  const Decay relative = times(a.decay, one() / c.value);
  ATTNCERT_TRY(const Decay change, over_one_minus(relative, relative));
  const Coefficient limit =
      c.exact == Rational(1) ? exact(0) : Coefficient{log(c.value, precision_), std::nullopt};
  return Form{false, 1, {limit}, change};
}

Result<Form> Algebra::square_root(const Form& a) const {
  if (!is_constant(a)) return unsupported("sqrt of something unbounded");
  const Coefficient& c = constant_of(a);
  if (c.exact == Rational(0) && a.decay.scale.upper() == 0) return constant(Rational(0));
  if (!(c.value.lower() > 0)) return unsupported("sqrt of something not positive at infinity");
  // c + R > 0, and |sqrt(c + R) - sqrt(c)| <= |R| / sqrt(c)
  ATTNCERT_CHECK(over_one_minus(none(), times(a.decay, one() / c.value)));
  const Interval root = sqrt(c.value, precision_);
  const Coefficient limit = c.exact == Rational(1) ? exact(1) : Coefficient{root, std::nullopt};
  return Form{false, 1, {limit}, times(a.decay, one() / root)};
}

Result<Form> Algebra::hyperbolic_tangent(const Form& a) const {
  if (a.exponential) return unsupported("tanh of an exponential");
  ATTNCERT_TRY(const Growth direction, growth(a.polynomial));
  if (direction == Growth::down) {
    ATTNCERT_TRY(const Form mirrored, hyperbolic_tangent(negate(a)));
    return negate(mirrored);
  }
  if (direction == Growth::constant) {  // |tanh'| <= 1
    const Coefficient& c = constant_of(a);
    const Coefficient limit =
        c.exact == Rational(0) ? exact(0) : Coefficient{tanh(c.value, precision_), std::nullopt};
    return Form{false, 1, {limit}, a.decay};
  }
  // 0 <= 1 - tanh(u) <= 2 e^-2u, u >= P - sup |R|
  ATTNCERT_TRY(const Interval loss, supremum(a.decay));
  ATTNCERT_TRY(const Decay small, reciprocal_exponential(product(a.polynomial, {exact(2)})));
  const Interval two = integer(2, precision_);
  return Form{false, 1, {exact(1)}, times(small, two * exp(two * loss, precision_))};
}

Result<Form> Algebra::complementary_error_function(const Form& a) const {
  ATTNCERT_TRY(const Form value, error_function(a));
  return add(constant(Rational(1)), negate(value));
}

Result<Form> Algebra::error_function(const Form& a) const {
  if (a.exponential) return unsupported("erf of an exponential");
  ATTNCERT_TRY(const Growth direction, growth(a.polynomial));
  if (direction == Growth::down) {
    ATTNCERT_TRY(const Form mirrored, error_function(negate(a)));
    return negate(mirrored);
  }
  if (direction == Growth::constant) {  // |erf'| <= 2/sqrt(pi) < 2
    const Coefficient& c = constant_of(a);
    const Coefficient limit =
        c.exact == Rational(0) ? exact(0) : Coefficient{erf(c.value, precision_), std::nullopt};
    return Form{false, 1, {limit}, times(a.decay, integer(2, precision_))};
  }
  // u >= slope x + offset - sup |R| >= u_A >= 0 gives 1 - erf(u) <= e^(-u^2) <= e^(-u_A u)
  ATTNCERT_TRY(const Interval loss, supremum(a.decay));
  ATTNCERT_TRY(const Line line, minorant(a.polynomial));
  const Interval offset = line.offset - loss;
  const Interval start = lower_point(line.slope * from_ + offset);
  if (!(start.lower() >= 0)) {
    return fail(ErrorCode::TailNotDecreasing, "the half-line starts too early for its tail bound");
  }
  return Form{
      false, 1, {exact(1)}, decay(exp(-(start * offset), precision_), 0, start * line.slope)};
}

Result<int> Algebra::sign(const Form& a) const {
  ATTNCERT_TRY(const Interval loss, supremum(a.decay));
  if (a.exponential) {
    if (!(loss.upper() < 1)) return unsupported("a sign that is not decided");
    return a.sign;
  }
  ATTNCERT_TRY(const Growth direction, growth(a.polynomial));
  if (direction == Growth::down) {
    ATTNCERT_TRY(const int mirrored, sign(negate(a)));
    return -mirrored;
  }
  if (direction == Growth::up) {
    ATTNCERT_TRY(const Line line, minorant(a.polynomial));
    if ((line.slope * from_ + line.offset).lower() >= loss.upper()) return 1;
  } else {
    const Interval c = constant_of(a).value;
    if ((c - loss).lower() >= 0) return 1;
    if ((c + loss).upper() <= 0) return -1;
    if (contains_zero(c)) return unsupported("fabs, fmax or fmin whose branch is not decided");
  }
  return fail(ErrorCode::TailNotDecreasing, "the half-line starts too early for its tail bound");
}

}  // namespace attncert::tail
