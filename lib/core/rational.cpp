#include "attncert/core/rational.hpp"

#include <charconv>
#include <cmath>

namespace attncert {
namespace {

constexpr std::size_t kMaxLength = 20000;          // of canonical fractions
constexpr std::size_t kMaxDigits = 1000;           // of decimals
constexpr std::size_t kMaxCanonicalDigits = 8000;  // of the spellings to_string gives such numbers
constexpr int kMaxBinaryExponent = 40000;
constexpr int kMaxExponent = 5000;
constexpr int kMaxDyadicDigits = 40;
constexpr int kMaxDecimalDigits = 400;

Error syntax_error(std::string_view text) {
  constexpr std::size_t shown = 60;
  std::string quoted(text.substr(0, shown));
  if (text.size() > shown) quoted += "...";
  return fail(ErrorCode::NumberSyntax, "'" + quoted +
                                           "' is not a number: write a decimal such as 0.0204 or "
                                           "1e-6, a hexadecimal float such as 0x1.8p-3, or 2/3");
}

Result<int> parse_exponent(std::string_view text, std::string_view whole,
                           int greatest = kMaxExponent) {
  if (text.starts_with("+-")) return syntax_error(whole);
  if (text.starts_with("+")) text.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    return syntax_error(whole);
  }
  if (error != std::errc() || exponent < -greatest || exponent > greatest) {
    return fail(ErrorCode::NumberTooLong, "exponents beyond 5000 are not supported");
  }
  return exponent;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

struct Mantissa {
  Integer digits = 0;
  int fraction_digits = 0;
};

Result<Mantissa> parse_mantissa(std::string_view text, int base, std::string_view whole,
                                std::size_t limit = kMaxDigits) {
  Mantissa result;
  bool seen_point = false;
  bool seen_digit = false;
  if (text.size() > limit) {
    return fail(ErrorCode::NumberTooLong, "a number of " + std::to_string(text.size()) +
                                              " digits: at most 1000 are supported");
  }
  for (const char c : text) {
    if (c == '.' && !seen_point) {
      seen_point = true;
      continue;
    }
    const int value = digit_value(c);
    if (value >= base) return syntax_error(whole);
    result.digits = result.digits * base + value;
    result.fraction_digits += seen_point ? 1 : 0;
    seen_digit = true;
  }
  if (!seen_digit) return syntax_error(whole);
  return result;
}

Result<Rational> parse_hexadecimal(std::string_view text, std::string_view whole) {
  const auto mark = text.find_first_of("pP");
  if (mark == std::string_view::npos) return syntax_error(whole);
  ATTNCERT_TRY(const Mantissa mantissa,
               parse_mantissa(text.substr(0, mark), 16, whole, kMaxCanonicalDigits));
  ATTNCERT_TRY(const int exponent,
               parse_exponent(text.substr(mark + 1), whole, kMaxBinaryExponent));
  return Rational(Rational(mantissa.digits) *
                  power_of_two(exponent - 4 * mantissa.fraction_digits));
}

Result<Rational> parse_decimal(std::string_view text, std::string_view whole) {
  const auto mark = text.find_first_of("eE");
  int exponent = 0;
  if (mark != std::string_view::npos) {
    ATTNCERT_TRY(exponent, parse_exponent(text.substr(mark + 1), whole));
  }
  ATTNCERT_TRY(const Mantissa mantissa, parse_mantissa(text.substr(0, mark), 10, whole));
  return Rational(Rational(mantissa.digits) * power_of_ten(exponent - mantissa.fraction_digits));
}

Result<Rational> parse_fraction(std::string_view text, std::size_t slash, std::string_view whole) {
  ATTNCERT_TRY(const Mantissa above,
               parse_mantissa(text.substr(0, slash), 10, whole, kMaxCanonicalDigits));
  ATTNCERT_TRY(const Mantissa below,
               parse_mantissa(text.substr(slash + 1), 10, whole, kMaxCanonicalDigits));
  if (above.fraction_digits + below.fraction_digits > 0 || below.digits == 0) {
    return syntax_error(whole);
  }
  return Rational(above.digits, below.digits);
}

Result<Rational> parse_power(std::string_view text, std::size_t caret, std::string_view whole) {
  ATTNCERT_TRY(const Mantissa base, parse_mantissa(text.substr(0, caret), 10, whole));
  ATTNCERT_TRY(const int exponent, parse_exponent(text.substr(caret + 1), whole));
  if (base.fraction_digits > 0 || base.digits == 0 || base.digits > 1000)
    return syntax_error(whole);
  constexpr unsigned most_bits = 20000;
  if ((boost::multiprecision::msb(base.digits) + 1) * static_cast<unsigned>(std::abs(exponent)) >
      most_bits) {
    return fail(ErrorCode::NumberTooLong, "a power of more than 20000 bits");
  }
  const Rational power(boost::multiprecision::pow(base.digits, std::abs(exponent)));
  return exponent < 0 ? Rational(1 / power) : power;
}

// 2^twos 5^fives == denominator, or nullopt-like negative counts when other primes divide it.
struct DecimalDenominator {
  int twos = 0;
  int fives = 0;
  bool terminating = false;
};

DecimalDenominator factor(Integer denominator) {
  DecimalDenominator result;
  result.twos = static_cast<int>(boost::multiprecision::lsb(denominator));
  denominator >>= result.twos;
  while (denominator % 5 == 0) {
    denominator /= 5;
    ++result.fives;
  }
  result.terminating = denominator == 1;
  return result;
}

std::string plain_decimal(const Integer& digits, int fraction_digits) {
  std::string text = Integer(abs(digits)).str();
  if (fraction_digits > 0) {
    const auto places = static_cast<std::size_t>(fraction_digits);
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    text.insert(text.size() - places, 1, '.');
  }
  return (digits < 0 ? "-" : "") + text;
}

std::string hexadecimal(const Rational& q) {
  Integer mantissa = abs(numerator(q));
  int exponent = -static_cast<int>(boost::multiprecision::msb(denominator(q)));
  const auto zeros = static_cast<int>(boost::multiprecision::lsb(mantissa));
  mantissa >>= zeros;
  exponent += zeros;
  return std::string(q < 0 ? "-" : "") + "0x" + mantissa.str(0, std::ios_base::hex) + "p" +
         std::to_string(exponent);
}

}  // namespace

Rational power_of_ten(int n) {
  const Rational power(boost::multiprecision::pow(Integer(10), static_cast<unsigned>(std::abs(n))));
  return n < 0 ? Rational(1 / power) : power;
}

Rational power_of_two(int n) {
  const Rational power(Integer(Integer(1) << std::abs(n)));
  return n < 0 ? Rational(1 / power) : power;
}

Result<Rational> parse_rational(std::string_view text) {
  const std::string_view whole = text;
  if (text.size() > kMaxLength) {
    return fail(ErrorCode::NumberTooLong, "a number of " + std::to_string(text.size()) +
                                              " characters: at most 1000 digits are supported");
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  auto magnitude = [&]() -> Result<Rational> {
    if (text.starts_with("0x") || text.starts_with("0X")) {
      return parse_hexadecimal(text.substr(2), whole);
    }
    if (const auto slash = text.find('/'); slash != text.npos) {
      return parse_fraction(text, slash, whole);
    }
    if (const auto caret = text.find('^'); caret != text.npos) {
      return parse_power(text, caret, whole);
    }
    return parse_decimal(text, whole);
  }();
  if (magnitude && negative) return Rational(-magnitude.value());
  return magnitude;
}

std::string to_string(const Rational& q) {
  if (q == 0) return "0";
  const DecimalDenominator parts = factor(denominator(q));
  if (parts.terminating) {
    const int places = std::max(parts.twos, parts.fives);
    const Integer digits(numerator(Rational(q * power_of_ten(places))));
    const std::string text = Integer(abs(digits)).str();
    const bool is_dyadic = parts.fives == 0;
    const int limit = is_dyadic ? kMaxDyadicDigits : kMaxDecimalDigits;
    if (places <= limit && static_cast<int>(text.size()) <= limit) {
      return plain_decimal(digits, places);
    }
    if (is_dyadic) return hexadecimal(q);
  }
  return numerator(q).str() + "/" + denominator(q).str();
}

}  // namespace attncert
