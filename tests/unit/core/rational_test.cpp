#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Spelling {
  std::string_view text;
  const char* numerator;
  const char* denominator;
};

constexpr Spelling kExact[] = {
    {"0", "0", "1"},
    {"-0", "0", "1"},
    {"7", "7", "1"},
    {"+7", "7", "1"},
    {"1.5", "3", "2"},
    {".5", "1", "2"},
    {"5.", "5", "1"},
    {"-0.0204", "-51", "2500"},
    {"1e-12", "1", "1000000000000"},
    {"2.50E+2", "250", "1"},
    {"0.1", "1", "10"},
    {"123456789012345678901234567890.5", "246913578024691357802469135781", "2"},
    {"0x1.8p-3", "3", "16"},
    {"-0X1P4", "-16", "1"},
    {"0xff.8p0", "511", "2"},
    {"0x.1p4", "1", "1"},
    {"0xABCp+0", "2748", "1"},
    {"2/3", "2", "3"},
    {"-4/6", "-2", "3"},
    {"0/5", "0", "1"},
    {"2^-20", "1", "1048576"},
    {"-10^3", "-1000", "1"},
    {"1000^1", "1000", "1"},
    {"7^0", "1", "1"},
    {"1000^2", "1000000", "1"},
};

struct Rejection {
  std::string_view text;
  ErrorCode code;
};

constexpr Rejection kRejected[] = {
    {"", ErrorCode::NumberSyntax},
    {"-", ErrorCode::NumberSyntax},
    {".", ErrorCode::NumberSyntax},
    {"--1", ErrorCode::NumberSyntax},
    {"+-1", ErrorCode::NumberSyntax},
    {"1.2.3", ErrorCode::NumberSyntax},
    {" 1", ErrorCode::NumberSyntax},
    {"1 ", ErrorCode::NumberSyntax},
    {"1,5", ErrorCode::NumberSyntax},
    {"1_000", ErrorCode::NumberSyntax},
    {"inf", ErrorCode::NumberSyntax},
    {"nan", ErrorCode::NumberSyntax},
    {"1e", ErrorCode::NumberSyntax},
    {"e5", ErrorCode::NumberSyntax},
    {"1e5.5", ErrorCode::NumberSyntax},
    {"1e+-5", ErrorCode::NumberSyntax},
    {"1e--5", ErrorCode::NumberSyntax},
    {"1ee5", ErrorCode::NumberSyntax},
    {"0x1.8", ErrorCode::NumberSyntax},
    {"0xp1", ErrorCode::NumberSyntax},
    {"0x1p", ErrorCode::NumberSyntax},
    {"0xg1p0", ErrorCode::NumberSyntax},
    {"0x-1p0", ErrorCode::NumberSyntax},
    {"1p5", ErrorCode::NumberSyntax},
    {"1/0", ErrorCode::NumberSyntax},
    {"1/-2", ErrorCode::NumberSyntax},
    {"1/2/3", ErrorCode::NumberSyntax},
    {"0.5/2", ErrorCode::NumberSyntax},
    {"/2", ErrorCode::NumberSyntax},
    {"1/", ErrorCode::NumberSyntax},
    {"0^5", ErrorCode::NumberSyntax},
    {"1001^2", ErrorCode::NumberSyntax},
    {"0.5^2", ErrorCode::NumberSyntax},
    {"2^", ErrorCode::NumberSyntax},
    {"2^3^4", ErrorCode::NumberSyntax},
    {"2^0.5", ErrorCode::NumberSyntax},
    {"1e5001", ErrorCode::NumberTooLong},
    {"1e-5001", ErrorCode::NumberTooLong},
    {"2^5001", ErrorCode::NumberTooLong},
    {"16^5000", ErrorCode::NumberTooLong},
    {"16^-5000", ErrorCode::NumberTooLong},
    {"0x1p-40001", ErrorCode::NumberTooLong},
    {"0x1p40001", ErrorCode::NumberTooLong},
    {"1e99999999999999999999", ErrorCode::NumberTooLong},
    {"1e-2147483648", ErrorCode::NumberTooLong},
    {"2^-2147483648", ErrorCode::NumberTooLong},
};

struct Canonical {
  std::string_view text;
  std::string_view canonical;
};

constexpr Canonical kCanonical[] = {
    {"-0", "0"},
    {"1.50", "1.5"},
    {"+1e2", "100"},
    {"0x1p-2", "0.25"},
    {"-2/4", "-0.5"},
    {"1/3", "1/3"},
    {"-10/14", "-5/7"},
    {"1e-6", "0.000001"},
    {"1e-40", "0.0000000000000000000000000000000000000001"},
    {"1e39", "1000000000000000000000000000000000000000"},
    {"2^-40", "0.0000000000009094947017729282379150390625"},
    {"2^-41", "0x1p-41"},
    {"2^-200", "0x1p-200"},
    {"2^140", "0x1p140"},
    {"1e-41", "0.00000000000000000000000000000000000000001"},
    {"1e40", "0x1d6329f1c35ca4bfabb9f561p40"},
};

}  // namespace

TEST_CASE("rational: every spelling is read exactly") {
  for (const Spelling& row : kExact) {
    CAPTURE(row.text);
    const auto parsed = parse_rational(row.text);
    REQUIRE(outcome(parsed) == "ok");
    CHECK(parsed.value() == Rational(Integer(row.numerator), Integer(row.denominator)));
  }
}

TEST_CASE("rational: what is not a number is rejected, with its cause") {
  for (const Rejection& row : kRejected) {
    CAPTURE(row.text);
    CHECK(outcome(parse_rational(row.text)) == name(row.code));
  }
}

TEST_CASE("rational: limits of length and exponent") {
  CHECK(outcome(parse_rational(std::string(1000, '9'))) == "ok");
  CHECK(outcome(parse_rational(std::string(1001, '9'))) == name(ErrorCode::NumberTooLong));
  CHECK(outcome(parse_rational("1/" + std::string(8000, '9'))) == "ok");
  CHECK(outcome(parse_rational("1/" + std::string(8001, '9'))) == name(ErrorCode::NumberTooLong));
  CHECK(outcome(parse_rational("0x" + std::string(8000, 'f') + "p0")) == "ok");
  CHECK(outcome(parse_rational("0x" + std::string(8001, 'f') + "p0")) ==
        name(ErrorCode::NumberTooLong));
  CHECK(outcome(parse_rational(std::string(100000, '('))) == name(ErrorCode::NumberTooLong));
  for (const std::string_view text : {"1e5000", "1e-5000", "2^5000", "0x1p-40000", "15^5000"}) {
    CAPTURE(text);
    CHECK(outcome(parse_rational(text)) == "ok");
  }
}

TEST_CASE("rational: one canonical text for each value") {
  for (const Canonical& row : kCanonical) {
    CAPTURE(row.text);
    CHECK(to_string(real(row.text)) == row.canonical);
    CHECK(real(row.canonical) == real(row.text));
  }
}

TEST_CASE("rational: what can be read can be written and read again") {
  for (const std::string_view text :
       {"1e-300", "1e300", "1e-900", "2^-5000", "2^5000", "3^-600", "1e-1000", "1e5000",
        "0x0.1p-5000", "7^-5000", "15^5000", "15^-5000"}) {
    CAPTURE(text);
    const Rational q = real(text);
    const auto again = parse_rational(to_string(q));
    CHECK(outcome(again) == "ok");
    if (again) CHECK(again.value() == q);
  }
}

TEST_CASE("rational: random numbers round-trip through their canonical texts") {
  Random random("rational");
  for (int i = 0; i < 2000; ++i) {
    const Rational dyadic(random.integer(-1000000, 1000000), 1L << random.integer(0, 62));
    const Rational decimal = Rational(random.integer(-1000000, 1000000)) *
                             power_of_ten(static_cast<int>(random.integer(-60, 60)));
    const Rational fraction(random.integer(-1000000, 1000000), random.integer(1, 1000000));
    for (const Rational& q : {dyadic, decimal, fraction}) {
      REQUIRE(real(to_string(q)) == q);
      REQUIRE(to_string(real(to_string(q))) == to_string(q));
    }
  }
}

TEST_CASE("rational: powers of two and ten") {
  CHECK(power_of_two(-3) == Rational(1, 8));
  CHECK(power_of_two(3) == 8);
  CHECK(power_of_two(0) == 1);
  CHECK(power_of_ten(-2) == Rational(1, 100));
  CHECK(power_of_ten(2) == 100);
}
