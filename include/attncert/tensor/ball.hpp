// Real numbers known to within a radius: midpoints in long double, round-to-nearest, whose roundings
// are bounded a priori and added to the radius. No directed rounding anywhere.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "attncert/tensor/matrix.hpp"

namespace attncert {

/// At least 53 bits; 64 where long double is x87's extended format.
using Wide = long double;
constexpr double kRoundoff = std::numeric_limits<Wide>::epsilon() / 2;

/// |exact - mid| <= rad. A radius of infinity, or a NaN anywhere, means that nothing is known.
struct Ball {
  Wide mid = 0;
  double rad = 0;
};

/// |x|, to fp64.
inline double magnitude(Wide x) { return std::fabs(static_cast<double>(x)); }

/// Makes up for the roundings, 2^-53 each, of a radius computed by a few operations, underflow
/// included.
inline double rounded_up(double radius) { return radius * (1 + 0x1p-48) + 0x1p-1000; }

// Each function below:
/// Ensures  the exact result for all exact arguments within their radii is within the result's
/// Status   trusted
/// Source   docs/formulas.md#balls
inline Ball operator+(Ball a, Ball b) {
  const Wide mid = a.mid + b.mid;
  return {mid, rounded_up(a.rad + b.rad + kRoundoff * magnitude(mid))};
}
inline Ball operator-(Ball a) { return {-a.mid, a.rad}; }
inline Ball operator-(Ball a, Ball b) { return a + -b; }
inline Ball operator*(Ball a, Ball b) {
  const Wide mid = a.mid * b.mid;
  return {mid, rounded_up(magnitude(a.mid) * b.rad + a.rad * magnitude(b.mid) + a.rad * b.rad +
                          kRoundoff * magnitude(mid))};
}
/// Nothing is known where b may be 0 or less.
Ball divide(Ball a, Ball b);
/// 1 / sqrt(a); nothing is known where a may be 0 or less.
Ball reciprocal_sqrt(Ball a);

/// Rows of real numbers known to within radii.
class Enclosure {
public:
  Enclosure() = default;
  Enclosure(long rows, long columns)
      : rows_(rows),
        columns_(columns),
        mid_(static_cast<std::size_t>(rows * columns)),
        rad_(static_cast<std::size_t>(rows * columns)) {}
  explicit Enclosure(const Matrix& exact)
      : rows_(exact.rows),
        columns_(exact.columns),
        mid_(exact.values.begin(), exact.values.end()),
        rad_(exact.values.size()) {}

  long rows() const { return rows_; }
  long columns() const { return columns_; }
  Ball at(long i, long j) const { return {mid_[index(i, j)], rad_[index(i, j)]}; }
  void set(long i, long j, Ball value) {
    mid_[index(i, j)] = value.mid;
    rad_[index(i, j)] = value.rad;
  }
  /// Columns first, ..., first + count - 1 of row i.
  std::span<const Wide> mid(long i, long first, long count) const {
    return std::span(mid_).subspan(index(i, first), static_cast<std::size_t>(count));
  }
  std::span<const double> rad(long i, long first, long count) const {
    return std::span(rad_).subspan(index(i, first), static_cast<std::size_t>(count));
  }
  std::span<const Wide> mid(long i) const { return mid(i, 0, columns_); }
  std::span<const double> rad(long i) const { return rad(i, 0, columns_); }
  bool is_finite() const;

private:
  std::size_t index(long i, long j) const { return static_cast<std::size_t>(i * columns_ + j); }

  long rows_ = 0;
  long columns_ = 0;
  std::vector<Wide> mid_;
  std::vector<double> rad_;
};

/// bias + sum_k x_k w_k for exact bias and w.
/// Maths    |fl - exact| <= v |fl| + 2 (n + 2) v (|bias| + sum |m_k w_k|) + sum r_k |w_k|, v the unit
///          roundoff of Wide, for any order of summation
/// Shapes   mid, rad, w: (n), n < 2^40
Ball enclosed_dot(std::span<const Wide> mid, std::span<const double> rad, std::span<const double> w,
                  double bias);

/// sum_k x_k y_k, likewise.
Ball enclosed_dot(std::span<const Wide> x_mid, std::span<const double> x_rad,
                  std::span<const Wide> y_mid, std::span<const double> y_rad);

/// The sum of all.
Ball enclosed_sum(std::span<const Wide> mid, std::span<const double> rad);

/// x W^T + b for exact W and b.
/// Shapes   x: (rows, n); weight: (outputs, n); bias: (outputs), or empty for zeros; where they do
///          not fit, nothing is known of the result
Enclosure product(const Enclosure& x, const Matrix& weight, std::span<const double> bias);

}  // namespace attncert
