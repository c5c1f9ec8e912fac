#include "attncert/prover/exp_zero.hpp"

#include "attncert/interval/functions.hpp"
#include "attncert/model/decimal.hpp"

namespace attncert {

Rational exp_zero_of(const Format& format, Underflow underflow, int digits) {
  constexpr Precision precision = 128;
  const Rational unit = underflow_unit(format, underflow);
  const Rational gone =
      underflow == Underflow::gradual ? unit : Rational(unit * (1 - unit_roundoff(format)));
  return round_decimal(upper_rational(-log(enclose(gone, precision), precision)), digits,
                       Direction::up);
}

}  // namespace attncert
