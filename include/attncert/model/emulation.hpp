// Arithmetic of number formats in software: every operation rounded as a machine rounds it.
#pragma once

#include <vector>

#include "attncert/format/format.hpp"
#include "attncert/statement/gates.hpp"

namespace attncert {

/// What becomes of results beyond the largest number.
enum class Overflow {
  unbounded,  // an infinity; NaN where the format has none (e4m3)
  saturate    // the largest number
};

/// Which of the two numbers next to e^x a machine's exp returns: all are within one ulp.
enum class ExpResult { nearest, below, above };

/// A machine that computes in one format. Numbers are carried as doubles, which hold the numbers
/// of every format here, infinities, NaN and the sign of 0.
struct Machine {
  Format format;
  Underflow underflow = Underflow::gradual;
  Overflow overflow = Overflow::unbounded;
  ExpResult exp_result = ExpResult::nearest;
};

/// Rounds to nearest, ties to even; with flush, numbers below the smallest normal one become 0.
/// Ensures  a number of the format, an infinity or NaN; signs of zeros kept
/// Status   approx: tests compare with the trusted module's exact rounding, and with hardware
double to_format(const Machine& machine, double x);

/// Likewise for an exact number.
double to_format(const Machine& machine, const Rational& x);

// The operations: operands are numbers of the format; the exact result is rounded once. With flush,
// operands below the smallest normal number count as 0.
double add(const Machine& machine, double x, double y);
double subtract(const Machine& machine, double x, double y);
double multiply(const Machine& machine, double x, double y);
double divide(const Machine& machine, double x, double y);
/// e^x, as `exp_result` says; e^0 is 1.
double exponential(const Machine& machine, double x);

/// How many bits a number of the format takes: 1 for the sign, the exponent, the significand.
int bits_of(const Format& format);

/// The number that a bit pattern stands for.
/// Maths    IEEE 754; e4m3 as the Open Compute Project has it: only the last code is NaN
/// Requires bits_of(format) bits at most
double decoded(const Format& format, unsigned long bits);

/// Every finite number of the format once (0 without sign), increasing.
/// Requires bits_of(format) <= 20
std::vector<double> finite_numbers(const Format& format);

/// A gate whose numbers are those of a format: c / (1 + sum_k e^-(b_k z + beta_k)).
struct StoredScore {
  double slope = 0;
  double shift = 0;
};
struct StoredGate {
  double coefficient = 0;
  std::vector<StoredScore> scores;
};

/// Errors   GatesSyntax where a number is not one of the format
Result<std::vector<StoredGate>> stored_gates(const Gates& gates, const Format& format);

/// What a neuron's heads write for the pre-activation z: one head after the other, all operations
/// in the format, softmax with max-subtraction.
/// Source   docs/formulas.md#formats
double neuron_output(const Machine& machine, const std::vector<StoredGate>& gates, double z);

}  // namespace attncert
