#include "attncert/tensor/ball.hpp"

#include <random>

#include "attncert/core/rational.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

// A long double as an exact number.
Rational exact(Wide x) {
  const auto head = static_cast<double>(x);
  return Rational(head) + Rational(static_cast<double>(x - head));
}

bool holds(Ball ball, const Rational& value) {
  return Rational(abs(Rational(value - exact(ball.mid)))) <= Rational(ball.rad);
}

class Numbers {
public:
  double number() { return std::ldexp(distribution_(engine_), exponent_(engine_)); }
  /// A ball, and some number in it.
  std::pair<Ball, Rational> ball() {
    const Ball ball{number(), std::fabs(number()) * 0x1p-20};
    const Rational offset = Rational(ball.rad) * Rational(distribution_(engine_));
    return {ball, exact(ball.mid) + offset};
  }

private:
  std::mt19937 engine_{11};
  std::uniform_real_distribution<double> distribution_{-1, 1};
  std::uniform_int_distribution<int> exponent_{-30, 30};
};

}  // namespace

TEST_CASE("balls: sums, products, quotients hold every exact result") {
  Numbers numbers;
  int known = 0;
  for (int n = 0; n < 20000; ++n) {
    const auto [a, x] = numbers.ball();
    const auto [b, y] = numbers.ball();
    CHECK(holds(a + b, Rational(x + y)));
    CHECK(holds(a - b, Rational(x - y)));
    CHECK(holds(a * b, Rational(x * y)));
    const Ball quotient = divide(a, b);
    if (std::isinf(quotient.rad)) continue;
    ++known;
    CHECK(holds(quotient, Rational(x / y)));
    const Ball root = reciprocal_sqrt(b);
    const Rational least = exact(root.mid) - Rational(root.rad);
    const Rational most = exact(root.mid) + Rational(root.rad);
    CHECK((least <= 0 || Rational(least * least * y) <= 1));
    CHECK(Rational(most * most * y) >= 1);
  }
  CHECK(known > 5000);
}

TEST_CASE("balls: nothing is known of quotients and roots where the divisor may be 0") {
  for (const Ball b : {Ball{0, 0}, Ball{1, 1}, Ball{1, 2}, Ball{-1, 0}, Ball{1, INFINITY}}) {
    CHECK(std::isinf(divide({1, 0}, b).rad));
    CHECK(std::isinf(reciprocal_sqrt(b).rad));
  }
}

TEST_CASE("balls: dot products and sums hold every exact result, and are narrow") {
  Numbers numbers;
  for (std::size_t n = 0; n < 70; ++n) {
    std::vector<Wide> x_mid;
    std::vector<double> x_rad;
    std::vector<Wide> y_mid;
    std::vector<double> y_rad;
    std::vector<double> w;
    const double bias = numbers.number();
    Rational by_w = Rational(bias);
    Rational by_y = 0;
    Rational sum = 0;
    double size = std::fabs(bias);
    for (std::size_t k = 0; k < n; ++k) {
      const auto [a, x] = numbers.ball();
      const auto [b, y] = numbers.ball();
      x_mid.push_back(a.mid);
      x_rad.push_back(a.rad);
      y_mid.push_back(b.mid);
      y_rad.push_back(b.rad);
      w.push_back(numbers.number());
      by_w += x * Rational(w.back());
      by_y += x * y;
      sum += x;
      size += magnitude(a.mid) * std::fabs(w.back()) + a.rad * std::fabs(w.back()) * 0x1p20;
    }
    const Ball dot = enclosed_dot(x_mid, x_rad, w, bias);
    CHECK(holds(dot, by_w));
    CHECK(dot.rad <= size * 0x1p-19);
    CHECK(holds(enclosed_dot(x_mid, x_rad, y_mid, y_rad), by_y));
    CHECK(holds(enclosed_sum(x_mid, x_rad), sum));
  }
}

TEST_CASE("balls: products of what does not fit are unknown") {
  CHECK(product(Enclosure(2, 3), Matrix(4, 3), {}).is_finite());
  CHECK_FALSE(product(Enclosure(2, 3), Matrix(4, 2), {}).is_finite());
  const std::vector<double> bias(3);
  CHECK_FALSE(product(Enclosure(2, 3), Matrix(4, 3), bias).is_finite());
}
