#include "attncert/interval/functions.hpp"

#include <algorithm>

namespace attncert {
namespace {

using Function = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

Real rounded(Function f, const Real& x, Precision precision, mpfr_rnd_t rounding) {
  Real result;
  mpfr_set_prec(result.backend().data(), precision);
  f(result.backend().data(), x.backend().data(), rounding);
  return result;
}

Interval increasing(Function f, const Interval& x, Precision precision) {
  return {rounded(f, x.lower(), precision, MPFR_RNDD), rounded(f, x.upper(), precision, MPFR_RNDU)};
}

Interval decreasing(Function f, const Interval& x, Precision precision) {
  return {rounded(f, x.upper(), precision, MPFR_RNDD), rounded(f, x.lower(), precision, MPFR_RNDU)};
}

bool is_negative(const Real& x) { return boost::numeric::interval_lib::user::is_neg(x); }
bool is_positive(const Real& x) { return boost::numeric::interval_lib::user::is_pos(x); }

Real power(const Real& x, long n, Precision precision, mpfr_rnd_t rounding) {
  Real result;
  mpfr_set_prec(result.backend().data(), precision);
  mpfr_pow_si(result.backend().data(), x.backend().data(), n, rounding);
  return result;
}

}  // namespace

Interval exp(const Interval& x, Precision precision) { return increasing(mpfr_exp, x, precision); }

Interval log(const Interval& x, Precision precision) {
  if (!is_positive(x.lower())) return Interval::empty();
  return increasing(mpfr_log, x, precision);
}

Interval sqrt(const Interval& x, Precision precision) {
  if (is_negative(x.lower())) return Interval::empty();
  return increasing(mpfr_sqrt, x, precision);
}

Interval tanh(const Interval& x, Precision precision) {
  return increasing(mpfr_tanh, x, precision);
}

Interval erf(const Interval& x, Precision precision) { return increasing(mpfr_erf, x, precision); }

Interval erfc(const Interval& x, Precision precision) {
  return decreasing(mpfr_erfc, x, precision);
}

Interval pow(const Interval& x, long n, Precision precision) {
  if (empty(x) || (n < 0 && contains_zero(x))) return Interval::empty();
  if (n == 0) return integer(1, precision);
  const Real& lo = x.lower();
  const Real& hi = x.upper();
  const bool rising = (n > 0) == (n % 2 != 0 || !is_negative(lo));
  if (n % 2 == 0 && is_negative(lo) && is_positive(hi)) {
    const Real& far = -lo > hi ? lo : hi;
    return {Real(0), power(far, n, precision, MPFR_RNDU)};
  }
  const Real& least = rising ? lo : hi;
  const Real& most = rising ? hi : lo;
  return {power(least, n, precision, MPFR_RNDD), power(most, n, precision, MPFR_RNDU)};
}

Interval pi(Precision precision) {
  const Interval one = integer(1, precision);  // a carrier of the precision
  Real lower = one.lower();
  Real upper = one.upper();
  mpfr_const_pi(lower.backend().data(), MPFR_RNDD);
  mpfr_const_pi(upper.backend().data(), MPFR_RNDU);
  return {lower, upper};
}

}  // namespace attncert
