#include "half_lines.hpp"

namespace attncert {
namespace {

constexpr int kLeastOctave = -40;
constexpr int kGreatestOctave = 160;
constexpr int kStepsPerOctave = 8;

// 2^octave (1 + part / 8): short in print.
Rational candidate(int index) {
  const int octave =
      index >= 0 ? index / kStepsPerOctave : -((kStepsPerOctave - 1 - index) / kStepsPerOctave);
  const int part = index - octave * kStepsPerOctave;
  return power_of_two(octave) * Rational(kStepsPerOctave + part, kStepsPerOctave);
}

}  // namespace

Result<TailStart> first_tail(const Difference& difference, HalfLine::Side side,
                             Precision precision) {
  Error last = fail(ErrorCode::TailUnsupported, "no bound at infinity");
  for (int octave = kLeastOctave; octave <= kGreatestOctave; octave += 4) {
    const Rational from = power_of_two(octave);
    auto tail = bound_tail(difference.program, difference.difference, {side, from}, precision);
    if (tail) return TailStart{from, tail.value().diverges};
    last = tail.error();
    if (last.code == ErrorCode::TailUnsupported && octave >= 0) return last;
  }
  return last;
}

Result<Rational> tail_below(const Difference& difference, HalfLine::Side side, const Rational& from,
                            const Rational& epsilon, Precision precision) {
  const auto holds = [&](const Rational& start) {
    const auto tail =
        bound_tail(difference.program, difference.difference, {side, start}, precision);
    return tail && !tail.value().diverges && is_at_most(tail.value().bound, epsilon);
  };
  int high = kLeastOctave * kStepsPerOctave;
  while (candidate(high) < from || !holds(candidate(high))) {
    high += candidate(high) < from ? 1 : kStepsPerOctave;
    if (high > kGreatestOctave * kStepsPerOctave) {
      return fail(ErrorCode::BoundExceeded, "no half-line on which the difference is small enough");
    }
  }
  int low = high - kStepsPerOctave;  // does not hold, or lies before `from`
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (candidate(middle) >= from && holds(candidate(middle))) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return candidate(high);
}

}  // namespace attncert
