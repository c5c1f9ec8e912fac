// Where |f - g| is large: candidates by sampling, sharpened by Newton's method, then proved values.
#pragma once

#include <vector>

#include "attncert/expression/term.hpp"
#include "attncert/interval/interval.hpp"
#include "attncert/model/decimal.hpp"

namespace attncert {

/// A point with a proved lower bound of |d| there.
struct Peak {
  Rational at;
  Rational value;  // |d(at)| >= value
};

/// Looks for the largest values of |d| on [lower, upper].
/// Maths    samples in double, uniformly and geometrically about 0; golden section; Newton on d' at
///          the given precision; the points are rounded to `digits` decimals
/// Ensures  values are proved; completeness is not (the pieces' proofs settle that)
/// Status   rigorous values, approximate positions
class PeakFinder {
public:
  PeakFinder(const Difference& difference, Precision precision, int digits);

  /// Peaks in decreasing order of value; never more than a handful.
  std::vector<Peak> search(const Rational& lower, const Rational& upper) const;

  /// Climbs from a point; no farther than [lower, upper].
  Peak climb(double start, double step, const Rational& lower, const Rational& upper) const;

  /// |d(x)| with a proved lower bound; 0 where nothing can be proved.
  Peak at(const Rational& x) const;

private:
  Rational sharpen(const Rational& start, const Rational& lower, const Rational& upper) const;

  const Difference& difference_;
  Precision precision_;
  int digits_;
};

/// |d| in double.
double approx_magnitude(const Difference& difference, double x);

}  // namespace attncert
