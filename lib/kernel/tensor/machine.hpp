// What an evaluation's roundings do to single operations, sums and softmax: docs/formulas.md#rounding.
#pragma once

#include <span>

#include "attncert/interval/interval.hpp"
#include "attncert/statement/evaluation.hpp"
#include "attncert/tensor/safetensors.hpp"
#include "attncert/tensor/upper.hpp"

namespace attncert::rules {

/// A computed softmax over n terms against the exact one of the computed scores: each weight is off
/// by the factor 1 +- relative, and all of them together by `absolute` more.
struct SoftmaxError {
  Upper relative;
  Upper absolute;
};

/// Constants of an evaluation, rounded up to fp64: unit roundoffs, and what underflow may add.
class Machine {
public:
  explicit Machine(const Evaluation& evaluation);

  Upper storage, compute, accumulate;
  Upper storage_tiny, compute_tiny, accumulate_tiny;
  Upper exp_error;     // relative, of exponentials: 2 exp_ulp u
  Upper exp_tiny;      // absolute, of exponentials
  Upper division;      // relative, of quotients and square roots: 2 division_ulp u
  Upper activation;    // activation_error u
  double largest = 0;  // beyond it an operation or a sum may overflow

  const Evaluation& evaluation() const { return evaluation_; }

  /// (1 + u)^h - 1 for the roundings of a sum of so many products, one more among them for a term
  /// that is added afterwards. With gaps, terms stand anywhere among zeros, so that the order says
  /// nothing. Errors RoundingUseless where h u >= 1/2
  Result<Upper> sum(long terms, bool gaps = false) const;

  /// RoundingOverflow where numbers of this size may be beyond the largest.
  Status check_size(Upper size, const std::string& what) const;

  /// Softmax over n terms, scores of at most `scores` in magnitude; `least` is the least possible
  /// sum of exponentials without max-subtraction, as 1 / that sum.
  Result<SoftmaxError> softmax(long terms, bool gaps, Upper scores, Upper reciprocal_sum) const;

  /// Masked scores of at most `masked`, lowered by the mask constant, must get the weight 0 beside
  /// others of at most `scores`: MaskTooWeak, RoundingOverflow.
  Status check_masked(Upper masked, Upper scores) const;

  /// Whether the format of storage has every number. RoundingOverflow beyond its largest
  Result<bool> stores(const TensorFile& file, const std::string& name,
                      std::span<const double> values) const;

private:
  Evaluation evaluation_;
};

/// e^x, rounded up.
Upper exp_up(const Rational& x);

}  // namespace attncert::rules
