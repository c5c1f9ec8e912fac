#include "attncert/model/decimal.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Rounding {
  std::string_view text;
  int digits;
  Direction direction;
  std::string_view rounded;
  std::string_view scientific;
};

constexpr Rounding kRoundings[] = {
    {"0", 3, Direction::up, "0", "0"},
    {"1.2345", 3, Direction::down, "1.23", "1.23"},
    {"1.2345", 3, Direction::up, "1.24", "1.24"},
    {"-1.2345", 3, Direction::down, "-1.24", "-1.24"},
    {"-1.2345", 3, Direction::up, "-1.23", "-1.23"},
    {"1.23", 3, Direction::up, "1.23", "1.23"},
    {"-1.23", 3, Direction::down, "-1.23", "-1.23"},
    {"1/3", 4, Direction::up, "0.3334", "3.334e-1"},
    {"-1/3", 4, Direction::up, "-0.3333", "-3.333e-1"},
    {"9.999", 2, Direction::up, "10", "1.0e1"},
    {"-9.999", 2, Direction::down, "-10", "-1.0e1"},
    {"-9.999", 2, Direction::up, "-9.9", "-9.9"},
    {"123456", 1, Direction::down, "100000", "1e5"},
    {"0.000123456", 3, Direction::up, "0.000124", "1.24e-4"},
    {"1e-300", 2, Direction::down, "1e-300", "1.0e-300"},
};

}  // namespace

TEST_CASE("decimal: decimal rounding in either direction") {
  for (const Rounding& row : kRoundings) {
    CAPTURE(row.text);
    CHECK(round_decimal(real(row.text), row.digits, row.direction) == real(row.rounded));
    CHECK(to_scientific(real(row.text), row.digits, row.direction) == row.scientific);
  }
}

TEST_CASE("decimal: rounded numbers bracket the number closely") {
  Random random("round_decimal");
  for (int i = 0; i < 2000; ++i) {
    const Rational q = Rational(random.integer(-1000000, 1000000), random.integer(1, 1000000)) *
                       power_of_two(static_cast<int>(random.integer(-200, 200)));
    const int digits = static_cast<int>(random.integer(1, 20));
    const Rational down = round_decimal(q, digits, Direction::down);
    const Rational up = round_decimal(q, digits, Direction::up);
    CAPTURE(to_string(q));
    CAPTURE(digits);
    REQUIRE(down <= q);
    REQUIRE(q <= up);
    REQUIRE(up - down <= 2 * power_of_ten(1 - digits) * abs(q));
    REQUIRE(round_decimal(down, digits, Direction::up) == down);
  }
}

TEST_CASE("decimal: decimal exponents at the powers of ten") {
  for (int n = -400; n <= 400; n += 7) {
    REQUIRE(decimal_exponent(power_of_ten(n)) == n);
    REQUIRE(decimal_exponent(Rational(-power_of_ten(n))) == n);
    REQUIRE(decimal_exponent(Rational(power_of_ten(n) * Rational(999, 1000))) == n - 1);
  }
}
