// Polynomials and exponentially decaying remainders on a half-line.
#include <algorithm>

#include "attncert/interval/functions.hpp"
#include "tail_form.hpp"

namespace attncert::tail {

namespace {

// Exact coefficients are kept while they are short; enclosures do otherwise.
std::optional<Rational> if_short(Rational q) {
  constexpr unsigned longest = 4096;
  const bool is_short = q == 0 || boost::multiprecision::msb(abs(numerator(q))) +
                                          boost::multiprecision::msb(denominator(q)) <
                                      longest;
  return is_short ? std::optional<Rational>(std::move(q)) : std::nullopt;
}

std::optional<Rational> exact_of(const Coefficient& a, const Coefficient& b, bool product) {
  if (product && (a.exact == Rational(0) || b.exact == Rational(0))) return Rational(0);
  if (!a.exact || !b.exact) return std::nullopt;
  return if_short(product ? Rational(*a.exact * *b.exact) : Rational(*a.exact + *b.exact));
}

void trim(Polynomial& p) {
  while (p.size() > 1 && p.back().exact == Rational(0)) p.pop_back();
}

Interval magnitude(const Interval& x) {
  const Interval bound = abs(x);
  return {bound.upper(), bound.upper()};
}

}  // namespace

Algebra::Algebra(const Rational& from, Precision precision)
    : from_(enclose(from, precision)), precision_(precision) {}

Polynomial Algebra::sum(const Polynomial& p, const Polynomial& q) const {
  Polynomial result = p.size() >= q.size() ? p : q;
  for (std::size_t j = 0; j < std::min(p.size(), q.size()); ++j) {
    const auto known = exact_of(p[j], q[j], false);
    result[j] = known ? exact(*known) : Coefficient{p[j].value + q[j].value, std::nullopt};
  }
  trim(result);
  return result;
}

Polynomial Algebra::negated(Polynomial p) {
  for (Coefficient& c : p) {
    c.value = -c.value;
    if (c.exact) c.exact = Rational(-*c.exact);
  }
  return p;
}

Polynomial Algebra::product(const Polynomial& p, const Polynomial& q) const {
  Polynomial result(p.size() + q.size() - 1, exact(0));
  for (std::size_t i = 0; i < p.size(); ++i) {
    for (std::size_t j = 0; j < q.size(); ++j) {
      const auto known = exact_of(p[i], q[j], true);
      const Coefficient term =
          known ? exact(*known) : Coefficient{p[i].value * q[j].value, std::nullopt};
      result[i + j] = sum(Polynomial{result[i + j]}, Polynomial{term}).front();
    }
  }
  trim(result);
  return result;
}

Result<Algebra::Growth> Algebra::growth(const Polynomial& p) const {
  if (p.size() == 1) return Growth::constant;
  if (p.back().value.lower() > 0) return Growth::up;
  if (p.back().value.upper() < 0) return Growth::down;
  return fail(ErrorCode::TailUnsupported, "the leading behaviour at infinity is not decided");
}

// p(x) >= slope x + offset for x >= A > 0. With d the degree: a negative p_j, 2 <= j < d, is at
// least -|p_j| A^(j-d) x^d; a positive one, and then the leading one, is at least p_j A^(j-1) x.
Result<Algebra::Line> Algebra::minorant(const Polynomial& p) const {
  const auto degree = static_cast<long>(p.size()) - 1;
  Interval leading = p.back().value;
  Interval slope = degree > 1 ? p[1].value : zero();
  for (long j = 2; j < degree; ++j) {
    const Interval& c = p[static_cast<std::size_t>(j)].value;
    if (c.lower() >= 0) {
      slope = slope + c * pow(from_, j - 1, precision_);
    } else {
      leading = leading - magnitude(c) * pow(from_, j - degree, precision_);
    }
  }
  slope = slope + leading * pow(from_, degree - 1, precision_);
  if (!(leading.lower() >= 0) || !(slope.lower() > 0)) {
    return fail(ErrorCode::TailNotDecreasing, "the half-line starts too early for its tail bound");
  }
  return Line{lower_point(slope), lower_point(p.front().value)};
}

Decay Algebra::decay(const Interval& scale, unsigned power, const Interval& rate) const {
  return {upper_point(scale), power, lower_point(rate)};
}

// With m = max power and r = min rate: x^m1 e^(-r1 x) <= A^(m1-m) e^(-(r1-r) A) x^m e^(-r x).
Decay Algebra::sum(const Decay& a, const Decay& b) const {
  if (a.scale.upper() == 0) return b;
  if (b.scale.upper() == 0) return a;
  const unsigned power = std::max(a.power, b.power);
  const Interval rate = a.rate.lower() <= b.rate.lower() ? a.rate : b.rate;
  Interval scale = zero();
  for (const Decay* part : {&a, &b}) {
    const long gap = static_cast<long>(part->power) - static_cast<long>(power);
    const Interval excess = lower_point(part->rate - rate);
    scale = scale + part->scale * pow(from_, gap, precision_) * exp(-(excess * from_), precision_);
  }
  return decay(scale, power, rate);
}

Decay Algebra::product(const Decay& a, const Decay& b) const {
  return decay(a.scale * b.scale, a.power + b.power, a.rate + b.rate);
}

Decay Algebra::times(const Decay& a, const Interval& factor) const {
  return decay(a.scale * magnitude(factor), a.power, a.rate);
}

// |p(x)| <= x^d sum |p_j| A^(j-d).
Decay Algebra::times(const Decay& a, const Polynomial& p) const {
  const auto degree = static_cast<long>(p.size()) - 1;
  Interval factor = zero();
  for (long j = 0; j <= degree; ++j) {
    factor = factor +
             magnitude(p[static_cast<std::size_t>(j)].value) * pow(from_, j - degree, precision_);
  }
  return decay(a.scale * factor, a.power + static_cast<unsigned>(degree), a.rate);
}

// x^m e^(-r x) decreases where r x >= m.
Result<Interval> Algebra::supremum(const Decay& a) const {
  if (a.scale.upper() == 0) return zero();
  const Interval power = integer(static_cast<long>(a.power), precision_);
  if (!((a.rate * from_).lower() >= power.upper())) {
    return fail(ErrorCode::TailNotDecreasing, "the half-line starts too early for its tail bound");
  }
  return upper_point(a.scale * pow(from_, static_cast<long>(a.power), precision_) *
                     exp(-(a.rate * from_), precision_));
}

Result<Decay> Algebra::reciprocal_exponential(const Polynomial& p) const {
  ATTNCERT_TRY(const Line line, minorant(p));
  return decay(exp(-line.offset, precision_), 0, line.slope);
}

// |e^R - 1| <= |R| e^(sup |R|).
Result<Decay> Algebra::exponential_minus_one(const Decay& a) const {
  ATTNCERT_TRY(const Interval bound, supremum(a));
  return times(a, exp(bound, precision_));
}

Result<Decay> Algebra::over_one_minus(const Decay& a, const Decay& s) const {
  ATTNCERT_TRY(const Interval bound, supremum(s));
  const Interval rest = one() - bound;
  if (!(rest.lower() > 0)) {
    return fail(ErrorCode::TailNotDecreasing, "the half-line starts too early for its tail bound");
  }
  return times(a, one() / lower_point(rest));
}

}  // namespace attncert::tail
