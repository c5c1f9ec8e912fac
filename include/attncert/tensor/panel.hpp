// Matrices of fp32 numbers and their products: first-order terms, where speed counts more than digits.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "attncert/tensor/matrix.hpp"

namespace attncert {

/// A dense matrix; rows are padded with zeros.
struct Panel {
  long rows = 0;
  long columns = 0;
  long stride = 0;
  std::vector<float> values;

  static constexpr long kPadding = 16;

  Panel() = default;
  Panel(long row_count, long column_count)
      : rows(row_count),
        columns(column_count),
        stride((column_count + kPadding - 1) / kPadding * kPadding),
        values(static_cast<std::size_t>(rows * stride)) {}
  /// Each number rounded to nearest.
  explicit Panel(const Matrix& exact);

  std::span<float> row(long i) {
    return std::span(values).subspan(static_cast<std::size_t>(i * stride),
                                     static_cast<std::size_t>(columns));
  }
  std::span<const float> row(long i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * stride),
                                     static_cast<std::size_t>(columns));
  }
};

/// What n fp32 operations, the roundings of given numbers to fp32 among them, may lose of the sum of
/// their terms' magnitudes.
/// Maths    2^-23 (n + 2) >= (1 + 2^-24)^(n+1) - 1 for n < 2^20
inline double panel_loss(long n) { return 0x1p-23 * (static_cast<double>(n) + 2); }

/// More than n fp32 operations lose by underflow.
inline double panel_tiny(long n) { return 0x1p-147 * (static_cast<double>(n) + 2); }

/// a b.
/// Maths    |fl - exact|_ij <= panel_loss(n) sum_k |a_ik| |b_kj| + panel_tiny(n), n = a.columns, in any
///          order of summation, fused or not, also where entries of a are themselves rounded to fp32
/// Shapes   a: (m, n), b: (n, k)
/// Status   trusted; infinite or NaN where something overflows
/// Source   docs/formulas.md#forms
Panel product(const Panel& a, const Panel& b);

/// At least sum_j |(a b)_ij|, of the product as computed, for each row i.
std::vector<double> product_spreads(const Panel& a, const Panel& b);

/// At least sum_j |a_ij| for each row i.
std::vector<double> spreads(const Panel& a);

/// to += factor from, as computed: one product and one sum for each.
/// Requires to.size() >= from.size()
void add_scaled(std::span<float> to, float factor, std::span<const float> from);

}  // namespace attncert
