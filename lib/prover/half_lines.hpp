// Chooses where tails begin (private to the module).
#pragma once

#include "attncert/expression/tail.hpp"

namespace attncert {

/// A starting point from which a tail can be bounded, or the reason why there is none.
struct TailStart {
  Rational from;
  bool diverges = false;
};

/// The first tried start with any bound, or divergence.
Result<TailStart> first_tail(const Difference& difference, HalfLine::Side side,
                             Precision precision);

/// The first tried start at or beyond `from` with |d| <= epsilon from there on.
Result<Rational> tail_below(const Difference& difference, HalfLine::Side side, const Rational& from,
                            const Rational& epsilon, Precision precision);

}  // namespace attncert
