// Sums of products without temporaries: what Taylor arithmetic spends its time on.
#pragma once

#include "attncert/interval/interval.hpp"

namespace attncert {

/// Adds up products of intervals at one precision.
/// Maths    sum of x_i y_i, each end by one fused multiply-add, rounded outward
/// Ensures  value() contains the sum for every choice of points
/// Status   trusted (MPFR)
class ProductSum {
public:
  explicit ProductSum(Precision precision);
  void add(const Interval& x, const Interval& y);
  Interval value() const { return {lower_, upper_}; }

private:
  void add_ends(const Real& lower_x, const Real& lower_y, const Real& upper_x, const Real& upper_y);

  Real lower_;
  Real upper_;
};

}  // namespace attncert
