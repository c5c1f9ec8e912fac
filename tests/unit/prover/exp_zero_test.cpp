#include "attncert/prover/exp_zero.hpp"

#include "attncert/interval/functions.hpp"
#include "unit/support.hpp"

using namespace attncert;

namespace {

constexpr Precision kPrecision = 200;

Interval exp_at(const Rational& t) { return exp(enclose(t, kPrecision), kPrecision); }

// A result of this size, rounded to the format and flushed where that is asked for, is 0.
bool vanishes(const Format& format, Underflow underflow, const Rational& result) {
  const auto number = rounded(format, result);
  REQUIRE(number);
  return underflow == Underflow::flush ? number.value() < smallest_normal(format)
                                       : number.value() == 0;
}

}  // namespace

TEST_CASE("exp is 0 from the threshold on, and not much before") {
  for (const Format& format : formats()) {
    for (const Underflow underflow : {Underflow::gradual, Underflow::flush}) {
      CAPTURE(format.name);
      CAPTURE(static_cast<int>(underflow));
      const Rational threshold = exp_zero_of(format, underflow, 7);
      CHECK(vanishes(format, underflow, upper_rational(exp_at(Rational(-threshold)))));
      const Rational before = threshold * (1 - Rational(1, 500000));
      CHECK_FALSE(vanishes(format, underflow, lower_rational(exp_at(Rational(-before)))));
      CHECK(exp_zero_of(format, underflow, 25) <= threshold);
    }
  }
}
