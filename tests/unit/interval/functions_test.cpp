#include "attncert/interval/functions.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

using Function = Interval (*)(const Interval&, Precision);

struct Row {
  std::string_view name;
  Function function;
  double lower;  // where the function is tried
  double upper;
  int direction;  // 1 increasing, -1 decreasing, 0 neither, on the whole line or domain
};

constexpr Row kFunctions[] = {
    {"exp", exp, -700, 700, 1},         {"log", log, 1e-6, 1e6, 1}, {"sqrt", sqrt, 0, 1e6, 1},
    {"tanh", tanh, -40, 40, 1},         {"erf", erf, -8, 8, 1},     {"erfc", erfc, -8, 30, -1},
    {"sigmoid", sigmoid, -800, 800, 1}, {"silu", silu, -60, 60, 0}, {"gelu", gelu, -40, 40, 0},
};

constexpr int kRounds = 150;

Rational point_of(Random& random, const Row& row) {
  const double scale = random.integer(0, 3) == 0 ? 1e-3 : 1;
  return random.rational(row.lower * scale, row.upper * scale);
}

Interval between(const Rational& a, const Rational& b, Precision precision) {
  return enclose(std::min(a, b), std::max(a, b), precision);
}

// The stationary point of x g(x) in [lower, upper], by bisection on an interval derivative.
template <class Derivative>
Rational stationary_point(Rational lower, Rational upper, Derivative derivative) {
  constexpr Precision precision = 800;
  for (int i = 0; i < 250; ++i) {
    const Rational middle((lower + upper) / 2);
    (derivative(enclose(middle, precision), precision).lower() < 0 ? lower : upper) = middle;
  }
  return lower;
}

// sigmoid(x) (1 + x sigmoid(-x))
Interval silu_slope(const Interval& x, Precision precision) {
  return sigmoid(x, precision) * (integer(1, precision) + x * sigmoid(-x, precision));
}

// Phi(x) + x phi(x)
Interval gelu_slope(const Interval& x, Precision precision) {
  const Interval two = integer(2, precision);
  const Interval root = sqrt(two, precision);
  const Interval density =
      exp(-pow(x, 2, precision) / two, precision) / sqrt(two * pi(precision), precision);
  return erfc(-x / root, precision) / two + x * density;
}

// The image of tiny intervals about the turn contains the values there, at far higher precision.
void check_turn(Function f, const Rational& turn, Random& random) {
  for (int round = 0; round < 300; ++round) {
    const int exponent = static_cast<int>(random.integer(-50, -3));
    const Rational a(turn + random.rational(-1, 1) * power_of_ten(exponent));
    const Rational b(
        round % 3 == 0 ? turn : Rational(turn + random.rational(-1, 1) * power_of_ten(exponent)));
    const Interval image = f(between(a, b, 400), 300);
    const Rational inside(a + (b - a) * Rational(random.integer(0, 8), 8));
    CAPTURE(exponent);
    REQUIRE(encloses(image, f(enclose(inside, 1200), 1200)));
    if ((a <= turn) == (turn <= b)) REQUIRE(encloses(image, f(enclose(turn, 1200), 1200)));
  }
}

}  // namespace

TEST_CASE("functions: two precisions overlap, and both contain a value at four times theirs") {
  Random random("functions precision");
  for (const Row& row : kFunctions) {
    CAPTURE(row.name);
    for (int i = 0; i < kRounds; ++i) {
      const Rational x = point_of(random, row);
      CAPTURE(to_string(x));
      const Precision precision = random.integer(24, 200);
      const Interval coarse = row.function(enclose(x, 64), precision);
      const Interval fine = row.function(enclose(x, 64), precision + random.integer(1, 100));
      const Interval finest = row.function(enclose(x, 64), 4 * precision);
      REQUIRE(is_bounded(coarse));
      REQUIRE(overlaps(coarse, fine));
      REQUIRE(encloses(coarse, finest));
      REQUIRE(encloses(fine, row.function(enclose(x, 64), 1200)));
    }
  }
}

TEST_CASE("functions: tight at points") {
  Random random("functions tightness");
  for (const Row& row : kFunctions) {
    CAPTURE(row.name);
    for (int i = 0; i < kRounds; ++i) {
      const Interval value = row.function(enclose(point_of(random, row), 64), 80);
      const Rational magnitude =
          std::max(Rational(abs(lower_rational(value))), Rational(abs(upper_rational(value))));
      // a few ulps even where the definition cancels, as gelu's does not at its left end
      REQUIRE(upper_rational(value) - lower_rational(value) <= magnitude * power_of_two(-77));
    }
  }
}

TEST_CASE("functions: inclusion in the input, and direction") {
  Random random("functions inclusion");
  for (const Row& row : kFunctions) {
    CAPTURE(row.name);
    for (int i = 0; i < kRounds; ++i) {
      const Rational a = point_of(random, row);
      const Rational b = point_of(random, row);
      const Rational inside(a + (b - a) * Rational(random.integer(0, 8), 8));
      const Rational beyond(a + (b - a) * Rational(random.integer(0, 8), 8));
      const Interval wide = row.function(between(a, b, 64), 64);
      REQUIRE(encloses(wide, row.function(between(inside, beyond, 200), 200)));
      const Interval at_a = row.function(enclose(a, 64), 64);
      const Interval at_b = row.function(enclose(b, 64), 64);
      if (row.direction == 0 || a == b) continue;
      const bool rises = (a < b) == (row.direction > 0);
      REQUIRE((rises ? at_a.lower() <= at_b.upper() : at_b.lower() <= at_a.upper()));
    }
  }
}

TEST_CASE("functions: equations") {
  Random random("functions equations");
  constexpr Precision p = 100;
  const Interval one = integer(1, p);
  const Interval two = integer(2, p);
  for (int i = 0; i < 300; ++i) {
    const Interval x = enclose(random.rational(-5, 5), p);
    const Interval y = enclose(random.rational(0.01, 5), p);
    REQUIRE(contains_zero(erf(x, p) + erfc(x, p) - one));
    REQUIRE(contains_zero(erfc(x, p) + erfc(-x, p) - two));
    REQUIRE(contains_zero(sigmoid(x, p) + sigmoid(-x, p) - one));
    REQUIRE(contains_zero(exp(x, p) * exp(-x, p) - one));
    REQUIRE(contains_zero(exp(x + y, p) - exp(x, p) * exp(y, p)));
    REQUIRE(contains_zero(log(exp(x, p), p) - x));
    REQUIRE(contains_zero(pow(sqrt(y, p), 2, p) - y));
    REQUIRE(contains_zero(tanh(x, p) - (two * sigmoid(two * x, p) - one)));
    REQUIRE(contains_zero(silu(x, p) - silu(-x, p) - x));
    REQUIRE(contains_zero(gelu(x, p) - gelu(-x, p) - x));
    REQUIRE(contains_zero(silu(x, p) - x * sigmoid(x, p)));
    REQUIRE(contains_zero(pow(y, -3, p) * pow(y, 3, p) - one));
  }
  CHECK(encloses(pi(60), pi(600)));
  const Interval digits = enclose(real("3.14159265358979323846264338327950288"),
                                  real("3.14159265358979323846264338327950289"), 200);
  CHECK(encloses(digits, pi(200)));
}

TEST_CASE("functions: integer powers") {
  Random random("functions powers");
  for (int i = 0; i < 2000; ++i) {
    const long n = random.integer(-9, 9);
    const Rational a = random.rational(-3, 3);
    const Rational b = random.rational(-3, 3);
    const Interval x = between(a, b, 64);
    const Rational t(a + (b - a) * Rational(random.integer(0, 8), 8));
    Rational exact = 1;
    for (long k = 0; k < std::abs(n); ++k) exact *= t;
    if (n < 0 && t != 0) exact = 1 / exact;
    const Interval result = pow(x, n, 60);
    CAPTURE(n);
    if (n < 0 && contains_zero(x)) {
      REQUIRE_FALSE(is_bounded(result));
    } else {
      REQUIRE(encloses(result, exact));
    }
  }
  CHECK(pow(between(-2, 1, 64), 2, 64).lower() == 0);
  CHECK(encloses(pow(integer(0, 64), 0, 64), Rational(1)));
  CHECK_FALSE(is_bounded(pow(integer(0, 64), -1, 64)));
}

TEST_CASE("functions: the ends of the line") {
  constexpr Precision p = 96;
  for (const std::string_view text : {"1e6", "1e300"}) {
    CAPTURE(text);
    const Interval x = enclose(real(text), p);
    const Rational tiny = real("1e-300");
    const auto within = [](const Interval& value, const Rational& lower, const Rational& upper) {
      return is_bounded(value) && lower <= lower_rational(value) && upper_rational(value) <= upper;
    };
    CHECK(exp(x, p).lower() > 0);
    CHECK_FALSE(empty(exp(x, p)));
    CHECK(within(exp(-x, p), 0, tiny));
    CHECK(within(tanh(x, p), Rational(1 - power_of_two(-96)), 1));
    CHECK(within(tanh(-x, p), -1, Rational(power_of_two(-96) - 1)));
    CHECK(within(erf(x, p), Rational(1 - power_of_two(-96)), 1));
    CHECK(within(erfc(x, p), 0, tiny));
    CHECK(within(erfc(-x, p), Rational(2 - power_of_two(-95)), 2));
    CHECK(within(sigmoid(x, p), Rational(1 - power_of_two(-96)), 1));
    CHECK(within(sigmoid(-x, p), 0, tiny));
    for (const Function f : {silu, gelu}) {
      CHECK(within(f(-x, p), Rational(-tiny), 0));
      CHECK(encloses(f(x, p), real(text)));
      CHECK(within(f(x, p), Rational(real(text) * (1 - power_of_two(-90))),
                   Rational(real(text) * (1 + power_of_two(-90)))));
      CHECK(encloses(f(hull(-x, x), p), f(integer(-1, p), 200)));
    }
  }
}

TEST_CASE("functions: unbounded inputs") {
  constexpr Precision p = 64;
  const Interval all(NanChecking::neg_inf(), NanChecking::pos_inf());
  const Interval left(NanChecking::neg_inf(), integer(-3, p).upper());
  const Interval right(integer(3, p).lower(), NanChecking::pos_inf());
  CHECK(encloses(sigmoid(all, p), enclose(Rational(0), Rational(1), p)));
  CHECK(encloses(tanh(all, p), enclose(Rational(-1), Rational(1), p)));
  CHECK(encloses(erfc(left, p), Rational(2)));
  CHECK(encloses(exp(left, p), exp(integer(-5000, p), p)));
  for (const Function f : {silu, gelu}) {
    CHECK(encloses(f(left, p), f(integer(-4, p), 200)));
    CHECK(is_bounded(f(left, p)));
    CHECK(f(right, p).upper() >= right.upper());
    CHECK(encloses(f(right, p), f(integer(40, p), 200)));
    CHECK(encloses(f(all, p), f(integer(-1, p), 200)));
    CHECK(is_bounded(Interval(f(all, p).lower(), integer(0, p).upper())));
  }
}

TEST_CASE("functions: the least values of silu and gelu are inside, however close one looks") {
  Random random("functions turns");
  const Rational silu_turn = stationary_point(-2, -1, silu_slope);
  const Rational gelu_turn = stationary_point(-2, Rational(-1, 2), gelu_slope);
  constexpr Precision p = 400;
  // The derivative changes sign across the interval the implementation takes for the turn.
  CHECK(silu_slope(enclose(real("-1.2784645427610738"), p), p).upper() < 0);
  CHECK(silu_slope(enclose(real("-1.2784645427610737"), p), p).lower() > 0);
  CHECK(gelu_slope(enclose(real("-0.7517915246935647"), p), p).upper() < 0);
  CHECK(gelu_slope(enclose(real("-0.7517915246935644"), p), p).lower() > 0);
  // W(1/e) = 0.27846...: silu's least value is -W(1/e), at -(1 + W(1/e))
  CHECK(silu_turn < real("-1.2784645427610737951093587390"));
  CHECK(silu_turn > real("-1.2784645427610737951093587391"));
  check_turn(silu, silu_turn, random);
  check_turn(gelu, gelu_turn, random);
}

TEST_CASE("functions: nothing clips its argument") {
  constexpr Precision p = 64;
  const auto refused = [](const Interval& x) { return empty(x) && !is_bounded(x); };
  CHECK(refused(sqrt(enclose(Rational(-1), Rational(4), p), p)));
  CHECK(refused(sqrt(enclose(Rational(-power_of_two(-4000)), Rational(4), p), p)));
  CHECK(refused(log(enclose(Rational(0), Rational(4), p), p)));
  CHECK(refused(log(enclose(Rational(-1), Rational(4), p), p)));
  CHECK(refused(log(integer(0, p), p)));
  CHECK(refused(pow(enclose(Rational(-1), Rational(1), p), -2, p)));
  CHECK_FALSE(refused(sqrt(integer(0, p), p)));
  for (const Row& row : kFunctions) CHECK(refused(row.function(Interval::empty(), p)));
}
