#include "attncert/tensor/ball.hpp"

#include <random>

#include "attncert/core/rational.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

// A finite midpoint as an exact number: three numbers of fp64, scaled where fp64 ends.
template <class M>
Rational exact(M x) {
  const M size = x < 0 ? -x : x;
  if (size > 0 && size < 0x1p-800) return Rational(exact(M{x * 0x1p700}) * power_of_two(-700));
  if (size > 0x1p1000) return Rational(exact(M{x * 0x1p-700}) * power_of_two(700));
  Rational sum = 0;
  for (int part = 0; part < 3; ++part) {
    sum += Rational(static_cast<double>(x));
    x -= static_cast<double>(x);
  }
  REQUIRE((x == 0));  // not for doctest to print
  return sum;
}

template <class M>
bool is_known(Ball<M> ball) {
  return std::isfinite(ball.rad) && std::isfinite(magnitude(ball.mid));
}

template <class M>
bool holds(Ball<M> ball, const Rational& value) {
  return !is_known(ball) || Rational(abs(Rational(value - exact(ball.mid)))) <= Rational(ball.rad);
}

// Whether 1 / sqrt(y) is in the ball, y > 0.
template <class M>
bool holds_root(Ball<M> ball, const Rational& y) {
  if (!is_known(ball)) return true;
  const Rational least = exact(ball.mid) - Rational(ball.rad);
  const Rational most = exact(ball.mid) + Rational(ball.rad);
  return (least <= 0 || Rational(least * least * y) <= 1) && most > 0 &&
         Rational(most * most * y) >= 1;
}

// Balls with every bit of a midpoint in use, of moderate size or of any that fp64 has and beyond.
template <class M>
class Numbers {
public:
  explicit Numbers(int most) : exponent_(-most, most) {}

  double number() { return std::ldexp(distribution_(engine_), exponent_(engine_)); }
  M wide_number() {
    const double scale = std::ldexp(1.0, exponent_(engine_));
    M sum = 0;
    for (const double part : {0x1p-106, 0x1p-53, 1.0}) sum += M{part} * distribution_(engine_);
    return sum * scale * M{beyond_fp64() ? 0x1p-600 : 1.0};
  }
  /// A ball, and some number in it: often its end.
  std::pair<Ball<M>, Rational> ball() {
    Ball<M> ball{wide_number(), 0};
    if (choice_(engine_) != 0) ball.rad = magnitude(ball.mid) * 0x1p-20;
    if (choice_(engine_) == 0) ball.rad = std::fabs(number());
    const double ends[] = {-1, 0, 1, distribution_(engine_)};
    const Rational offset = Rational(ball.rad) * Rational(ends[choice_(engine_)]);
    return {ball, Rational(exact(ball.mid) + offset)};
  }

private:
  bool beyond_fp64() { return exponent_.max() > 500 && choice_(engine_) == 0; }

  std::mt19937 engine_{11};
  std::uniform_real_distribution<double> distribution_{-1, 1};
  std::uniform_int_distribution<int> choice_{0, 3};
  std::uniform_int_distribution<int> exponent_;
};

constexpr int kModerate = 30;
constexpr int kExtreme = 1000;

}  // namespace

TEST_CASE_TEMPLATE("balls: sums, products, quotients hold every exact result", M, Wide, Quad) {
  for (const int most : {kModerate, kExtreme}) {
    Numbers<M> numbers(most);
    int known = 0;
    for (int n = 0; n < 10000; ++n) {
      const auto [a, x] = numbers.ball();
      const auto [b, y] = numbers.ball();
      CHECK(holds(a + b, Rational(x + y)));
      CHECK(holds(a - b, Rational(x - y)));
      CHECK(holds(a * b, Rational(x * y)));
      CHECK(holds(ball_cast<double>(a), x));
      CHECK(holds(ball_cast<Wide>(a), x));
      CHECK(holds(ball_cast<Quad>(a), x));
      if (is_known(a / b)) {
        ++known;
        CHECK(holds(a / b, Rational(x / y)));
      }
      if (y > 0) CHECK(holds_root(b.reciprocal_sqrt(), y));
    }
    CHECK(known > (most == kModerate ? 2500 : 500));
  }
}

TEST_CASE_TEMPLATE("balls: each operation has a few roundings, of the midpoint's size", M, Wide,
                   Quad) {
  constexpr double few = 16 * kRoundoff<M>;
  Numbers<M> numbers(kModerate);
  for (int n = 0; n < 1000; ++n) {
    const Ball<M> a{numbers.wide_number(), 0};
    const Ball<M> b{M{magnitude(numbers.wide_number())}, 0};
    for (const Ball<M> c : {a + b, a - b, a * b, a / b, b.reciprocal_sqrt()}) {
      CHECK(c.rad <= few * magnitude(c.mid) + 0x1p-900);
    }
  }
  const Rational fourth = Rational(1, 4) + Rational(1, 1L << 40);
  const Ball<M> root = Ball<M>{static_cast<double>(fourth), 0}.reciprocal_sqrt();
  CHECK(holds_root(root, fourth));
  CHECK(holds_root(Ball<M>{root.mid, 8 * kRoundoff<M>}, fourth));
  CHECK_FALSE(holds_root(Ball<M>{root.mid + root.mid * 32 * kRoundoff<M>, few}, fourth));
}

TEST_CASE_TEMPLATE("balls: small numbers times large radii, which fp64 would lose", M, Wide, Quad) {
  const M small = M{0x1p-1000} * 0x1p-100;
  const Rational value = power_of_two(-1100);
  for (const double rad : {0x1p900, 0x1p1000}) {
    const Rational end = Rational(rad);
    CHECK(holds(Ball<M>{small, 0} * Ball<M>{0, rad}, Rational(value * end)));
    CHECK(holds(Ball<M>{0, rad} * Ball<M>{small, 0}, Rational(value * end)));
    const std::vector<M> x{small};
    const std::vector<M> y{0};
    const std::vector<double> none{0};
    const std::vector<double> rads{rad};
    CHECK(holds(Ball<M>::dot(x, none, y, rads), Rational(value * end)));
    CHECK(holds(Ball<M>::dot(y, rads, x, none), Rational(value * end)));
    const Ball<M> large{M{0x1p1000} * 0x1p200, 0};
    CHECK(holds(Ball<M>{0, rad} / large, Rational(end / power_of_two(1200))));
  }
  const Ball<M> near{M{0x1p500} * (M{1} + 2 * kRoundoff<M>), 0x1p500};  // of which little is left
  const Rational left = exact(near.mid) - Rational(near.rad);
  CHECK(holds(Ball<M>{0x1p-580, 0} / near, Rational(power_of_two(-580) / left)));
}

TEST_CASE_TEMPLATE("balls: nothing is known of quotients and roots where the divisor may be 0", M,
                   Wide, Quad) {
  const M huge = M{0x1p1000} * 0x1p1000;
  for (const Ball<M> b : {Ball<M>{0, 0}, Ball<M>{1, 1}, Ball<M>{1, 2}, Ball<M>{-1, 0},
                          Ball<M>{1, INFINITY}, Ball<M>{0, NAN}, Ball<M>{NAN, 0}}) {
    CHECK_FALSE(is_known(Ball<M>{1, 0} / b));
    CHECK_FALSE(is_known(b.reciprocal_sqrt()));
  }
  CHECK_FALSE(is_known(Ball<M>{huge, 0}.reciprocal_sqrt()));
  CHECK_FALSE(is_known(Ball<M>{huge, 0} + Ball<M>{huge, 0}));
  CHECK_FALSE(is_known(Ball<M>{huge, 0} * Ball<M>{huge, 0}));
  CHECK_FALSE(is_known(Ball<M>{1, 0} - Ball<M>{NAN, 0}));
}

TEST_CASE_TEMPLATE("balls: dot products and sums hold every exact result, and are narrow", M, Wide,
                   Quad) {
  for (const int most : {kModerate, kExtreme}) {
    Numbers<M> numbers(most);
    for (std::size_t n = 0; n < 70; ++n) {
      std::vector<M> x_mid;
      std::vector<double> x_rad;
      std::vector<M> y_mid;
      std::vector<double> y_rad;
      Enclosure<M> row(1, static_cast<long>(n));
      Matrix w(1, static_cast<long>(n));
      const double bias = numbers.number();
      Rational by_w = Rational(bias);
      Rational by_y = 0;
      Rational sum = 0;
      double size = std::fabs(bias) * kRoundoff<M>;
      for (std::size_t k = 0; k < n; ++k) {
        const auto [a, x] = numbers.ball();
        const auto [b, y] = numbers.ball();
        x_mid.push_back(a.mid);
        x_rad.push_back(a.rad);
        y_mid.push_back(b.mid);
        y_rad.push_back(b.rad);
        const double weight = numbers.number();
        row.set(0, static_cast<long>(k), a);
        w.values[k] = weight;
        by_w += x * Rational(weight);
        by_y += x * y;
        sum += x;
        size += (magnitude(a.mid) * kRoundoff<M> + a.rad) * std::fabs(weight);
      }
      const Ball<M> dot = Enclosure<M>::product(row, w, std::span(&bias, 1)).at(0, 0);
      CHECK(holds(dot, by_w));
      CHECK(dot.rad <= size * 200 + 0x1p-900);
      CHECK(holds(Ball<M>::dot(x_mid, x_rad, y_mid, y_rad), by_y));
      CHECK(holds(Ball<M>::sum(x_mid, x_rad), sum));
    }
  }
}

TEST_CASE_TEMPLATE("balls: products of what does not fit are unknown", M, Wide, Quad) {
  CHECK(Enclosure<M>::product(Enclosure<M>(2, 3), Matrix(4, 3), {}).is_finite());
  CHECK_FALSE(Enclosure<M>::product(Enclosure<M>(2, 3), Matrix(4, 2), {}).is_finite());
  const std::vector<double> bias(3);
  CHECK_FALSE(Enclosure<M>::product(Enclosure<M>(2, 3), Matrix(4, 3), bias).is_finite());
}
