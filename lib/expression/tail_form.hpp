// The normal forms of tail arithmetic and their algebra (private to the module).
#pragma once

#include <optional>

#include "attncert/expression/term.hpp"
#include "attncert/interval/interval.hpp"

namespace attncert::tail {

/// A real coefficient: always enclosed, and exact where it is known exactly.
struct Coefficient {
  Interval value;
  std::optional<Rational> exact;
};

/// Coefficients of x^0, x^1, ...; never empty; the last is not exactly 0 unless it is alone.
using Polynomial = std::vector<Coefficient>;

/// |R(x)| <= scale x^power e^(-rate x) for all x >= A. scale >= 0, rate >= 0, both points.
struct Decay {
  Interval scale;
  unsigned power = 0;
  Interval rate;
};

/// polynomial + R, or sign e^polynomial (1 + R) with a growing polynomial.
struct Form {
  bool exponential = false;
  int sign = 1;
  Polynomial polynomial;
  Decay decay;
};

/// Where the forms live: x >= from, at a precision.
class Algebra {
public:
  Algebra(const Rational& from, Precision precision);

  Form constant(const Rational& value) const;
  Form constant(const Interval& value) const;
  Form variable(int sign) const;

  Result<Form> add(const Form& a, const Form& b) const;
  Form negate(const Form& a) const;
  Result<Form> multiply(const Form& a, const Form& b) const;
  Result<Form> divide(const Form& a, const Form& b) const;
  Result<Form> power(const Form& a, long n) const;
  Result<Form> exponential(const Form& a) const;
  Result<Form> logarithm(const Form& a) const;
  Result<Form> square_root(const Form& a) const;
  Result<Form> hyperbolic_tangent(const Form& a) const;
  Result<Form> error_function(const Form& a) const;
  /// 1 - erf, or more: exactly 2 - or 0 + a decay at the ends.
  Result<Form> complementary_error_function(const Form& a) const;

  /// a >= 0 (1) or a <= 0 (-1) on the whole half-line.
  Result<int> sign(const Form& a) const;
  /// The form itself, unless its degrees are beyond what is supported: they must never overflow.
  static Result<Form> limited(Form a);
  /// sup |R| over the half-line.
  Result<Interval> supremum(const Decay& decay) const;

private:
  struct Line {  // slope x + offset, a lower bound of a growing polynomial
    Interval slope;
    Interval offset;
  };
  enum class Growth { constant, up, down };

  Interval zero() const { return integer(0, precision_); }
  Interval one() const { return integer(1, precision_); }
  Coefficient exact(const Rational& q) const { return {enclose(q, precision_), q}; }
  Decay none() const { return {zero(), 0, zero()}; }
  static Interval upper_point(const Interval& x) { return {x.upper(), x.upper()}; }
  static Interval lower_point(const Interval& x) { return {x.lower(), x.lower()}; }

  Polynomial sum(const Polynomial& p, const Polynomial& q) const;
  static Polynomial negated(Polynomial p);
  Polynomial product(const Polynomial& p, const Polynomial& q) const;
  Result<Growth> growth(const Polynomial& p) const;
  Result<Line> minorant(const Polynomial& p) const;

  Decay decay(const Interval& scale, unsigned power, const Interval& rate) const;
  Decay sum(const Decay& a, const Decay& b) const;
  Decay product(const Decay& a, const Decay& b) const;
  Decay times(const Decay& a, const Interval& factor) const;
  Decay times(const Decay& a, const Polynomial& p) const;
  /// e^-p for a growing p.
  Result<Decay> reciprocal_exponential(const Polynomial& p) const;
  /// e^R - 1.
  Result<Decay> exponential_minus_one(const Decay& a) const;
  /// Whatever divides by 1 + R: |R| / (1 - sup |S|).
  Result<Decay> over_one_minus(const Decay& a, const Decay& s) const;

  Result<Form> add_exponentials(const Form& a, const Form& b) const;
  Result<Form> divide_exponentials(const Form& a, const Form& b) const;
  Result<Form> reciprocal(const Form& a) const;

  Interval from_;
  Precision precision_;
};

}  // namespace attncert::tail
