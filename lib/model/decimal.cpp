#include "attncert/model/decimal.hpp"

#include <cmath>

namespace attncert {

int decimal_exponent(const Rational& q) {
  const Rational magnitude = abs(q);
  const int bits = static_cast<int>(boost::multiprecision::msb(numerator(magnitude))) -
                   static_cast<int>(boost::multiprecision::msb(denominator(magnitude)));
  int exponent = static_cast<int>(std::floor((bits - 1) * 0.30102999566398120));
  while (power_of_ten(exponent + 1) <= magnitude) ++exponent;
  while (power_of_ten(exponent) > magnitude) --exponent;
  return exponent;
}

Rational round_decimal(const Rational& q, int digits, Direction direction) {
  if (q == 0) return q;
  const Rational unit = power_of_ten(decimal_exponent(q) - digits + 1);
  const Rational scaled = q / unit;
  Integer rounded = numerator(scaled) / denominator(scaled);  // towards zero
  if (Rational(rounded) < scaled && direction == Direction::up) ++rounded;
  if (Rational(rounded) > scaled && direction == Direction::down) --rounded;
  return Rational(rounded) * unit;
}

std::string to_scientific(const Rational& q, int digits, Direction direction) {
  if (q == 0) return "0";
  const Rational rounded = round_decimal(q, digits, direction);
  const int exponent = decimal_exponent(rounded);
  const Rational unit = power_of_ten(exponent - digits + 1);
  std::string text = Integer(numerator(Rational(abs(rounded) / unit))).str();
  if (text.size() > 1) text.insert(1, 1, '.');
  return (q < 0 ? "-" : "") + text + (exponent == 0 ? "" : "e" + std::to_string(exponent));
}

}  // namespace attncert
