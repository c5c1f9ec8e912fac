// The range of one row of an affine map over every normalised input, or over a box.
//
// Over every input: after LayerNorm the normalised vector n has sum 0 and |n| < sqrt(D), so
// w.(gamma n + beta) + c lies in w.beta + c +- sqrt(D) |gamma w - mu 1| for every real mu; after
// RMSNorm |n| < sqrt(D) only, so mu = 0. Without either nothing is bounded.
// Over inputs with |x_i| <= R: for "mean-norm" n = x - mean(x), and
// gamma w.n = sum_i (gamma_i w_i - mean(gamma w)) x_i, so the range is w.beta + c +- R times the sum
// of absolute values; for "none" the same without the mean.
// Over computed rows n: |n| <= S sqrt(D) gives S sqrt(D) |gamma w|, and |n_i| <= S gives
// S sum |gamma_i w_i|, whatever the norm: nothing is taken out of gamma w.
#pragma once

#include "attncert/interval/interval.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/statement/domain.hpp"
#include "attncert/statement/inputs.hpp"
#include "attncert/tensor/bounded_sum.hpp"

namespace attncert::rules {

/// One row w, c of an affine map, after a norm with gain gamma and shift beta.
struct AffineRow {
  std::vector<double> weight;  // w, then c
  std::vector<double> shift;   // beta, then 1
  std::vector<double> gain;    // gamma
};

/// The fp64 entries g of gamma w, and r of g - mu, mu their mean or 0: each exact gamma_i w_i - mu is
/// off r_i by at most u |g_i| + u |r_i| + 2^-1074, u = 2^-53.
struct Direction {
  std::vector<double> g;
  std::vector<double> r;
};
Direction direction_of(const AffineRow& row, const std::string& norm, const Inputs& inputs);

/// Upper bound of |v| from the fp64 entries of v; +inf where sums overflow.
Interval length_bound(const std::vector<double>& v, Precision precision);

/// Norms that bound nothing: "mean-norm" and "none".
bool is_linear(const std::string& norm);

/// What is known of the normalised rows: coordinates of these inputs lie in an interval, a ball
/// contains them, or nothing is.
enum class Extent { box, ball, unbounded };
Extent extent_of(const std::string& norm, const Inputs& inputs);

/// Where w . norm(x) + c lies. Errors EnclosureUnbounded where sums overflow
Result<Domain> range_of(const AffineRow& row, const std::string& norm, const Inputs& inputs,
                        Precision precision);

/// For each head the largest length of its part of W norm(x) + b. Errors as for score_bound
Result<std::vector<Interval>> head_lengths(const Affine& map, long d_head, const Norm& norm,
                                           const NormWeights& weights, const Inputs& inputs,
                                           Precision precision);

/// What scores are multiplied by: 1 or 1 / sqrt(n).
Result<Interval> scale_of(const std::string& scale, Precision precision);

}  // namespace attncert::rules
