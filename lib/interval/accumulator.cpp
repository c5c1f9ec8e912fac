#include "attncert/interval/accumulator.hpp"

namespace attncert {
namespace {

void fused_add(Real& sum, const Real& x, const Real& y, mpfr_rnd_t rounding) {
  mpfr_fma(sum.backend().data(), x.backend().data(), y.backend().data(), sum.backend().data(),
           rounding);
}

int sign(const Real& x) { return mpfr_sgn(x.backend().data()); }

}  // namespace

ProductSum::ProductSum(Precision precision) {
  for (Real* end : {&lower_, &upper_}) {
    mpfr_set_prec(end->backend().data(), precision);
    mpfr_set_zero(end->backend().data(), 1);
  }
}

void ProductSum::add_ends(const Real& lower_x, const Real& lower_y, const Real& upper_x,
                          const Real& upper_y) {
  fused_add(lower_, lower_x, lower_y, MPFR_RNDD);
  fused_add(upper_, upper_x, upper_y, MPFR_RNDU);
}

// Where both have one sign, one product of ends is least and one is greatest; the other cases, and
// infinite ends (0 times infinity must be 0), go through the product.
void ProductSum::add(const Interval& x, const Interval& y) {
  const Real& xl = x.lower();
  const Real& xu = x.upper();
  const Real& yl = y.lower();
  const Real& yu = y.upper();
  const bool plain = is_bounded(x) && is_bounded(y);
  const bool x_above = sign(xl) >= 0;
  const bool y_above = sign(yl) >= 0;
  const bool x_below = sign(xu) <= 0;
  const bool y_below = sign(yu) <= 0;
  if (plain && x_above && y_above) {
    add_ends(xl, yl, xu, yu);
  } else if (plain && x_above && y_below) {
    add_ends(xu, yl, xl, yu);
  } else if (plain && x_below && y_above) {
    add_ends(xl, yu, xu, yl);
  } else if (plain && x_below && y_below) {
    add_ends(xu, yu, xl, yl);
  } else {
    const Interval sum = value() + x * y;
    mpfr_set(lower_.backend().data(), sum.lower().backend().data(), MPFR_RNDD);
    mpfr_set(upper_.backend().data(), sum.upper().backend().data(), MPFR_RNDU);
  }
}

}  // namespace attncert
