#include "attncert/tensor/ball.hpp"

#include <algorithm>
#include <array>

namespace attncert {
namespace {

constexpr Ball kUnknown{0, INFINITY};
constexpr double kUnit = 0x1p-53;  // of radii

// 2 (n + 2) times the unit roundoff of midpoints.
double gamma_of(std::size_t n) { return 2 * (static_cast<double>(n) + 2) * kRoundoff; }

// Makes up for the roundings of a radius that is a sum of n terms of a few operations each.
double rounded_up_sum(double sum, std::size_t n) {
  const double terms = static_cast<double>(n) + 8;
  return sum * (1 + 16 * terms * kUnit) + terms * 0x1p-1000;
}

// sum a_k b_k, the terms taken in two independent chains.
template <class Other>
Wide sum_of_products(std::span<const Wide> a, std::span<const Other> b, Wide start) {
  Wide even = start;
  Wide odd = 0;
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

}  // namespace

Ball divide(Ball a, Ball b) {
  const double least = static_cast<double>(b.mid - b.rad) * (1 - 0x1p-48);
  if (!(least > 0x1p-900)) return kUnknown;
  const Wide mid = a.mid / b.mid;
  return {mid, rounded_up((a.rad + magnitude(mid) * (1 + 0x1p-48) * b.rad) / least +
                          2 * kRoundoff * magnitude(mid))};
}

// Between a and a' the function changes by at most |a - a'| / (2 least^(3/2)); the computed value at
// a.mid has two roundings.
Ball reciprocal_sqrt(Ball a) {
  const double least = static_cast<double>(a.mid - a.rad) * (1 - 0x1p-48);
  if (!(least > 0x1p-600)) return kUnknown;
  const Wide mid = 1 / std::sqrt(a.mid);
  return {mid, rounded_up(a.rad / (2 * least * std::sqrt(least)) + 4 * kRoundoff * magnitude(mid))};
}

bool Enclosure::is_finite() const {
  return std::all_of(mid_.begin(), mid_.end(), [](Wide value) { return std::isfinite(value); }) &&
         std::all_of(rad_.begin(), rad_.end(), [](double value) { return std::isfinite(value); });
}

Ball enclosed_dot(std::span<const Wide> mid, std::span<const double> rad, std::span<const double> w,
                  double bias) {
  const double gamma = gamma_of(mid.size());
  const double radius = chained_sum(mid.size(), [&](std::size_t k) {
    return (gamma * magnitude(mid[k]) + rad[k] + 0x1p-1000) * std::fabs(w[k]);
  });
  return {sum_of_products(mid, w, bias),
          rounded_up_sum(radius + gamma * std::fabs(bias), mid.size())};
}

Ball enclosed_dot(std::span<const Wide> x_mid, std::span<const double> x_rad,
                  std::span<const Wide> y_mid, std::span<const double> y_rad) {
  const double gamma = gamma_of(x_mid.size());
  const double radius = chained_sum(x_mid.size(), [&](std::size_t k) {
    const double x = magnitude(x_mid[k]);
    return (gamma * x + x_rad[k] + 0x1p-1000) * magnitude(y_mid[k]) + (x + x_rad[k]) * y_rad[k];
  });
  return {sum_of_products(x_mid, y_mid, Wide{0}), rounded_up_sum(radius, x_mid.size())};
}

Ball enclosed_sum(std::span<const Wide> mid, std::span<const double> rad) {
  const double gamma = gamma_of(mid.size());
  Wide sum = 0;
  for (const Wide value : mid) sum += value;
  const double radius =
      chained_sum(mid.size(), [&](std::size_t k) { return gamma * magnitude(mid[k]) + rad[k]; });
  return {sum, rounded_up_sum(radius, mid.size())};
}

Enclosure product(const Enclosure& x, const Matrix& weight, std::span<const double> bias) {
  Enclosure result(x.rows(), weight.rows);
  const bool fits = weight.columns == x.columns() &&
                    (bias.empty() || static_cast<long>(bias.size()) == weight.rows);
  for (long i = 0; i < x.rows(); ++i) {
    for (long o = 0; o < weight.rows; ++o) {
      if (!fits) {
        result.set(i, o, kUnknown);
        continue;
      }
      const double offset = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)];
      result.set(i, o, enclosed_dot(x.mid(i), x.rad(i), weight.row(o), offset));
    }
  }
  return result;
}

}  // namespace attncert
