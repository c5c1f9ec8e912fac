// Intervals of real numbers: boost::numeric::interval over MPFR numbers, rounded outward.
//
// One law: the result of every operation contains the exact result for every choice of points in
// the operands. Operators work at the larger precision of their operands (a zero, being exact,
// counts for nothing); functions work at the precision they are given. No global default matters.
#pragma once

#include <boost/multiprecision/mpfr.hpp>
#include <boost/numeric/interval/arith.hpp>
#include <boost/numeric/interval/arith2.hpp>
#include <boost/numeric/interval/interval.hpp>
#include <boost/numeric/interval/policies.hpp>
#include <boost/numeric/interval/utility.hpp>

#include "attncert/core/rational.hpp"

#if defined(__FAST_MATH__)
#error "attncert needs IEEE 754 semantics: compile without -ffast-math"
#endif

namespace attncert {

/// Bits of significand.
using Precision = mpfr_prec_t;

/// A binary floating-point number with a precision of its own, or an infinity.
using Real = boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<0>,
                                           boost::multiprecision::et_off>;

/// Rounding policy: every bound comes from one mpfr_* call with RNDD or RNDU.
struct DirectedRounding {
  using unprotected_rounding = DirectedRounding;
  static Real add_down(const Real& x, const Real& y);
  static Real add_up(const Real& x, const Real& y);
  static Real sub_down(const Real& x, const Real& y);
  static Real sub_up(const Real& x, const Real& y);
  static Real mul_down(const Real& x, const Real& y);
  static Real mul_up(const Real& x, const Real& y);
  static Real div_down(const Real& x, const Real& y);
  static Real div_up(const Real& x, const Real& y);
  static Real median(const Real& x, const Real& y);
  // No conversions from other numbers: enclose() is the only way in, since it knows a precision.
  static const Real& conv_down(const Real& x) { return x; }
  static const Real& conv_up(const Real& x) { return x; }
};

/// Checking policy: an operation without a result gives the NaN interval, which nothing accepts.
struct NanChecking {
  static Real pos_inf();
  static Real neg_inf();
  static Real nan();
  static bool is_nan(const Real& x);
  static Real empty_lower() { return nan(); }
  static Real empty_upper() { return nan(); }
  static bool is_empty(const Real& lower, const Real& upper) { return !(lower <= upper); }
};

using Interval = boost::numeric::interval<
    Real, boost::numeric::interval_lib::policies<
              boost::numeric::interval_lib::save_state_nothing<DirectedRounding>, NanChecking>>;

/// The tightest interval of the given precision around an exact number.
Interval enclose(const Rational& q, Precision precision);

/// The tightest interval of the given precision around [lower, upper].
Interval enclose(const Rational& lower, const Rational& upper, Precision precision);

/// An exact small integer.
Interval integer(long n, Precision precision);

/// Both endpoints are finite numbers.
bool is_bounded(const Interval& x);

/// 0 may lie in x: true for the NaN interval too, so that nothing divides by it.
bool contains_zero(const Interval& x);

/// The largest precision among the nonzero endpoints (2 when both are zero).
Precision precision_of(const Interval& x);

/// The exact values of the endpoints. Requires is_bounded(x).
Rational lower_rational(const Interval& x);
Rational upper_rational(const Interval& x);

/// The endpoints in fp64, rounded outward; infinite where fp64 cannot hold them.
double lower_double(const Interval& x);
double upper_double(const Interval& x);

/// x <= q for every x in the interval, and x >= q; compared exactly. False for the NaN interval.
bool is_at_most(const Interval& x, const Rational& q);
bool is_at_least(const Interval& x, const Rational& q);

/// The smallest interval that contains both.
Interval hull(const Interval& x, const Interval& y);

}  // namespace attncert

namespace boost::numeric::interval_lib::user {
// Signs without a temporary number.
template <>
inline bool is_zero<attncert::Real>(const attncert::Real& x) {
  return mpfr_zero_p(x.backend().data()) != 0;
}
template <>
inline bool is_neg<attncert::Real>(const attncert::Real& x) {
  return mpfr_sgn(x.backend().data()) < 0;
}
template <>
inline bool is_pos<attncert::Real>(const attncert::Real& x) {
  return mpfr_sgn(x.backend().data()) > 0;
}
}  // namespace boost::numeric::interval_lib::user
