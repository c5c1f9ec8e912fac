// Branch and bound: steps that prove |d| <= epsilon on a bounded domain, one for each piece.
#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "attncert/construction/progress.hpp"
#include "attncert/kernel/kernel.hpp"
#include "attncert/prover/extrema.hpp"

namespace attncert {

struct PieceSearch {
  Pair pair;
  Rational lower;
  Rational upper;
  std::vector<Rational> centres;  // where |d| peaks: expansion points for the pieces around them
  Precision precision = 96;
  long order = 8;
  bool well_defined_only = false;  // prove definedness instead of a bound
  std::size_t max_attempts = 1000000;
  Progress progress;
};

/// Why no proof was found.
struct PieceFailure {
  enum class Kind { above, undefined, exhausted };
  Kind kind;
  Rational
      at;  // |d(at)| is above epsilon (proved), or near here a term is undefined, or effort ended
  Error error;
};

/// Pieces in order, each a step that the kernel accepts with premises none; numbers not yet set.
std::variant<std::vector<Step>, PieceFailure> prove_pieces(Context& context,
                                                           const PieceSearch& search,
                                                           const Rational& epsilon);

/// The bound a step must beat so that another kernel's slightly wider enclosures pass too.
Rational with_slack(const Rational& epsilon, Precision precision);

}  // namespace attncert
