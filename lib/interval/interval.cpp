#include "attncert/interval/interval.hpp"

#include <algorithm>

namespace attncert {
namespace {

constexpr Precision kLeastPrecision = 2;

Real with_precision(Precision precision) {
  Real result;
  mpfr_set_prec(result.backend().data(), precision);
  return result;
}

Precision precision_of(const Real& x) {
  return boost::numeric::interval_lib::user::is_zero(x) ? kLeastPrecision
                                                        : mpfr_get_prec(x.backend().data());
}

using Operation = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

Real apply(Operation operation, const Real& x, const Real& y, mpfr_rnd_t rounding) {
  Real result = with_precision(std::max(precision_of(x), precision_of(y)));
  operation(result.backend().data(), x.backend().data(), y.backend().data(), rounding);
  return result;
}

Real down(Operation operation, const Real& x, const Real& y) {
  return apply(operation, x, y, MPFR_RNDD);
}

Real up(Operation operation, const Real& x, const Real& y) {
  return apply(operation, x, y, MPFR_RNDU);
}

// The bounds of products and quotients of unbounded intervals need 0 * inf = 0: an infinite
// endpoint stands for arbitrarily large numbers, never for one that is attained.
Real product(const Real& x, const Real& y, mpfr_rnd_t rounding) {
  using boost::numeric::interval_lib::user::is_zero;
  if (is_zero(x)) return x;
  if (is_zero(y)) return y;
  return apply(mpfr_mul, x, y, rounding);
}

Real rounded(const Rational& q, Precision precision, mpfr_rnd_t rounding) {
  Real result = with_precision(precision);
  mpfr_set_q(result.backend().data(), q.backend().data(), rounding);
  return result;
}

Rational exact(const Real& x) {
  Rational q;
  mpfr_get_q(q.backend().data(), x.backend().data());
  return q;
}

}  // namespace

Real DirectedRounding::add_down(const Real& x, const Real& y) { return down(mpfr_add, x, y); }
Real DirectedRounding::add_up(const Real& x, const Real& y) { return up(mpfr_add, x, y); }
Real DirectedRounding::sub_down(const Real& x, const Real& y) { return down(mpfr_sub, x, y); }
Real DirectedRounding::sub_up(const Real& x, const Real& y) { return up(mpfr_sub, x, y); }
Real DirectedRounding::mul_down(const Real& x, const Real& y) { return product(x, y, MPFR_RNDD); }
Real DirectedRounding::mul_up(const Real& x, const Real& y) { return product(x, y, MPFR_RNDU); }
Real DirectedRounding::div_down(const Real& x, const Real& y) { return down(mpfr_div, x, y); }
Real DirectedRounding::div_up(const Real& x, const Real& y) { return up(mpfr_div, x, y); }
Real DirectedRounding::median(const Real& x, const Real& y) {
  Real sum = apply(mpfr_add, x, y, MPFR_RNDN);
  mpfr_div_2ui(sum.backend().data(), sum.backend().data(), 1, MPFR_RNDN);
  return sum;
}

Real NanChecking::pos_inf() {
  Real result = with_precision(kLeastPrecision);
  mpfr_set_inf(result.backend().data(), 1);
  return result;
}
Real NanChecking::neg_inf() {
  Real result = with_precision(kLeastPrecision);
  mpfr_set_inf(result.backend().data(), -1);
  return result;
}
Real NanChecking::nan() { return with_precision(kLeastPrecision); }
bool NanChecking::is_nan(const Real& x) { return mpfr_nan_p(x.backend().data()) != 0; }

Interval enclose(const Rational& q, Precision precision) { return enclose(q, q, precision); }

Interval enclose(const Rational& lower, const Rational& upper, Precision precision) {
  return {rounded(lower, precision, MPFR_RNDD), rounded(upper, precision, MPFR_RNDU)};
}

Interval integer(long n, Precision precision) { return enclose(Rational(n), precision); }

bool is_bounded(const Interval& x) {
  return mpfr_number_p(x.lower().backend().data()) != 0 &&
         mpfr_number_p(x.upper().backend().data()) != 0;
}

bool contains_zero(const Interval& x) {
  return mpfr_sgn(x.lower().backend().data()) <= 0 && mpfr_sgn(x.upper().backend().data()) >= 0;
}

Precision precision_of(const Interval& x) {
  return std::max(precision_of(x.lower()), precision_of(x.upper()));
}

double lower_double(const Interval& x) { return mpfr_get_d(x.lower().backend().data(), MPFR_RNDD); }

double upper_double(const Interval& x) { return mpfr_get_d(x.upper().backend().data(), MPFR_RNDU); }

Rational lower_rational(const Interval& x) { return exact(x.lower()); }
Rational upper_rational(const Interval& x) { return exact(x.upper()); }

bool is_at_most(const Interval& x, const Rational& q) {
  return !empty(x) && mpfr_cmp_q(x.upper().backend().data(), q.backend().data()) <= 0;
}

bool is_at_least(const Interval& x, const Rational& q) {
  return !empty(x) && mpfr_cmp_q(x.lower().backend().data(), q.backend().data()) >= 0;
}

Interval hull(const Interval& x, const Interval& y) {
  if (empty(x) || empty(y)) return Interval::empty();
  return {std::min(x.lower(), y.lower()), std::max(x.upper(), y.upper())};
}

}  // namespace attncert
