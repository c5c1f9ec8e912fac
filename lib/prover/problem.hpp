// One pair on one domain, and the derivations found for it (private to the module).
#pragma once

#include "attncert/prover/pieces.hpp"
#include "derivation.hpp"
#include "half_lines.hpp"

namespace attncert {

/// A pair on a domain: looked at from infinity once, then searched and proved at a precision.
class Problem {
public:
  /// Errors   what read_difference and the tails say
  static Result<Problem> make(const Pair& pair, const Domain& domain, Progress progress);

  bool is_identical() const { return difference_->target == difference_->approximant; }
  bool is_unbounded() const { return divergent_.has_value(); }
  void set_precision(Precision precision) { precision_ = precision; }
  void set_effort(long order, std::size_t max_attempts) {
    order_ = order;
    max_attempts_ = max_attempts;
  }

  /// Peaks found by search, in decreasing order; the range of an unbounded domain grows with
  /// `round`.
  std::vector<Peak> peaks(int digits, int round) const;
  Peak climb_from(const Rational& x, int digits) const;
  Peak value_at(const Rational& x) const;

  /// |target| + |approximant| in double: what differences are to be compared with.
  Rational scale_at(const Rational& x) const;
  /// A place where definedness cannot be proved, however small the piece.
  std::optional<PieceFailure> find_undefined();

  Certificate divergence() const;
  /// Requires a proved |d(witness)| >= epsilon.
  Certificate lower_bound(const Rational& witness, const Rational& epsilon) const;

  struct Proof {
    Derivation derivation;
    long end = 0;
    std::size_t pieces = 0;
  };
  using Attempt = std::variant<Proof, PieceFailure>;

  /// sup |d| <= epsilon on the whole domain.
  Attempt prove(const Rational& epsilon, const std::vector<Peak>& peaks);
  /// d is 0 by syntax, where it is defined.
  Attempt prove_equal();

private:
  Problem(Pair pair, Domain domain, Progress progress);
  Status look_at_infinity();
  PointValue evaluate_at(const Rational& x) const;
  Result<Rational> middle_end(const Judgement& goal, HalfLine::Side side) const;
  Attempt prove_whole(const Judgement& goal, const std::vector<Peak>& peaks);
  Proof assemble(const Judgement& goal, std::vector<Step> steps, bool half,
                 const PieceSearch& search) const;

  Pair pair_;
  Domain domain_;
  Progress progress_;
  Context context_;
  const Difference* difference_ = nullptr;  // inside context_
  bool symmetric_ = false;
  Precision precision_ = 96;
  long order_ = 8;
  std::size_t max_attempts_ = 1000000;
  Rational left_ = 1;
  Rational right_ = 1;
  std::optional<Domain> divergent_;
};

/// Decimals that witnesses and bounds are printed with, at least.
constexpr int kDecimalDigits = 25;

}  // namespace attncert
