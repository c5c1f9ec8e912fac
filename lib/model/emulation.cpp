#include "attncert/model/emulation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attncert/interval/functions.hpp"

namespace attncert {
namespace {

constexpr int kDoublePrecision = 53;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_double(const Format& format) { return format.precision == kDoublePrecision; }

double largest_of(const Format& format) {
  const double significand = std::ldexp(1.0, format.precision) - 1 - format.missing;
  return std::ldexp(significand, format.max_exponent - format.precision + 1);
}

double overflowed(const Machine& machine, double x) {
  if (machine.overflow == Overflow::saturate) {
    return std::copysign(largest_of(machine.format), x);
  }
  return machine.format.infinities ? std::copysign(kInfinity, x)
                                   : std::numeric_limits<double>::quiet_NaN();
}

double flushed(const Machine& machine, double x) {
  const bool tiny = std::fabs(x) < std::ldexp(1.0, machine.format.min_exponent);
  return machine.underflow == Underflow::flush && tiny ? std::copysign(0.0, x) : x;
}

// After rounding with an unbounded exponent: the ends of the format.
double settled(const Machine& machine, double x) {
  if (std::fabs(x) > largest_of(machine.format)) return overflowed(machine, x);
  return flushed(machine, x);
}

double to_integer(double x, ExpResult direction) {
  if (direction == ExpResult::below) return std::floor(x);
  return direction == ExpResult::above ? std::ceil(x) : std::nearbyint(x);
}

// Scaling by a power of two is exact in double: formats narrower than it have 24 bits at most.
double rounded(const Machine& machine, double x, ExpResult direction) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return overflowed(machine, x);
  if (x == 0 || is_double(machine.format)) return settled(machine, x);
  const Format& format = machine.format;
  int exponent = 0;
  std::frexp(x, &exponent);
  const int unit = std::max(exponent - 1, format.min_exponent) - format.precision + 1;
  return settled(machine, std::ldexp(to_integer(std::ldexp(x, -unit), direction), unit));
}

// e^x to 52 bits is between two neighbours, or exact; a number halfway between them rounds to any
// narrower format as e^x itself does ("rounding to odd").
double exponential_to_odd(double x) {
  const Interval near = exp(enclose(Rational(x), kDoublePrecision), kDoublePrecision - 1);
  const double below = lower_double(near);
  const double above = upper_double(near);
  return below + (above - below) / 2;
}

// The C library's exp is good to 40 bits at least, which almost always settles it.
double narrow_exponential(const Machine& machine, double x) {
  constexpr double margin = 0x1p-40;
  constexpr double far = 700;  // e^far is beyond every format narrower than double
  if (std::fabs(x) > far) return rounded(machine, x < 0 ? 0x1p-1000 : 0x1p1000, machine.exp_result);
  const double approx = std::exp(x);
  const double below = rounded(machine, approx * (1 - margin), machine.exp_result);
  const double above = rounded(machine, approx * (1 + margin), machine.exp_result);
  if (below == above) return below;
  return rounded(machine, exponential_to_odd(x), machine.exp_result);
}

// Correctly rounded: the same with 64 bits, in exact numbers.
double double_exponential(const Machine& machine, double x) {
  constexpr Precision precision = 64;
  const Interval near = exp(enclose(Rational(x), kDoublePrecision), precision);
  if (machine.exp_result == ExpResult::below) return settled(machine, lower_double(near));
  if (machine.exp_result == ExpResult::above) return settled(machine, upper_double(near));
  if (!is_bounded(near)) return overflowed(machine, 1);
  return to_format(machine, Rational((lower_rational(near) + upper_rational(near)) / 2));
}

}  // namespace

double to_format(const Machine& machine, double x) {
  return rounded(machine, x, ExpResult::nearest);
}

double to_format(const Machine& machine, const Rational& x) {
  const auto number = rounded(machine.format, x);
  if (!number) return overflowed(machine, x < 0 ? -1 : 1);
  return flushed(machine, static_cast<double>(number.value()));
}

// Double's own rounding first does no harm: sums and quotients of p-bit numbers that are not
// exactly halfway between two of them are farther from it than 2^-53, for 2 p + 2 <= 53; products
// of such numbers are exact.
double add(const Machine& machine, double x, double y) {
  return to_format(machine, flushed(machine, x) + flushed(machine, y));
}

double subtract(const Machine& machine, double x, double y) { return add(machine, x, -y); }

double multiply(const Machine& machine, double x, double y) {
  return to_format(machine, flushed(machine, x) * flushed(machine, y));
}

double divide(const Machine& machine, double x, double y) {
  return to_format(machine, flushed(machine, x) / flushed(machine, y));
}

double exponential(const Machine& machine, double x) {
  if (std::isnan(x)) return x;
  const double argument = flushed(machine, x);
  if (argument == 0) return 1;
  if (argument == kInfinity) return overflowed(machine, argument);
  if (argument == -kInfinity) return 0;
  if (is_double(machine.format)) return double_exponential(machine, argument);
  return narrow_exponential(machine, argument);
}

int bits_of(const Format& format) {
  int exponent_bits = 1;
  while ((1 << (exponent_bits - 1)) - 1 < 1 - format.min_exponent) ++exponent_bits;
  return format.precision + exponent_bits;
}

double decoded(const Format& format, unsigned long bits) {
  const int stored = format.precision - 1;
  const int exponent_bits = bits_of(format) - format.precision;
  const unsigned long fraction = bits & ((1UL << stored) - 1);
  const unsigned long code = (bits >> stored) & ((1UL << exponent_bits) - 1);
  const double sign = ((bits >> (stored + exponent_bits)) & 1) == 0 ? 1 : -1;
  const int lowest = format.min_exponent - stored;  // exponent of the smallest subnormal number
  if (code == 0) return sign * std::ldexp(static_cast<double>(fraction), lowest);
  const auto significand = static_cast<double>(fraction + (1UL << stored));
  const double number = std::ldexp(significand, lowest + static_cast<int>(code) - 1);
  if (number <= largest_of(format)) return sign * number;
  const bool infinite = format.infinities && fraction == 0;
  return infinite ? sign * kInfinity : std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> finite_numbers(const Format& format) {
  std::vector<double> numbers;
  const unsigned long positive = 1UL << (bits_of(format) - 1);
  for (unsigned long bits = 0; bits < positive; ++bits) {
    const double number = decoded(format, bits);
    if (!std::isfinite(number)) continue;
    numbers.push_back(number);
    if (number != 0) numbers.push_back(-number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

namespace {

Result<double> stored_number(const std::string& text, const Format& format) {
  auto number = parse_rational(text);
  if (number && represents(format, number.value())) return static_cast<double>(number.value());
  return fail(ErrorCode::GatesSyntax,
              "gates: " + text.substr(0, 60) + " is no number of " + std::string(format.name));
}

}  // namespace

Result<std::vector<StoredGate>> stored_gates(const Gates& gates, const Format& format) {
  std::vector<StoredGate> stored;
  for (const Gate& gate : gates) {
    ATTNCERT_TRY(const double coefficient, stored_number(gate.coefficient, format));
    stored.push_back({coefficient, {}});
    for (const Score& score : gate.scores) {
      ATTNCERT_TRY(const double slope, stored_number(score.slope, format));
      ATTNCERT_TRY(const double shift, stored_number(score.shift, format));
      stored.back().scores.push_back({slope, shift});
    }
  }
  return stored;
}

double neuron_output(const Machine& machine, const std::vector<StoredGate>& gates, double z) {
  double output = 0;
  for (const StoredGate& gate : gates) {
    std::vector<double> scores{0};  // itself first, then the bias tokens
    for (const StoredScore& score : gate.scores) {
      scores.push_back(subtract(machine, multiply(machine, -z, score.slope), score.shift));
    }
    const double largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    double own = 0;
    for (std::size_t k = 0; k < scores.size(); ++k) {
      const double weight = exponential(machine, subtract(machine, scores[k], largest));
      sum = add(machine, sum, weight);
      if (k == 0) own = weight;
    }
    const double value = multiply(machine, gate.coefficient, z);
    const double written = multiply(machine, divide(machine, own, sum), value);
    output = add(machine, output, written);
  }
  return output;
}

}  // namespace attncert
