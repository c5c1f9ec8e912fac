#include "attncert/format/format.hpp"

#include <array>
#include <string>

namespace attncert {
namespace {

constexpr std::array<Format, 7> kFormats = {{{"fp64", 53, -1022, 1023, 0, true},
                                             {"fp32", 24, -126, 127, 0, true},
                                             {"tf32", 11, -126, 127, 0, true},
                                             {"fp16", 11, -14, 15, 0, true},
                                             {"bf16", 8, -126, 127, 0, true},
                                             {"e4m3", 4, -6, 8, 1, false},
                                             {"e5m2", 3, -14, 15, 0, true}}};

// The unit in the last place at |value| > 0: 2^(max(floor(log2 |value|), min_exponent) - p + 1).
Rational unit_at(const Format& format, const Rational& value) {
  const Integer top = abs(numerator(value));
  const Integer bottom = denominator(value);
  int exponent = static_cast<int>(msb(top)) - static_cast<int>(msb(bottom));
  if (abs(value) < power_of_two(exponent)) --exponent;
  return power_of_two(std::max(exponent, format.min_exponent) - format.precision + 1);
}

// The integer nearest to q, ties to even.
Integer nearest_integer(const Rational& q) {
  const Integer twice = numerator(q) * 2;
  const Integer bottom = denominator(q) * 2;
  Integer below = (twice + denominator(q)) / bottom;  // towards zero
  if ((twice + denominator(q)) < 0 && below * bottom != twice + denominator(q)) --below;
  const bool tie = Rational(below) - q == Rational(1, 2);
  if (tie && bit_test(abs(below), 0)) --below;
  return below;
}

}  // namespace

std::span<const Format> formats() { return kFormats; }

Result<Format> format_named(std::string_view name) {
  std::string known;
  for (const Format& format : kFormats) {
    if (format.name == name) return format;
    known += (known.empty() ? "" : ", ") + std::string(format.name);
  }
  return fail(ErrorCode::FormatUnknown,
              "no format '" + std::string(name.substr(0, 40)) + "'; there are " + known);
}

Rational unit_roundoff(const Format& format) { return power_of_two(-format.precision); }
Rational smallest_normal(const Format& format) { return power_of_two(format.min_exponent); }
Rational smallest_subnormal(const Format& format) {
  return power_of_two(format.min_exponent - format.precision + 1);
}

Rational largest_finite(const Format& format) {
  const Rational significand = power_of_two(format.precision) - 1 - format.missing;
  return Rational(significand * power_of_two(format.max_exponent - format.precision + 1));
}

Rational underflow_unit(const Format& format, Underflow underflow) {
  return underflow == Underflow::flush ? smallest_normal(format)
                                       : Rational(smallest_subnormal(format) / 2);
}

Result<Rational> rounded(const Format& format, const Rational& value) {
  if (value == 0) return Rational(0);
  const Rational unit = unit_at(format, value);
  const Rational result = Rational(nearest_integer(Rational(value / unit))) * unit;
  if (abs(result) <= largest_finite(format)) return result;
  return fail(ErrorCode::FormatOverflow,
              "a number beyond the largest of " + std::string(format.name));
}

bool represents(const Format& format, const Rational& value) {
  if (value == 0) return true;
  return abs(value) <= largest_finite(format) &&
         denominator(Rational(value / unit_at(format, value))) == 1;
}

}  // namespace attncert
