#include "attncert/interval/functions.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Interval point(double x, Precision precision) { return enclose(Rational(x), precision); }

Interval everything() { return {NanChecking::neg_inf(), NanChecking::pos_inf()}; }

Interval from(long lower) { return {integer(lower, 64).lower(), NanChecking::pos_inf()}; }

Rational width(const Interval& x) { return upper_rational(x) - lower_rational(x); }

// A long computation whose every operation rounds.
Interval computation(Precision precision) {
  const Interval third = enclose(Rational(1, 3), precision);
  Interval x = third * pi(precision) - exp(third, precision) / enclose(Rational(1, 7), precision);
  for (int i = 0; i < 20; ++i) x = sqrt(abs(x) + third, precision) * x + silu(x, precision);
  return hull(-x, x * gelu(third, precision));
}

// Boost's global default, as a program that uses Boost elsewhere may set it.
class DefaultDigits {
public:
  explicit DefaultDigits(unsigned digits) : before_(Real::default_precision()) {
    Real::default_precision(digits);
    Real::thread_default_precision(digits);
  }
  ~DefaultDigits() {
    Real::default_precision(before_);
    Real::thread_default_precision(before_);
  }
  DefaultDigits(const DefaultDigits&) = delete;
  DefaultDigits& operator=(const DefaultDigits&) = delete;

private:
  unsigned before_;
};

}  // namespace

TEST_CASE("interval: 1/3 has a positive width and contains 1/3") {
  for (const Precision precision : {2, 24, 53, 64, 96, 113, 500, 8192}) {
    CAPTURE(precision);
    const Interval third = enclose(Rational(1, 3), precision);
    const Interval quotient = integer(1, precision) / integer(3, precision);
    for (const Interval& x : {third, quotient}) {
      CHECK(width(x) > 0);
      CHECK(encloses(x, Rational(1, 3)));
      CHECK(width(x) <= power_of_two(-static_cast<int>(precision)));
    }
  }
}

TEST_CASE("interval: exact numbers stay exact, other numbers get neighbouring ends") {
  CHECK(width(enclose(Rational(3, 8), 24)) == 0);
  CHECK(width(integer(5, 24)) == 0);
  CHECK(width(integer(16777217, 24)) == 2);
  const Interval wide = enclose(Rational(-1, 3), Rational(1, 3), 53);
  CHECK(encloses(wide, Rational(-1, 3)));
  CHECK(encloses(wide, Rational(1, 3)));
  CHECK(lower_rational(wide) == -upper_rational(wide));
}

TEST_CASE("interval: operators contain the exact result and are at most an ulp wide") {
  Random random("interval operators");
  for (int i = 0; i < 3000; ++i) {
    const double a = std::ldexp(random.uniform(-1, 1), int(random.integer(-60, 60)));
    const double b = std::ldexp(random.uniform(-1, 1), int(random.integer(-60, 60)));
    const Precision precision = random.integer(53, 200);
    const Interval x = point(a, precision);
    const Interval y = point(b, precision);
    const Rational p(a);
    const Rational q(b);
    const std::pair<Interval, Rational> results[] = {{x + y, Rational(p + q)},
                                                     {x - y, Rational(p - q)},
                                                     {x * y, Rational(p * q)},
                                                     {x / y, Rational(p / q)},
                                                     {-x, Rational(-p)}};
    for (const auto& [interval, exact] : results) {
      REQUIRE(encloses(interval, exact));
      REQUIRE(width(interval) <= power_of_two(1 - int(precision)) * abs(exact));
    }
  }
}

TEST_CASE("interval: products and quotients contain those of every choice of points") {
  Random random("interval products");
  for (int i = 0; i < 2000; ++i) {
    const auto any = [&] { return Rational(random.integer(-8, 8), 1 + random.integer(0, 6)); };
    const Rational a = any(), b = any(), c = any(), d = any();
    const Interval x = enclose(std::min(a, b), std::max(a, b), 24);
    const Interval y = enclose(std::min(c, d), std::max(c, d), 24);
    const Rational s(random.integer(0, 16), 16);
    const Rational t(random.integer(0, 16), 16);
    const Rational p(a + s * (b - a));
    const Rational q(c + t * (d - c));
    REQUIRE(encloses(x * y, Rational(p * q)));
    REQUIRE(encloses(x - y, Rational(p - q)));
    REQUIRE(encloses(abs(x), Rational(abs(p))));
    if (!contains_zero(y)) REQUIRE(encloses(x / y, Rational(p / q)));
  }
}

TEST_CASE("interval: results do not depend on Boost's default precision") {
  for (const Precision precision : {24, 64, 113, 400}) {
    const Interval expected = computation(precision);
    REQUIRE(is_bounded(expected));
    for (const unsigned digits : {2U, 10U, 50U, 1000U}) {
      CAPTURE(digits);
      const DefaultDigits changed(digits);
      const Interval again = computation(precision);
      CHECK(lower_rational(again) == lower_rational(expected));
      CHECK(upper_rational(again) == upper_rational(expected));
    }
  }
}

TEST_CASE("interval: operators work at the larger precision; zero counts for nothing") {
  const Interval coarse = enclose(Rational(1, 3), 24);
  const Interval fine = enclose(Rational(1, 3), 200);
  CHECK(precision_of(coarse + fine) == 200);
  CHECK(precision_of(fine * coarse) == 200);
  CHECK(precision_of(integer(0, 500) + coarse) == 24);
  CHECK(precision_of(integer(0, 500)) == 2);
  CHECK(width(coarse + integer(0, 500)) == width(coarse));
}

TEST_CASE("interval: an infinite end is never attained, so 0 times it is 0") {
  const Interval zero = integer(0, 64);
  for (const Interval& unbounded : {everything(), from(1), -from(1), from(-1)}) {
    for (const Interval& product : {zero * unbounded, unbounded * zero}) {
      CHECK(is_bounded(product));
      CHECK(encloses(product, Rational(0)));
      CHECK(width(product) == 0);
    }
    CHECK_FALSE(is_bounded(unbounded));
    CHECK_FALSE(is_bounded(unbounded * integer(2, 64)));
    CHECK_FALSE(is_bounded(unbounded + integer(2, 64)));
  }
  const Interval mixed = enclose(Rational(-1), Rational(2), 64) * from(3);
  CHECK(encloses(mixed, everything()));
  const Interval difference = from(1) - from(1);
  CHECK(encloses(difference, everything()));
}

TEST_CASE("interval: quotients by what contains 0 are never bounded") {
  const Interval one = integer(1, 64);
  const Interval divisors[] = {integer(0, 64), enclose(Rational(-1), Rational(1), 64),
                               enclose(Rational(0), Rational(1), 64),
                               enclose(Rational(-1), Rational(0), 64), everything()};
  for (const Interval& divisor : divisors) {
    CHECK(contains_zero(divisor));
    CHECK_FALSE(is_bounded(one / divisor));
  }
  const Interval positive = one / enclose(Rational(0), Rational(1), 64);
  CHECK(positive.upper() >= from(1).upper());
  CHECK(positive.lower() <= one.lower());
  const Interval vanishing = one / from(2);
  CHECK(encloses(vanishing, Rational(0)));
  CHECK(encloses(vanishing, Rational(1, 2)));
}

TEST_CASE("interval: the NaN interval is never accepted") {
  const Interval nan = Interval::empty();
  const Interval one = integer(1, 64);
  const Interval reversed(one.upper(), integer(0, 64).lower());
  for (const Interval& x :
       {nan, reversed, nan + one, one - nan, nan * one, nan * integer(0, 64), one / nan, nan / one,
        -nan, abs(nan), hull(nan, one), hull(one, nan), min(nan, one), max(nan, one),
        everything() + nan, Interval(NanChecking::nan())}) {
    CHECK_FALSE(is_bounded(x));
    CHECK(contains_zero(x));
    CHECK_FALSE(x.upper() <= one.upper());
    CHECK_FALSE(x.lower() >= -one.lower());
    CHECK_FALSE(x.lower() > -one.lower());
  }
}

TEST_CASE("interval: hull, sign and precision of ends") {
  const Interval joined = hull(integer(-2, 64), enclose(Rational(1, 3), 64));
  CHECK(encloses(joined, Rational(-2)));
  CHECK(encloses(joined, Rational(1, 3)));
  CHECK(contains_zero(integer(0, 64)));
  CHECK(contains_zero(enclose(Rational(-1), Rational(0), 64)));
  CHECK_FALSE(contains_zero(enclose(power_of_two(-4000), 64)));
  CHECK_FALSE(contains_zero(enclose(Rational(-power_of_two(-4000)), 64)));
}
