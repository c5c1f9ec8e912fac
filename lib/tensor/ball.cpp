#include "attncert/tensor/ball.hpp"

#include <algorithm>
#include <array>

namespace attncert {
namespace {

constexpr double kUnit = 0x1p-53;  // of radii

template <class M>
Ball<M> unknown() {
  return {0, INFINITY};
}

// 2 (n + 2) times the unit roundoff of midpoints.
template <class M>
double gamma_of(std::size_t n) {
  return 2 * (static_cast<double>(n) + 2) * kRoundoff<M>;
}

// Makes up for the roundings of a radius that is a sum of n terms of a few operations each.
double rounded_up_sum(double sum, std::size_t n) {
  const double terms = static_cast<double>(n) + 8;
  return sum * (1 + 16 * terms * kUnit) + terms * kTiny;
}

// sum a_k b_k, the terms taken in two independent chains.
template <class M, class Other>
M sum_of_products(std::span<const M> a, std::span<const Other> b, M start) {
  M even = start;
  M odd = 0;
  std::size_t k = 0;
  for (; k + 1 < a.size(); k += 2) {
    even += a[k] * b[k];
    odd += a[k + 1] * b[k + 1];
  }
  if (k < a.size()) even += a[k] * b[k];
  return even + odd;
}

// sum over k of term(k) >= 0, in independent chains that can be vectorised.
template <class Term>
double chained_sum(std::size_t n, Term term) {
  constexpr std::size_t chains = 8;
  std::array<double, chains> sums{};
  std::size_t k = 0;
  for (; k + chains <= n; k += chains) {
    for (std::size_t c = 0; c < chains; ++c) sums[c] += term(k + c);
  }
  for (; k < n; ++k) sums[0] += term(k);
  double sum = 0;
  for (const double one : sums) sum += one;
  return sum;
}

// A number in [2^-600, 2^600] that nothing in the ball is below, or 0.
template <class M>
double least_of(Ball<M> x) {
  const double least = static_cast<double>(x.mid - x.rad) * (1 - 0x1p-48);
  return least > 0x1p-600 && least < 0x1p600 ? least : 0;
}

// In place: scores shifted by a common number, which changes nothing, then e^x / sum of e^x.
template <class M>
void softmax(std::vector<Ball<M>>& row, const std::function<Ball<M>(Ball<M>)>& exponential) {
  M greatest = -INFINITY;
  for (const Ball<M>& score : row) greatest = std::max(greatest, score.mid);
  std::vector<M> mid;
  std::vector<double> rad;
  for (Ball<M>& score : row) {
    score = exponential(score - Ball<M>{greatest, 0});
    mid.push_back(score.mid);
    rad.push_back(score.rad);
  }
  const auto sum = Ball<M>::sum(mid, rad);
  for (Ball<M>& weight : row) weight = weight / sum;
}

}  // namespace

// a / b - m, m the quotient of midpoints, is ((a - a.mid) - m (b - b.mid)) / b.
template <class M>
Ball<M> Ball<M>::quotient(Ball a, Ball b) {
  const double least = least_of(b);
  if (least == 0) return unknown<M>();
  const M mid = a.mid / b.mid;
  const double change = a.rad + kTiny + (magnitude(mid) * (1 + 0x1p-48) + kTiny) * b.rad;
  return {mid, rounded_up(change / least + 2 * kRoundoff<M> * magnitude(mid))};
}

// Newton's method from fp64's estimate gives some number y, and the residual e = 1 - mid y^2 says how
// good it is: 1 / sqrt(mid) = y / sqrt(1 - e) is within |y e| of y where |e| <= 1/4. The computed e
// misses less than 4 v. Between a and mid the function changes by |a - mid| / (2 least^(3/2)) at
// most.
template <class M>
Ball<M> Ball<M>::reciprocal_sqrt() const {
  const double least = least_of(*this);
  if (least == 0) return unknown<M>();
  M y = 1 / std::sqrt(static_cast<double>(mid));
  for (int step = 0; step < 2; ++step) y += y * (1 - mid * y * y) / 2;
  const double residual = magnitude(1 - mid * y * y);
  if (!(residual <= 0x1p-3)) return unknown<M>();
  return {y, rounded_up(rad / (2 * least * std::sqrt(least)) +
                        (residual + 4 * kRoundoff<M>)*magnitude(y))};
}

template <class M>
Ball<M> Ball<M>::sum(std::span<const M> mid, std::span<const double> rad) {
  const auto gamma = gamma_of<M>(mid.size());
  M sum = 0;
  for (const M value : mid) sum += value;
  const double radius =
      chained_sum(mid.size(), [&](std::size_t k) { return gamma * magnitude(mid[k]) + rad[k]; });
  return {sum, rounded_up_sum(radius, mid.size())};
}

template <class M>
Ball<M> Ball<M>::dot(std::span<const M> x_mid, std::span<const double> x_rad,
                     std::span<const M> y_mid, std::span<const double> y_rad) {
  const auto gamma = gamma_of<M>(x_mid.size());
  const double radius = chained_sum(x_mid.size(), [&](std::size_t k) {
    const double x = magnitude(x_mid[k]);
    const double x_tiny = x_rad[k] + kTiny;
    const double y_tiny = y_rad[k] + kTiny;
    return (gamma * x + x_tiny) * magnitude(y_mid[k]) + (x + x_tiny) * y_tiny;
  });
  return {sum_of_products(x_mid, y_mid, M{0}), rounded_up_sum(radius, x_mid.size())};
}

template <class M>
bool Enclosure<M>::is_finite() const {
  const auto finite = [](auto value) { return std::isfinite(static_cast<double>(value)); };
  return std::all_of(mid_.begin(), mid_.end(), finite) &&
         std::all_of(rad_.begin(), rad_.end(), finite);
}

template <class M>
Enclosure<M> Enclosure<M>::plus(const Enclosure& x) const {
  Enclosure result(rows_, columns_);
  for (long i = 0; i < rows_; ++i) {
    for (long k = 0; k < columns_; ++k) result.set(i, k, at(i, k) + x.at(i, k));
  }
  return result;
}

template <class M>
void Enclosure<M>::subtract_means() {
  const Ball<M> size{static_cast<double>(columns_), 0};
  for (long i = 0; i < rows_; ++i) {
    const Ball<M> mean = Ball<M>::sum(mid(i), rad(i)) / size;
    for (long k = 0; k < columns_; ++k) set(i, k, at(i, k) - mean);
  }
}

template <class M>
void Enclosure<M>::divide_by_lengths(Ball<M> epsilon) {
  const Ball<M> size{static_cast<double>(columns_), 0};
  for (long i = 0; i < rows_; ++i) {
    const Ball<M> squares = Ball<M>::dot(mid(i), rad(i), mid(i), rad(i));
    const Ball<M> factor = (squares / size + epsilon).reciprocal_sqrt();
    for (long k = 0; k < columns_; ++k) set(i, k, at(i, k) * factor);
  }
}

template <class M>
void Enclosure<M>::scale_and_shift(std::span<const double> gain, std::span<const double> shift) {
  for (long i = 0; i < rows_; ++i) {
    for (long k = 0; k < columns_; ++k) {
      const auto at_k = static_cast<std::size_t>(k);
      set(i, k, at(i, k) * Ball<M>{gain[at_k], 0} + Ball<M>{shift[at_k], 0});
    }
  }
}

// Like Ball::dot. Of a row's part in the radii what all outputs share is computed once.
template <class M>
Enclosure<M> Enclosure<M>::product(const Enclosure& x, const Matrix& weight,
                                   std::span<const double> bias) {
  Enclosure result(x.rows(), weight.rows);
  const bool fits = weight.columns == x.columns() &&
                    (bias.empty() || static_cast<long>(bias.size()) == weight.rows);
  const auto n = static_cast<std::size_t>(x.columns());
  const auto gamma = gamma_of<M>(n);
  std::vector<double> part(n);
  for (long i = 0; i < x.rows(); ++i) {
    const auto mid = x.mid(i);
    for (std::size_t k = 0; k < n; ++k) part[k] = gamma * magnitude(mid[k]) + x.rad(i)[k] + kTiny;
    for (long o = 0; o < weight.rows; ++o) {
      result.set(i, o, unknown<M>());
      if (!fits) continue;
      const auto w = weight.row(o);
      const double offset = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)];
      const double radius =
          chained_sum(n, [&](std::size_t k) { return part[k] * std::fabs(w[k]); });
      result.set(i, o,
                 {sum_of_products(mid, w, M{offset}),
                  rounded_up_sum(radius + gamma * std::fabs(offset), n)});
    }
  }
  return result;
}

template <class M>
Enclosure<M> Enclosure<M>::attention(const Heads& heads, Ball<M> scale,
                                     const std::function<Ball<M>(Ball<M>)>& exponential,
                                     const Enclosure& query, const Enclosure& key,
                                     const Enclosure& value) {
  const long d = heads.width;
  Enclosure mixed(query.rows(), query.columns());
  for (long h = 0; h < heads.count; ++h) {
    const long group = h * heads.groups / heads.count;
    for (long i = 0; i < query.rows(); ++i) {
      std::vector<Ball<M>> row(static_cast<std::size_t>(heads.causal ? i + 1 : key.rows()));
      for (std::size_t j = 0; j < row.size(); ++j) {
        const auto at = static_cast<long>(j);
        row[j] = scale * Ball<M>::dot(query.mid(i, h * d, d), query.rad(i, h * d, d),
                                      key.mid(at, group * d, d), key.rad(at, group * d, d));
      }
      softmax(row, exponential);
      for (long r = 0; r < d; ++r) {
        Ball<M> sum;
        for (std::size_t j = 0; j < row.size(); ++j) {
          sum = sum + row[j] * value.at(static_cast<long>(j), group * d + r);
        }
        mixed.set(i, h * d + r, sum);
      }
    }
  }
  return mixed;
}

template struct Ball<Wide>;
template struct Ball<Quad>;
template class Enclosure<Wide>;
template class Enclosure<Quad>;

}  // namespace attncert
