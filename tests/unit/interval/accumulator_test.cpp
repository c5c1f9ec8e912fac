#include "attncert/interval/accumulator.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Rational width(const Interval& x) { return upper_rational(x) - lower_rational(x); }

// Ends of all signs, zeros among them.
Rational end_point(Random& random) {
  switch (random.integer(0, 4)) {
    case 0: return 0;
    case 1: return Rational(random.integer(-3, 3), 7);
    default: return random.rational(-2, 2);
  }
}

struct Factor {
  Interval interval;
  Rational inside;
};

Factor factor(Random& random, Precision precision) {
  const Rational a = end_point(random);
  const Rational b = random.integer(0, 2) == 0 ? a : end_point(random);
  const Rational t(random.integer(0, 8), 8);
  return {enclose(std::min(a, b), std::max(a, b), precision), Rational(a + t * (b - a))};
}

}  // namespace

TEST_CASE("accumulator: the sum contains that of every choice of points") {
  Random random("accumulator");
  for (int round = 0; round < 3000; ++round) {
    ProductSum sum(random.integer(24, 120));
    Rational exact = 0;
    for (long terms = random.integer(0, 12); terms > 0; --terms) {
      const Factor x = factor(random, random.integer(24, 120));
      const Factor y = factor(random, random.integer(24, 120));
      sum.add(x.interval, y.interval);
      exact += x.inside * y.inside;
    }
    REQUIRE(encloses(sum.value(), exact));
  }
}

TEST_CASE("accumulator: works at its own precision, whatever was added before") {
  const Interval third = enclose(Rational(1, 3), 100);
  const Interval zero = integer(0, 100);
  const Interval around = enclose(Rational(-1), Rational(1), 100);
  const Rational unit = power_of_two(-100);
  const auto width_after = [&](std::initializer_list<std::pair<Interval, Interval>> products) {
    ProductSum sum(100);
    for (const auto& [x, y] : products) sum.add(x, y);
    sum.add(third, third);
    REQUIRE(encloses(sum.value(), Rational(1, 9)));
    return width(sum.value());
  };
  CHECK(width_after({}) < 2 * unit);
  CHECK(width_after({{zero, third}}) < 2 * unit);
  CHECK(width_after({{zero, zero}}) < 2 * unit);
  CHECK(width_after({{around, zero}}) < 2 * unit);
  CHECK(width_after({{zero, around}}) < 2 * unit);
  CHECK(width_after({{integer(0, 2), around}, {zero, around}}) < 2 * unit);
}

TEST_CASE("accumulator: infinite and undefined factors") {
  const Interval one = integer(1, 64);
  const Interval zero = integer(0, 64);
  const Interval all(NanChecking::neg_inf(), NanChecking::pos_inf());
  const Interval right(one.lower(), NanChecking::pos_inf());
  const auto sum_of = [](std::initializer_list<std::pair<Interval, Interval>> products) {
    ProductSum sum(64);
    for (const auto& [x, y] : products) sum.add(x, y);
    return sum.value();
  };
  CHECK(is_bounded(sum_of({{zero, all}, {right, zero}, {one, one}})));
  CHECK(encloses(sum_of({{zero, all}, {one, one}}), Rational(1)));
  CHECK(encloses(sum_of({{right, right}, {-right, one}}), all));
  CHECK(encloses(sum_of({{one, one}, {right, -right}, {one, one}}), -right));
  for (const Interval& bad : {sum_of({{Interval::empty(), one}}),
                              sum_of({{one, one}, {zero, Interval::empty()}, {one, one}}),
                              sum_of({{Interval::empty(), all}, {all, all}})}) {
    CHECK(empty(bad));
    CHECK_FALSE(is_bounded(bad));
  }
}

TEST_CASE("interval: comparison with exact numbers") {
  const Interval third = enclose(Rational(1, 3), 64);
  const Rational lower = lower_rational(third);
  const Rational upper = upper_rational(third);
  const Rational unit = power_of_two(-500);
  CHECK(is_at_most(third, upper));
  CHECK_FALSE(is_at_most(third, Rational(upper - unit)));
  CHECK(is_at_least(third, lower));
  CHECK_FALSE(is_at_least(third, Rational(lower + unit)));
  CHECK_FALSE(is_at_most(third, Rational(1, 3)));
  CHECK_FALSE(is_at_least(third, Rational(1, 3)));
  const Interval all(NanChecking::neg_inf(), NanChecking::pos_inf());
  for (const Interval& x : {all, Interval::empty()}) {
    CHECK_FALSE(is_at_most(x, real("1e5000")));
    CHECK_FALSE(is_at_least(x, real("-1e5000")));
  }
}
