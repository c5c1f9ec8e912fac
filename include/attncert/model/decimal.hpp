// Decimals for people: exact numbers rounded in a named direction.
#pragma once

#include <string>

#include "attncert/core/rational.hpp"

namespace attncert {

/// Towards which side a printed number may differ from the exact one.
enum class Direction { down, up };

/// Rounds to `digits` significant decimal digits in the named direction.
/// Ensures  result <= q (down) or result >= q (up), and |result - q| < 10^(1 - digits) |q|
Rational round_decimal(const Rational& q, int digits, Direction direction);

/// Scientific notation with `digits` significant digits, rounded in the named direction.
std::string to_scientific(const Rational& q, int digits, Direction direction);

/// floor(log10 |q|); Requires q != 0.
int decimal_exponent(const Rational& q);

}  // namespace attncert
