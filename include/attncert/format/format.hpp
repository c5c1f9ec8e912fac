// Binary floating-point formats: what their numbers are, and how far rounding to them moves a number.
#pragma once

#include <span>
#include <string_view>

#include "attncert/core/rational.hpp"

namespace attncert {

/// The numbers +-m 2^(e - precision + 1) with integers 0 <= m < 2^precision and
/// min_exponent <= e, up to `largest`; m < 2^(precision - 1) only for e = min_exponent (subnormals).
struct Format {
  std::string_view name;
  int precision = 0;     // bits of the significand, the leading one included
  int min_exponent = 0;  // smallest normal number: 2^min_exponent
  int max_exponent = 0;  // exponent of the largest finite number
  int missing = 0;  // codes at the top that are no numbers: largest = (2^p - 1 - missing) 2^(...)
  bool infinities = true;

  bool operator==(const Format& other) const { return name == other.name; }
};

/// fp64, fp32, tf32, fp16, bf16, e4m3 and e5m2 (fp8, as the Open Compute Project defines them).
std::span<const Format> formats();

/// Errors   FormatUnknown, with the names there are
Result<Format> format_named(std::string_view name);

/// How numbers below the smallest normal one are treated.
enum class Underflow { gradual, flush };

/// Maths    2^-precision: |rd(x) - x| <= u |x| for normal results, round-to-nearest
Rational unit_roundoff(const Format& format);
/// Maths    2^min_exponent and 2^(min_exponent - precision + 1)
Rational smallest_normal(const Format& format);
Rational smallest_subnormal(const Format& format);
/// The largest finite number.
Rational largest_finite(const Format& format);

/// What a rounding may add where its result is no normal number.
/// Maths    gradual: half the smallest subnormal; flush: the smallest normal
/// Ensures  |rd(x) - x| <= max(u |x|, result) for |x| <= largest; with flush also where inputs or
///          results below the smallest normal number become 0
Rational underflow_unit(const Format& format, Underflow underflow);

/// Whether the format has the number, without infinities.
bool represents(const Format& format, const Rational& value);

/// Round to nearest, ties to even, gradual underflow.
/// Ensures  the format's number nearest to `value`, or nothing where it overflows, that is where
///          |value| >= largest + half a unit in the last place of largest
Result<Rational> rounded(const Format& format, const Rational& value);

}  // namespace attncert
