// Exact real numbers as they stand in statements: decimals, hexadecimal dyadics, fractions.
#pragma once

#include <boost/multiprecision/gmp.hpp>
#include <string>
#include <string_view>

#include "attncert/core/result.hpp"

namespace attncert {

using Integer = boost::multiprecision::mpz_int;
using Rational = boost::multiprecision::mpq_rational;

/// Reads a real number exactly.
/// Maths    "-0.0204", "1e-12" (decimal); "0x1.8p-3" (hexadecimal dyadic); "2/3"; "2^-20"
/// Requires at most 1,000 digits (8,000 in fractions), exponents of at most 5,000 in magnitude;
///          otherwise NumberSyntax, NumberTooLong
/// Ensures  the result is the number written, exactly
/// Status   trusted
Result<Rational> parse_rational(std::string_view text);

/// Writes a real number exactly, in the one canonical spelling of its value.
/// Ensures  parse_rational(to_string(q)) == q; equal numbers give equal texts: a plain decimal of
///          at most 40 digits (dyadics) or 400 (others), else a hexadecimal dyadic, else a fraction
/// Status   trusted
std::string to_string(const Rational& q);

/// 10^n and 2^n for any n.
Rational power_of_ten(int n);
Rational power_of_two(int n);

}  // namespace attncert
