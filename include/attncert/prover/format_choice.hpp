// Which gates stand best for an activation where heads are computed in a number format.
#pragma once

#include "attncert/prover/neuron_rounding.hpp"
#include "attncert/prover/supremum.hpp"

namespace attncert {

/// Gates whose numbers are those of a format, and what is known of their heads.
struct FormatChoice {
  Gates gates;
  Rational approximation;  // sup |target - x S(x)| for |x| <= reach, accepted by the kernel
  Rational rounding;       // neuron_rounding
  bool exact = false;      // the gates' function is the target's
  Rational total() const { return approximation + rounding; }
};

/// Gates rounded to a format, so that their coefficients still add up to what they did where some
/// multiples of one unit in the last place can: else S tends to another slope.
/// Errors   FormatOverflow where a number exceeds the format
/// Status   approx: only numbers of the format come out
Result<Gates> rounded_gates(const Gates& gates, const Format& format);

/// What heads with these gates are off by, at most.
/// Requires numbers of the format (GatesSyntax)
/// Errors   FormatOverflow where a number may exceed the format's largest; TailDiverges never: the
///          domain is bounded
/// Status   rigorous
Result<FormatChoice> assess(const std::string& target, const Gates& gates,
                            const HeadArithmetic& arithmetic, const Rational& reach);

/// The best gates of at most so many heads that were found, among: the shipped ones or exact ones,
/// rounded to the format; one head with every slope of the format near the best one; for relu the
/// steepest slopes that scores have room for.
/// Errors   as above, and those of approximation_for
/// Status   rigorous in what it says of its choice; the choice itself need not be the best
/// Source   docs/formulas.md#formats
Result<FormatChoice> best_in_format(const std::string& target, int heads,
                                    const HeadArithmetic& arithmetic, const Rational& reach);

}  // namespace attncert
