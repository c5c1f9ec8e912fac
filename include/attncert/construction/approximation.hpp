// Which gates stand for an activation function: exact ones, shipped tables, or a search.
#pragma once

#include <functional>
#include <optional>

#include "attncert/statement/gates.hpp"

namespace attncert {

/// Gates whose neuron function x S(x) stands for a target.
struct Approximation {
  Gates gates;
  double approx_error = 0;  // sup |target - x S(x)|, as far as construction knows: not a proof
  bool exact = false;       // equal as real functions, by a theorem
};

/// Called now and then during a search: the number of heads tried, and the share that is done.
using SearchProgress = std::function<void(int heads, double share)>;

constexpr int kMostHeads = 12;

/// Gates for a target, with at most so many heads, or an error of at most epsilon.
/// Maths    exact: silu, silu:k=K, quick_gelu (one head); mish (two heads of two bias tokens).
///          relu: one head x sigmoid(kx), sup W(1/e)/k, k = 2^20, or the least power of two that
///          gives epsilon; more heads are accepted and not needed. gelu, gelu_tanh: tables for
///          1..8 heads (7: the six). Anything else, and 9 heads or more: optimise_gates.
/// Requires a function text; at most one of heads and epsilon (neither: one head); 1 <= heads <= 12
///          (HeadsOutOfRange); epsilon > 0 and in reach of 6 heads, 8 by tables (EpsilonUnreached,
///          which names the best found); lines through 0 at both infinities (TailUnsupported)
/// Ensures  coefficients add up exactly to the slope at infinity, so that the error is finite
/// Status   approx: bound_supremum proves what the error really is
/// Source   docs/formulas.md#multi-head
Result<Approximation> approximation_for(const std::string& target, std::optional<int> heads,
                                        std::optional<Rational> epsilon,
                                        const SearchProgress& progress = {});

/// The best gates a search finds, one bias token each, without tables: local minima of the largest
/// error from many starts (fixed seed, so always the same), the smallest of them whose
/// sum of |c_i| is at most 4.
/// Requires as above
/// Status   approx
Result<Approximation> optimise_gates(const std::string& target, int heads,
                                     const SearchProgress& progress = {});

}  // namespace attncert
