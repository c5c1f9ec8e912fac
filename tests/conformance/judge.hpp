// When a result is right: the verdict on one statement.
#pragma once

#include "library.hpp"

namespace attncert::conformance {

/// tight: the stated set, or truth value. wider: contains it. unsound: misses a point of it.
/// not_applicable: an empty set, a number that is not real, or no result at all.
enum class Verdict { tight, wider, unsound, not_applicable };

constexpr bool is_nan(double x) { return x != x; }
constexpr bool is_empty(const Bounds& x) { return is_nan(x.lower) || is_nan(x.upper); }

constexpr Verdict judge(const Bounds& result, const Bounds& expected) {
  if (is_empty(result) || is_empty(expected)) return Verdict::not_applicable;
  if (!(result.lower <= expected.lower && expected.upper <= result.upper)) return Verdict::unsound;
  const bool equal = result.lower == expected.lower && result.upper == expected.upper;
  return equal ? Verdict::tight : Verdict::wider;
}

static_assert(judge({0, 1}, {0, 1}) == Verdict::tight);
static_assert(judge({-0.0, 1}, {0, 1}) == Verdict::tight);
static_assert(judge({0, 0x1.0000000000001p0}, {0, 1}) == Verdict::wider);
static_assert(judge({0, 0x1.fffffffffffffp-1}, {0, 1}) == Verdict::unsound);
static_assert(judge({0x1p-1074, 1}, {0, 1}) == Verdict::unsound);
static_assert(judge({2, 3}, {0, 1}) == Verdict::unsound);
static_assert(judge({1, 0}, {0, 1}) == Verdict::unsound);  // reversed, not empty

struct Outcome {
  Verdict verdict;
  Bounds result;
  Bounds expected;
};

/// Calls the operation with the operands of the statement, and judges what it returns.
Outcome judged(const Operation& operation, const Statement& statement);

}  // namespace attncert::conformance
