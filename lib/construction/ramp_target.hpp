// What gates are fitted to: a function that tends to straight lines through 0 at both ends.
#pragma once

#include <string>

#include "attncert/expression/term.hpp"

namespace attncert {

/// f(x) with f(x) - left x -> 0 at -infinity and f(x) - right x -> 0 at infinity.
class RampTarget {
public:
  /// Requires a canonical function text whose slopes at the ends are short decimals, and nothing
  ///          constant or growing beside them (TailUnsupported)
  /// Status   approx: the prover decides in the end
  static Result<RampTarget> make(const std::string& function);

  const Rational& left() const { return left_; }
  const Rational& right() const { return right_; }

  /// f(x) - left min(0, x) - right max(0, x), in double; NaN where f is undefined.
  double approx_excess(double x) const;

  /// Whether the excess is an even function, as far as samples show.
  bool approx_is_even() const { return is_even_; }
  /// The largest |x| with an excess of at least `share` of the largest.
  double approx_reach(double share) const;
  double approx_largest() const { return largest_; }

private:
  RampTarget(Program program, NodeIndex root);
  double approx_beside(double x, const Rational& slope) const;
  Status find_slopes(const std::string& function);
  void look_around();

  Program program_;
  NodeIndex root_;
  Rational left_, right_;
  bool is_even_ = true;
  double largest_ = 0;
};

}  // namespace attncert
