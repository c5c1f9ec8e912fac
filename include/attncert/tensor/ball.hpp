// Real numbers known to within a radius: midpoints in long double or wider, round-to-nearest, whose
// roundings are bounded a priori and added to the radius. No directed rounding anywhere.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "attncert/tensor/matrix.hpp"

namespace attncert {

/// The unit roundoff v of midpoints: x op y is rounded to (x op y)(1 + d) + e with |d| <= v and
/// |e| < 2^-1074, e = 0 for + and -.
template <class M>
constexpr double kRoundoff = std::numeric_limits<M>::epsilon() / 2;

/// Midpoints in hardware, 64 bits on x86; and for what these leave unknown, 113 bits in software.
#if defined(__SIZEOF_FLOAT128__)
using Wide = long double;
__extension__ typedef __float128 Quad;
template <>
inline constexpr double kRoundoff<Quad> = 0x1p-113;
#else
using Wide = double;
using Quad = long double;
#endif
static_assert(std::numeric_limits<Wide>::is_iec559);

/// |x|, to fp64: off by 2^-53 |x| + 2^-1075 at most.
double magnitude(auto x) { return std::fabs(static_cast<double>(x)); }

/// More than fp64 underflow, of magnitudes too, can hide. Radii are enlarged by it before they are
/// multiplied or divided.
constexpr double kTiny = 0x1p-1000;

/// Makes up for the roundings, 2^-53 each, of a radius computed by a few operations, underflow
/// included.
inline double rounded_up(double radius) { return radius * (1 + 0x1p-48) + kTiny; }

/// |exact - mid| <= rad. A radius of infinity, an infinite midpoint, or a NaN anywhere means that
/// nothing is known. Each operation below, for M = Wide and M = Quad:
/// Ensures  the exact result for all exact arguments within their radii is within the result's
/// Status   trusted
/// Source   docs/formulas.md#balls
template <class M>
struct Ball {
  M mid = 0;
  double rad = 0;

  friend Ball operator+(Ball a, Ball b) {
    const M middle = a.mid + b.mid;
    return {middle, rounded_up(a.rad + b.rad + kRoundoff<M> * magnitude(middle))};
  }
  friend Ball operator-(Ball a) { return {-a.mid, a.rad}; }
  friend Ball operator-(Ball a, Ball b) { return a + -b; }
  friend Ball operator*(Ball a, Ball b) {
    const M middle = a.mid * b.mid;
    const double a_rad = a.rad + kTiny;
    const double b_rad = b.rad + kTiny;
    return {middle, rounded_up(magnitude(a.mid) * b_rad + a_rad * (magnitude(b.mid) + b_rad) +
                               kRoundoff<M> * magnitude(middle))};
  }
  /// Nothing is known where b may be outside [2^-600, 2^600].
  friend Ball operator/(Ball a, Ball b) { return quotient(a, b); }
  static Ball quotient(Ball a, Ball b);
  /// 1 / sqrt; nothing is known likewise.
  Ball reciprocal_sqrt() const;

  /// The sum of all.
  static Ball sum(std::span<const M> mid, std::span<const double> rad);
  /// sum_k x_k y_k.
  /// Maths    |fl - exact| <= 2 (n + 2) v sum |x_k y_k| + sum (r_k |y_k| + |x_k| s_k + r_k s_k) for
  ///          midpoints x, y and radii r, s, v the unit roundoff of M, for any order of summation
  /// Shapes   all: (n), n < 2^40
  static Ball dot(std::span<const M> x_mid, std::span<const double> x_rad, std::span<const M> y_mid,
                  std::span<const double> y_rad);
};

/// The same number with another type of midpoint. The difference of midpoints is exact.
template <class To, class From>
Ball<To> ball_cast(Ball<From> x) {
  const auto mid = static_cast<To>(x.mid);
  return {mid, rounded_up(x.rad + magnitude(x.mid - static_cast<From>(mid)))};
}

/// Attention heads: query rows are (count width) wide, keys and values (groups width).
struct Heads {
  long count;
  long groups;
  long width;
  bool causal;
};

/// Rows of real numbers known to within radii.
template <class M>
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
  Ball<M> at(long i, long j) const { return {mid_[index(i, j)], rad_[index(i, j)]}; }
  void set(long i, long j, Ball<M> value) {
    mid_[index(i, j)] = value.mid;
    rad_[index(i, j)] = value.rad;
  }
  /// Columns first, ..., first + count - 1 of row i.
  std::span<const M> mid(long i, long first, long count) const {
    return std::span(mid_).subspan(index(i, first), static_cast<std::size_t>(count));
  }
  std::span<const double> rad(long i, long first, long count) const {
    return std::span(rad_).subspan(index(i, first), static_cast<std::size_t>(count));
  }
  std::span<const M> mid(long i) const { return mid(i, 0, columns_); }
  std::span<const double> rad(long i) const { return rad(i, 0, columns_); }
  bool is_finite() const;

  /// Some rows, with midpoints To.
  template <class To>
  Enclosure<To> rows_as(long first, long count) const {
    Enclosure<To> result(count, columns_);
    for (long i = 0; i < count; ++i) {
      for (long k = 0; k < columns_; ++k) result.set(i, k, ball_cast<To>(at(first + i, k)));
    }
    return result;
  }

  /// *this + x, of the same shape.
  Enclosure plus(const Enclosure& x) const;
  /// Row by row: x - mean(x); x / sqrt(mean(x^2) + epsilon); x gain + shift.
  void subtract_means();
  void divide_by_lengths(Ball<M> epsilon);
  void scale_and_shift(std::span<const double> gain, std::span<const double> shift);

  /// x W^T + b for exact W and b.
  /// Shapes   x: (rows, n); weight: (outputs, n); bias: (outputs), or empty for zeros; where they do
  ///          not fit, nothing is known of the result
  static Enclosure product(const Enclosure& x, const Matrix& weight, std::span<const double> bias);

  /// Softmax attention of all heads, before the output map, for some enclosure of e^x for x <= 0.
  static Enclosure attention(const Heads& heads, Ball<M> scale,
                             const std::function<Ball<M>(Ball<M>)>& exponential,
                             const Enclosure& query, const Enclosure& key, const Enclosure& value);

private:
  std::size_t index(long i, long j) const { return static_cast<std::size_t>(i * columns_ + j); }

  long rows_ = 0;
  long columns_ = 0;
  std::vector<M> mid_;
  std::vector<double> rad_;
};

}  // namespace attncert
