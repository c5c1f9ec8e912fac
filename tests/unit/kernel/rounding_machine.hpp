// Sublayers computed as an evaluation says: every operation rounded to nearest, by software.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "attncert/kernel/weights.hpp"
#include "attncert/statement/evaluation.hpp"
#include "unit/support.hpp"

namespace attncert::testing {

/// Rounds to a format's precision and range: nearest, ties to even. Formats have at most 24 bits, so
/// that results of fp64 operations, rounded once more, are the correctly rounded ones.
inline double rounded_to(const Format& format, double x, Underflow underflow) {
  if (x == 0) return 0;
  int exponent = 0;
  std::frexp(x, &exponent);
  const int unit = std::max(exponent - 1, format.min_exponent) - format.precision + 1;
  const double result = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
  const bool small = std::fabs(result) < std::ldexp(1.0, format.min_exponent);
  return small && underflow == Underflow::flush ? 0 : result;
}

/// Rounds in a direction, to numbers with one bit more: off by as much as rounding to nearest may be.
inline double badly_rounded_to(const Format& format, double x, Underflow underflow, bool away) {
  if (x == 0) return 0;
  int exponent = 0;
  std::frexp(x, &exponent);
  const int unit = std::max(exponent - 1, format.min_exponent) - format.precision;
  const double units = std::ldexp(std::fabs(x), -unit);
  const double result =
      std::copysign(std::ldexp(away ? std::ceil(units) : std::floor(units), unit), x);
  const bool small = std::fabs(result) < std::ldexp(1.0, format.min_exponent);
  return small && underflow == Underflow::flush ? 0 : result;
}

class RoundingMachine {
public:
  /// A bad machine rounds nearly always away from 0.
  RoundingMachine(Evaluation evaluation, Random& random, bool bad = false)
      : evaluation_(std::move(evaluation)), random_(random), bad_(bad) {}

  double stored(double x) const { return rounded(evaluation_.storage, x); }
  double op(double x) const { return rounded(evaluation_.compute, x); }
  double sum_op(double x) const { return rounded(evaluation_.accumulate, x); }

  /// A sum of products in the evaluation's order; "any" is a random one.
  double dot(const std::vector<double>& a, const std::vector<double>& b) const {
    std::vector<double> terms;
    for (std::size_t i = 0; i < a.size(); ++i) terms.push_back(sum_op(a[i] * b[i]));
    return op(total(terms));
  }

  double total(std::vector<double> terms) const {
    switch (evaluation_.summation.order) {
      case Summation::Order::any:
        for (std::size_t i = terms.size(); i > 1; --i) {
          std::swap(terms[i - 1],
                    terms[static_cast<std::size_t>(random_.integer(0, static_cast<long>(i) - 1))]);
        }
        return in_order(terms, 0, terms.size());
      case Summation::Order::sequential: return in_order(terms, 0, terms.size());
      case Summation::Order::pairwise: return by_halves(terms, 0, terms.size());
      case Summation::Order::blocks: break;
    }
    std::vector<double> blocks;
    const auto size = static_cast<std::size_t>(evaluation_.summation.block);
    for (std::size_t i = 0; i < terms.size(); i += size) {
      blocks.push_back(in_order(terms, i, std::min(i + size, terms.size())));
    }
    return in_order(blocks, 0, blocks.size());
  }

  std::vector<double> normed(const std::vector<double>& n, const NormWeights& norm) const {
    std::vector<double> y;
    for (std::size_t i = 0; i < n.size(); ++i) {
      y.push_back(op(op(n[i] * stored(norm.gain[i])) + stored(norm.shift[i])));
    }
    return y;
  }

  /// The weight of each of several scores.
  std::vector<double> softmax(const std::vector<double>& scores) const {
    const double top =
        evaluation_.max_subtraction ? *std::max_element(scores.begin(), scores.end()) : 0.0;
    std::vector<double> powers;
    for (const double score : scores) powers.push_back(op(std::exp(op(score - top))));
    const double sum = op(total(powers));
    const bool by_reciprocal = random_.integer(0, 1) == 0;
    const double reciprocal = op(1 / sum);
    for (double& power : powers) power = op(by_reciprocal ? power * reciprocal : power / sum);
    return powers;
  }

private:
  double rounded(const Format& format, double x) const {
    if (!bad_) return rounded_to(format, x, evaluation_.underflow);
    return badly_rounded_to(format, x, evaluation_.underflow, random_.integer(0, 7) != 0);
  }
  double in_order(const std::vector<double>& terms, std::size_t first, std::size_t last) const {
    double sum = terms[first];
    for (std::size_t i = first + 1; i < last; ++i) sum = sum_op(sum + terms[i]);
    return sum;
  }
  double by_halves(const std::vector<double>& terms, std::size_t first, std::size_t last) const {
    if (last - first == 1) return terms[first];
    const std::size_t middle = (first + last) / 2;
    return sum_op(by_halves(terms, first, middle) + by_halves(terms, middle, last));
  }

  Evaluation evaluation_;
  Random& random_;
  bool bad_;
};

using Vector = std::vector<double>;

/// A row of a map's weights and its bias, as numbers of storage.
inline Vector stored_row(const RoundingMachine& machine, const Affine& map, long j) {
  Vector row;
  for (const double w : map.weight.row(j)) row.push_back(machine.stored(w));
  row.push_back(machine.stored(map.bias[static_cast<std::size_t>(j)]));
  return row;
}

inline Vector with_one(Vector y) {
  y.push_back(1);
  return y;
}

/// A map of a row, computed and exactly enough.
inline Vector computed_map(const RoundingMachine& machine, const Affine& map, const Vector& y) {
  Vector z;
  for (long j = 0; j < map.weight.rows; ++j) {
    z.push_back(machine.dot(stored_row(machine, map, j), with_one(y)));
  }
  return z;
}
inline Vector exact_map(const Affine& map, const Vector& y) {
  Vector z;
  for (long j = 0; j < map.weight.rows; ++j) {
    long double sum = map.bias[static_cast<std::size_t>(j)];
    const auto row = map.weight.row(j);
    for (std::size_t i = 0; i < row.size(); ++i) sum += static_cast<long double>(row[i]) * y[i];
    z.push_back(static_cast<double>(sum));
  }
  return z;
}
inline Vector exact_normed(const Vector& n, const NormWeights& norm) {
  Vector y;
  for (std::size_t i = 0; i < n.size(); ++i) y.push_back(n[i] * norm.gain[i] + norm.shift[i]);
  return y;
}

inline double largest_difference(const Vector& a, const Vector& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

}  // namespace attncert::testing
