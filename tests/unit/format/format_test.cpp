#include "attncert/format/format.hpp"

#include <cfloat>
#include <cmath>
#include <random>

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Limits {
  std::string_view name;
  const char* unit_roundoff;
  const char* smallest_subnormal;
  const char* smallest_normal;
  const char* largest;
};

constexpr Limits kLimits[] = {
    {"fp64", "2^-53", "2^-1074", "2^-1022", "0x1.fffffffffffffp1023"},
    {"fp32", "2^-24", "2^-149", "2^-126", "0x1.fffffep127"},
    {"tf32", "2^-11", "2^-136", "2^-126", "0x1.ffcp127"},
    {"fp16", "2^-11", "2^-24", "2^-14", "65504"},
    {"bf16", "2^-8", "2^-133", "2^-126", "0x1.fep127"},
    {"e4m3", "2^-4", "2^-9", "2^-6", "448"},
    {"e5m2", "2^-3", "2^-16", "2^-14", "57344"},
};

Rational exact(const char* text) { return parse_rational(text).value(); }
Format named(std::string_view name) { return format_named(name).value(); }

struct Rounding {
  std::string_view name;
  const char* value;
  const char* result;  // nullptr: overflow
};

// Ties, subnormals, the largest number and beyond.
constexpr Rounding kRoundings[] = {
    {"fp16", "2049", "2048"},         {"fp16", "2051", "2052"},
    {"fp16", "-2049", "-2048"},       {"fp16", "-2051", "-2052"},
    {"fp16", "2049.0001", "2050"},    {"fp16", "2^-25", "0"},
    {"fp16", "0x1.001p-25", "2^-24"}, {"fp16", "0x3p-25", "2^-23"},
    {"fp16", "65519.99", "65504"},    {"fp16", "65520", nullptr},
    {"fp16", "-65520", nullptr},      {"bf16", "0x1.ffp0", "2"},
    {"bf16", "0x1.fdp0", "0x1.fcp0"}, {"e4m3", "464", "448"},
    {"e4m3", "465", nullptr},         {"e4m3", "17", "16"},
    {"e5m2", "61439", "57344"},       {"e5m2", "61440", nullptr},
    {"fp32", "0.1", "0x1.99999ap-4"}, {"fp64", "0.1", "0x1.999999999999ap-4"},
    {"tf32", "0x1.002p0", "0x1.0p0"}, {"fp32", "0", "0"},
};

}  // namespace

TEST_CASE("formats: limits") {
  CHECK(formats().size() == std::size(kLimits));
  for (const Limits& row : kLimits) {
    CAPTURE(row.name);
    const Format format = named(row.name);
    CHECK(unit_roundoff(format) == exact(row.unit_roundoff));
    CHECK(smallest_subnormal(format) == exact(row.smallest_subnormal));
    CHECK(smallest_normal(format) == exact(row.smallest_normal));
    CHECK(largest_finite(format) == exact(row.largest));
    CHECK(underflow_unit(format, Underflow::gradual) == exact(row.smallest_subnormal) / 2);
    CHECK(underflow_unit(format, Underflow::flush) == exact(row.smallest_normal));
    CHECK(represents(format, exact(row.largest)));
    CHECK(represents(format, exact(row.smallest_subnormal)));
    CHECK_FALSE(represents(format, Rational(exact(row.smallest_subnormal) / 2)));
    CHECK_FALSE(represents(format, Rational(exact(row.largest) * 2)));
  }
}

TEST_CASE("formats: names") {
  const auto unknown = format_named("float16");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::FormatUnknown);
}

TEST_CASE("formats: rounding to nearest, ties to even") {
  for (const Rounding& row : kRoundings) {
    CAPTURE(row.name);
    CAPTURE(row.value);
    const auto result = rounded(named(row.name), exact(row.value));
    if (row.result == nullptr) {
      REQUIRE_FALSE(result);
      CHECK(result.error().code == ErrorCode::FormatOverflow);
    } else {
      REQUIRE(result);
      CHECK(result.value() == exact(row.result));
    }
  }
}

TEST_CASE("formats: fp32 and fp64 round as the machine does") {
  std::mt19937_64 engine(20261125);
  std::uniform_int_distribution<int> exponent(-170, 126);
  std::uniform_real_distribution<double> significand(-2, 2);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::ldexp(significand(engine), exponent(engine));
    CHECK(rounded(named("fp32"), Rational(value)).value() ==
          Rational(static_cast<double>(static_cast<float>(value))));
    CHECK(rounded(named("fp64"), Rational(value)).value() == Rational(value));
    CHECK(represents(named("fp32"), Rational(value)) ==
          (static_cast<double>(static_cast<float>(value)) == value));
  }
}
