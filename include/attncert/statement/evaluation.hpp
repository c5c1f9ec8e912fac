// Evaluation models: how a network is computed on a machine, as a hypothesis inside statements.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "attncert/core/json.hpp"
#include "attncert/format/format.hpp"

namespace attncert {

/// In which order the terms of a sum are added.
struct Summation {
  enum class Order { any, sequential, pairwise, blocks };
  Order order = Order::any;
  long block = 0;  // blocks: each of so many terms from first to last, then their sums likewise

  bool operator==(const Summation&) const = default;
  /// How many roundings a term of a sum of n products passes at most, its own product's included;
  /// a fused multiply-add has fewer.
  /// Maths    any, sequential: n; pairwise: ceil(log2 n) + 1; blocks of K: min(K, n) + ceil(n/K) - 1
  long roundings(long n) const;
};

/// "any", "sequential", "pairwise" or "blocks:K", K >= 1; EvaluationSyntax otherwise.
Result<Summation> summation_named(std::string_view text);

/// How layer-norm takes the variance: the mean of (x - mean)^2, or mean(x^2) - mean(x)^2.
enum class NormPasses { two, one };

/// What is assumed of the machine. All roundings are to nearest.
struct Evaluation {
  Format storage;     // weights are rounded to it once, before anything is computed
  Format compute;     // results of operations outside sums, and of sums once complete
  Format accumulate;  // products and partial sums of a sum
  Summation summation;
  Underflow underflow = Underflow::gradual;
  Rational exp_ulp = 1;           // |computed e^t - e^t| <= so many ulp, or the underflow unit
  Rational division_ulp{3, 2};    // quotients and square roots likewise; 1.5: x times a rounded 1/y
  Rational activation_error = 4;  // |computed a(z) - a(z)| <= so many u (|z| + |a(0)|), likewise
  bool max_subtraction = true;    // softmax subtracts the row's largest score first
  NormPasses norm = NormPasses::two;
  std::optional<Rational> exp_zero;       // e^t is computed as 0 for every t <= -exp_zero
  std::optional<Rational> mask_constant;  // masked scores are lowered by it; absent: left out

  bool operator==(const Evaluation&) const = default;
};

/// Reads {"accumulate": ..., "activation_error": ..., ...}; docs/certificate-format.md lists the keys.
/// Errors   FormatUnknown, EvaluationSyntax, Json...
/// Status   trusted
Result<Evaluation> evaluation_of(const Json& value);
Json to_json(const Evaluation& evaluation);

/// "weights, operations and sums in fp32, sums in any order, ..."
std::string in_words(const Evaluation& evaluation);

}  // namespace attncert
