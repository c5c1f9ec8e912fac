#include "attncert/prover/format_choice.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/construction/approximation.hpp"
#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"

namespace attncert {
namespace {

constexpr Precision kPrecision = 160;
const Rational kGap = power_of_ten(-4);

// A constant, which may be a term such as (log 2).
Result<Rational> value_of(const std::string& constant) {
  if (auto number = parse_rational(constant)) return number;
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(constant, builder));
  ATTNCERT_TRY(const Interval value,
               evaluate(builder.program(), root, integer(0, kPrecision), kPrecision));
  return Rational((lower_rational(value) + upper_rational(value)) / 2);
}

Result<Rational> rounded_constant(const std::string& constant, const Format& format) {
  ATTNCERT_TRY(const Rational value, value_of(constant));
  return rounded(format, value);
}

// Multiples of the unit in the last place of the largest coefficient; what their sum lacks goes to
// the largest ones.
Result<std::vector<Rational>> rounded_coefficients(const Gates& gates, const Format& format) {
  std::vector<Rational> exact;
  Rational largest = 0;
  Rational sum = 0;
  for (const Gate& gate : gates) {
    ATTNCERT_TRY(const Rational value, value_of(gate.coefficient));
    exact.push_back(value);
    largest = std::max(largest, Rational(abs(value)));
    sum += value;
  }
  const int exponent = static_cast<int>(std::floor(std::log2(largest.convert_to<double>())));
  const Rational shift = power_of_two(exponent + 1 - format.precision);
  std::vector<Rational> result;
  long shares = 0;
  for (const Rational& value : exact) {
    // rounding to multiples of the unit: numbers of the format beside a large one
    const Rational magnitude(abs(value) / shift + Rational(1, 2));
    const Rational units(Integer(numerator(magnitude) / denominator(magnitude)));
    result.push_back(value < 0 ? Rational(-units * shift) : Rational(units * shift));
    sum -= result.back();
    if (abs(value) == largest) ++shares;
  }
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (abs(exact[i]) == largest) result[i] += sum / shares;
    ATTNCERT_TRY(result[i], rounded(format, result[i]));
  }
  return result;
}

Gates one_gate(const Rational& slope) { return {{"1", {{to_string(slope), "0"}}}}; }

// The numbers of the format near a slope.
std::vector<Rational> slopes_near(const Rational& slope, const Format& format) {
  constexpr int finest = 12;  // with more bits, neighbours hardly differ
  const int most = format.precision > finest ? 1 : 12;
  constexpr double widest = 0.15;
  std::vector<Rational> slopes;
  const double centre = slope.convert_to<double>();
  const double unit = std::ldexp(1.0, std::ilogb(centre) - format.precision + 1);
  for (int i = -most; i <= most; ++i) {
    const Rational near(centre + i * unit);
    const auto number = rounded(format, near);
    if (number && std::fabs(i * unit) <= widest * centre) slopes.push_back(number.value());
  }
  return slopes;
}

// The steepest slope whose scores stay in the format, and some less steep ones.
std::vector<Rational> steepest_slopes(const Format& format, const Rational& reach) {
  const Rational room = largest_finite(format) / reach;
  auto nearest = rounded(format, room);
  if (!nearest) return {};
  Rational slope = nearest.value();
  if (slope > room) slope = rounded(format, Rational(room * (1 - unit_roundoff(format)))).value();
  std::vector<Rational> slopes{slope};
  Rational power = power_of_two(std::ilogb(slope.convert_to<double>()));
  constexpr int powers = 4;
  for (int i = 0; i < powers; ++i, power /= 2) slopes.push_back(power);
  return slopes;
}

// Keeps the better choice; those that overflow are none.
Status keep_better(Result<FormatChoice> found, std::optional<FormatChoice>& best) {
  if (!found) {
    return found.error().code == ErrorCode::FormatOverflow ? ok() : Status(found.error());
  }
  if (!best || found.value().total() < best->total()) best = std::move(found).value();
  return ok();
}

bool has_one_plain_score(const Gates& gates) {
  return gates.size() == 1 && gates[0].scores.size() == 1 && gates[0].coefficient == "1" &&
         gates[0].scores[0].shift == "0";
}

}  // namespace

Result<Gates> rounded_gates(const Gates& gates, const Format& format) {
  ATTNCERT_TRY(const std::vector<Rational> coefficients, rounded_coefficients(gates, format));
  Gates result;
  for (std::size_t i = 0; i < gates.size(); ++i) {
    result.push_back({to_string(coefficients[i]), {}});
    for (const Score& score : gates[i].scores) {
      ATTNCERT_TRY(const Rational slope, rounded_constant(score.slope, format));
      ATTNCERT_TRY(const Rational shift, rounded_constant(score.shift, format));
      result.back().scores.push_back({to_string(slope), to_string(shift)});
    }
  }
  return result;
}

Result<FormatChoice> assess(const std::string& target, const Gates& gates,
                            const HeadArithmetic& arithmetic, const Rational& reach) {
  ATTNCERT_TRY(const std::vector<StoredGate> stored, stored_gates(gates, arithmetic.format));
  FormatChoice choice{gates, 0, 0, false};
  ATTNCERT_TRY(choice.rounding, neuron_rounding(stored, arithmetic, reach));
  ATTNCERT_TRY(std::string function, neuron_function(gates));
  // over all reals where that is one line of proof (rule scale), on the range elsewhere
  const Domain domain = target == "relu" ? Domain{} : Domain{Rational(-reach), Rational(reach)};
  ATTNCERT_TRY(const SupremumBound bound,
               bound_supremum({target, std::move(function)}, domain, kGap));
  choice.exact = bound.kind == SupremumBound::Kind::equal;
  if (bound.kind == SupremumBound::Kind::unbounded) {
    return fail(ErrorCode::TailDiverges, "gates of another slope at infinity");
  }
  choice.approximation = choice.exact ? Rational(0) : bound.upper;
  return choice;
}

Result<FormatChoice> best_in_format(const std::string& target, int heads,
                                    const HeadArithmetic& arithmetic, const Rational& reach) {
  ATTNCERT_TRY(const std::string function, canonical_function(target));
  ATTNCERT_TRY(const Approximation known, approximation_for(function, heads, std::nullopt));
  std::vector<Gates> candidates;
  if (function == "relu") {
    for (const Rational& slope : steepest_slopes(arithmetic.format, reach)) {
      candidates.push_back(one_gate(slope));
    }
  } else if (has_one_plain_score(known.gates) && function != "silu") {
    ATTNCERT_TRY(const Rational slope, value_of(known.gates[0].scores[0].slope));
    for (const Rational& near : slopes_near(slope, arithmetic.format)) {
      candidates.push_back(one_gate(near));
    }
  } else {
    ATTNCERT_TRY(Gates gates, rounded_gates(known.gates, arithmetic.format));
    candidates.push_back(std::move(gates));
  }
  std::optional<FormatChoice> best;
  for (const Gates& gates : candidates) {
    ATTNCERT_CHECK(keep_better(assess(function, gates, arithmetic, reach), best));
  }
  if (best) return *best;
  return fail(ErrorCode::FormatOverflow, function + ": scores overflow " +
                                             std::string(arithmetic.format.name) +
                                             "; choose a smaller range");
}

}  // namespace attncert
