#include "attncert/prover/neuron_rounding.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/interval/functions.hpp"

namespace attncert {
namespace {

constexpr Precision kPrecision = 96;

Interval number(const Rational& x) { return enclose(x, kPrecision); }
Interval number(double x) { return enclose(Rational(x), kPrecision); }

// e^x; far below every format only that it is tiny, because MPFR would hold the number exactly.
Interval power(const Interval& x) {
  constexpr int far = 3000;
  if (is_at_most(x, -far)) return enclose(Rational(0), power_of_two(-far), kPrecision);
  return exp(x, kPrecision);
}

// |computed - exact| <= error, where exact is somewhere in an interval.
struct Quantity {
  Interval exact;
  Interval error;
};

Interval size(const Quantity& x) { return abs(x.exact) + x.error; }

// The weight a token gives itself; `one`: computed as exactly 1.
struct Weight {
  Interval exact;
  Interval error;
  bool one = true;
};

// What a head writes: how far it is off, and how large it is; no larger than its value.
struct Written {
  Interval error;
  Interval size;
};

// The analysis of all z in one cell.
class Cell {
public:
  Cell(const HeadArithmetic& arithmetic, Interval z)
      : arithmetic_(arithmetic),
        z_(std::move(z)),
        u_(number(unit_roundoff(arithmetic.format))),
        eta_(number(underflow_unit(arithmetic.format, arithmetic.underflow))),
        normal_(smallest_normal(arithmetic.format)),
        largest_(largest_finite(arithmetic.format)),
        flushes_(arithmetic.underflow == Underflow::flush) {
    if (flushes_ && !is_at_least(abs(z_), normal_)) z_error_ = eta_;
  }

  Interval neuron(const std::vector<StoredGate>& gates);
  bool overflows() const { return overflows_; }

private:
  Interval half_unit(const Interval& largest);
  Quantity product(double factor);
  Quantity score(const StoredScore& stored);
  Interval exponential_error(const Interval& exact);
  Quantity shifted(const StoredGate& gate, const std::vector<Quantity>& scores, std::size_t k,
                   std::size_t top);
  Weight weight(const StoredGate& gate);
  Interval quotient_error(const Weight& exact, const std::vector<Quantity>& powers, std::size_t top,
                          bool& one);
  Written head(const StoredGate& gate);
  Interval grown(long additions) const { return pow(one_ + u_, additions, kPrecision); }

  const HeadArithmetic& arithmetic_;
  Interval z_;
  Interval u_;
  Interval eta_;
  Rational normal_;
  Rational largest_;
  bool flushes_;
  bool overflows_ = false;
  Interval zero_ = integer(0, kPrecision);
  Interval one_ = integer(1, kPrecision);
  Interval z_error_ = integer(0, kPrecision);
};

// Half a unit in the last place of the largest number there may be: what one rounding moves.
Interval Cell::half_unit(const Interval& largest) {
  if (!is_at_most(largest, largest_)) overflows_ = true;
  if (overflows_) return zero_;
  const Format& format = arithmetic_.format;
  const double bound = upper_double(largest);
  int exponent = format.min_exponent;
  if (bound > 0) {
    // a power of two itself is a number of the format, and what is below it rounds less
    const bool power = std::frexp(bound, &exponent) == 0.5;
    exponent = std::max(exponent - (power ? 2 : 1), format.min_exponent);
  }
  const Interval half = number(power_of_two(exponent - format.precision));
  return flushes_ ? max(half, eta_) : half;
}

// Powers of two of at least 1 multiply exactly.
bool is_exact_factor(double factor) {
  int exponent = 0;
  return std::fabs(std::frexp(factor, &exponent)) == 0.5 && exponent >= 1;
}

Quantity Cell::product(double factor) {
  Quantity result{number(factor) * z_, abs(number(factor)) * z_error_};
  const Interval half = half_unit(size(result));
  if (!is_exact_factor(factor)) result.error = result.error + half;
  return result;
}

Quantity Cell::score(const StoredScore& stored) {
  Quantity result = product(-stored.slope);
  if (stored.shift == 0) return result;
  result.exact = result.exact - number(stored.shift);
  result.error = result.error + half_unit(size(result));
  return result;
}

// Of the computed e^t, t < 0; `exact` bounds e^t.
Interval Cell::exponential_error(const Interval& exact) {
  const Interval below_one = is_at_most(exact, 1) ? exact : one_;
  Interval half = number(power_of_two(-arithmetic_.format.precision - 1));  // of numbers below 1
  if (!is_at_least(below_one, 1)) half = min(half, half_unit(below_one));
  const Interval units = number(Rational(2 * arithmetic_.exp_ulp));
  if (!flushes_) return units * half;
  const Interval unflushed =
      units * number(Rational(smallest_subnormal(arithmetic_.format) / 2)) + exact;
  const bool gone = is_at_most(unflushed, normal_) && !is_at_least(unflushed, normal_);
  return gone ? exact : units * half + eta_;
}

// e^(s_k - s_top), where s_top is the largest computed score; the difference is affine in z.
Quantity Cell::shifted(const StoredGate& gate, const std::vector<Quantity>& scores, std::size_t k,
                       std::size_t top) {
  const auto stored = [&gate](std::size_t j) {
    return j == 0 ? StoredScore{} : gate.scores[j - 1];
  };
  const Rational slope = Rational(stored(top).slope) - Rational(stored(k).slope);
  const Rational shift = Rational(stored(top).shift) - Rational(stored(k).shift);
  Quantity exponent{number(slope) * z_ + number(shift), scores[k].error + scores[top].error};
  const Interval half = half_unit(size(exponent));
  if (k != 0 && top != 0) exponent.error = exponent.error + half;  // else a score less 0
  const Interval exact = power(exponent.exact);
  const Interval moved = exact * (exp(exponent.error, kPrecision) - one_);
  return {exact, moved + exponential_error(exact + moved)};
}

// N/S with N = e_0, S = sum e_k: N'/S' - N/S = (dN (1 - w) - w (sum_(k>0) d e_k + rounding)) / S'.
Interval Cell::quotient_error(const Weight& exact, const std::vector<Quantity>& powers,
                              std::size_t top, bool& one) {
  const auto additions = static_cast<long>(powers.size()) - 1;
  Interval sum = zero_;
  Interval others = zero_;  // what e_k, k > 0, are off by
  Interval errors = zero_;
  Interval small = zero_;  // all but e_top = 1
  for (std::size_t k = 0; k < powers.size(); ++k) {
    sum = sum + powers[k].exact;
    errors = errors + powers[k].error;
    if (k > 0) others = others + powers[k].error;
    if (k != top) small = small + size(powers[k]);
  }
  small = small * grown(additions);
  const Interval count = integer(additions, kPrecision);
  const Interval half = half_unit((sum + errors) * grown(additions - 1));
  const Interval rounding = count * min(half, small);
  const bool saturated = is_at_most(small, unit_roundoff(arithmetic_.format));  // S' = 1
  const Interval divisor = max(one_, sum - errors - rounding);
  const Interval moved =
      (powers[0].error * (one_ - exact.exact) + exact.exact * (others + rounding)) / divisor;
  one = saturated && top == 0;
  if (one) return min(moved, one_ - exact.exact);
  return saturated ? moved : moved + half_unit(min(one_, exact.exact + moved));
}

Weight Cell::weight(const StoredGate& gate) {
  std::vector<Quantity> scores{{zero_, zero_}};
  Interval sum = one_;
  for (const StoredScore& stored : gate.scores) {
    scores.push_back(score(stored));
    sum = sum + power(scores.back().exact);
  }
  Weight result{one_ / sum, zero_};
  for (std::size_t top = 0; top < scores.size(); ++top) {
    const auto exceeds = [&](const Quantity& other) {
      return (other.exact - other.error).lower() > (scores[top].exact + scores[top].error).upper();
    };
    if (std::any_of(scores.begin(), scores.end(), exceeds)) continue;  // never the largest
    std::vector<Quantity> powers;
    for (std::size_t k = 0; k < scores.size(); ++k) {
      powers.push_back(k == top ? Quantity{one_, zero_} : shifted(gate, scores, k, top));
    }
    bool one = false;
    result.error = max(result.error, quotient_error(result, powers, top, one));
    result.one = result.one && one;
  }
  return result;
}

Written Cell::head(const StoredGate& gate) {
  const Quantity value = product(gate.coefficient);
  const Weight own = weight(gate);
  const Interval most = min(one_, own.exact + own.error);
  Interval error = abs(value.exact) * own.error + most * value.error;
  if (!own.one) error = error + half_unit(size(value) * most);
  return {error, min(size(value), abs(value.exact * own.exact) + error)};
}

Interval Cell::neuron(const std::vector<StoredGate>& gates) {
  const auto additions = static_cast<long>(gates.size()) - 1;
  Interval sizes = zero_;
  Interval error = zero_;
  for (const StoredGate& gate : gates) {
    const Written written = head(gate);
    sizes = sizes + written.size;
    error = error + written.error;
  }
  if (additions == 0) return error;
  return error + integer(additions, kPrecision) * half_unit(sizes * grown(additions - 1));
}

double steepest(const std::vector<StoredGate>& gates) {
  double slope = 1;
  for (const StoredGate& gate : gates) {
    for (const StoredScore& score : gate.scores) slope = std::max(slope, std::fabs(score.slope));
  }
  return slope;
}

bool flushes_parameters(const std::vector<StoredGate>& gates, const HeadArithmetic& arithmetic) {
  if (arithmetic.underflow != Underflow::flush) return false;
  const auto tiny = [&arithmetic](double x) {
    return x != 0 && std::fabs(x) < std::ldexp(1.0, arithmetic.format.min_exponent);
  };
  return std::any_of(gates.begin(), gates.end(), [&tiny](const StoredGate& gate) {
    return tiny(gate.coefficient) ||
           std::any_of(gate.scores.begin(), gate.scores.end(), [&tiny](const StoredScore& score) {
             return tiny(score.slope) || tiny(score.shift);
           });
  });
}

// Ends of cells on [0, reach], from reach down: octaves, divided where e^-kz is neither 0 nor 1.
std::vector<Rational> cell_ends(const Rational& reach, double slope) {
  constexpr int parts = 16;
  constexpr double fine_from = 0x1p-4;
  constexpr double fine_to = 0x1p7;
  constexpr double least = 0x1p-8;
  std::vector<Rational> ends{reach};
  for (Rational top = reach; top * Rational(slope) > Rational(least); top /= 2) {
    const Rational steepness = top * Rational(slope);
    const bool fine = steepness >= Rational(fine_from) && steepness <= Rational(2 * fine_to);
    for (int i = fine ? 1 : parts; i <= parts; ++i) {
      ends.emplace_back(top * (2 * parts - i) / (2 * parts));
    }
  }
  ends.emplace_back(0);
  return ends;
}

}  // namespace

Result<Rational> neuron_rounding(const std::vector<StoredGate>& gates,
                                 const HeadArithmetic& arithmetic, const Rational& reach) {
  if (reach <= 0) return fail(ErrorCode::EpsilonNegative, "the reach must be positive");
  if (flushes_parameters(gates, arithmetic)) {
    return fail(ErrorCode::GatesSyntax, "gates: a number below the format's smallest normal one");
  }
  const std::vector<Rational> ends = cell_ends(reach, steepest(gates));
  Rational bound = 0;
  for (std::size_t i = 1; i < ends.size(); ++i) {
    for (const bool positive : {true, false}) {
      const Interval z = positive ? enclose(ends[i], ends[i - 1], kPrecision)
                                  : enclose(Rational(-ends[i - 1]), Rational(-ends[i]), kPrecision);
      Cell cell(arithmetic, z);
      const Interval error = cell.neuron(gates);
      if (cell.overflows() || !is_bounded(error)) {
        return fail(ErrorCode::FormatOverflow,
                    "scores or values of the heads may exceed the largest number of " +
                        std::string(arithmetic.format.name) + "; choose a smaller range");
      }
      bound = std::max(bound, upper_rational(error));
    }
  }
  return bound;
}

}  // namespace attncert
