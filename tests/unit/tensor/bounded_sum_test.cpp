#include "attncert/tensor/bounded_sum.hpp"

#include <cmath>
#include <limits>

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Rational exact_dot(const std::vector<double>& a, const std::vector<double>& b) {
  Rational sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += Rational(a[i]) * Rational(b[i]);
  return sum;
}

void check_bound(const std::vector<double>& a, const std::vector<double>& b) {
  const Bounded bound = dot(a, b);
  REQUIRE_FALSE(std::isnan(bound.value));
  REQUIRE_FALSE(std::isnan(bound.error));
  if (std::isinf(bound.error)) return;
  const Rational exact = exact_dot(a, b);
  const RationalInterval interval = exact_interval(bound);
  REQUIRE(interval.lower <= exact);
  REQUIRE(exact <= interval.upper);
}

double value(Random& random, int kind) {
  switch (kind) {
    case 0: return random.uniform(-1, 1);
    case 1: return std::ldexp(random.uniform(-1, 1), int(random.integer(-500, 500)));
    case 2: return std::ldexp(random.uniform(-1, 1), int(random.integer(-1074, -1000)));
    case 3: return random.integer(0, 2) == 0 ? 0.0 : random.uniform(-1, 1);
    case 4: return double(random.integer(-3, 3)) * 0x1p-540;
    default: return std::ldexp(random.uniform(-1, 1), int(random.integer(500, 512)));
  }
}

}  // namespace

TEST_CASE("bounded sum: the exact sum is within the bound") {
  Random random("bounded sums");
  for (int round = 0; round < 2000; ++round) {
    const auto length = static_cast<std::size_t>(random.integer(0, 60));
    const int kind = int(random.integer(0, 5));
    std::vector<double> a(length);
    std::vector<double> b(length);
    for (std::size_t i = 0; i < length; ++i) {
      a[i] = value(random, kind);
      b[i] = value(random, kind);
    }
    check_bound(a, b);
    // the same again with opposite signs: everything cancels, up to one small term
    std::vector<double> aa = a;
    std::vector<double> bb = b;
    aa.insert(aa.end(), a.begin(), a.end());
    for (const double x : b) bb.push_back(-x);
    aa.push_back(0x1p-300);
    bb.push_back(1);
    check_bound(aa, bb);
  }
}

TEST_CASE("bounded sum: a long sum whose terms all round") {
  Random random("long bounded sum");
  std::vector<double> a(20000);
  std::vector<double> b(20000, 0.1);
  for (double& x : a) x = random.uniform(0, 1);
  check_bound(a, b);
  const Bounded bound = dot(a, b);
  CHECK(bound.error < 1e-8);
}

TEST_CASE("bounded sum: products that underflow are covered") {
  const std::vector<double> tiny(1000, 0x1p-540);
  const Bounded bound = dot(tiny, tiny);
  CHECK(bound.value == 0);
  CHECK(bound.error > 0);
  check_bound(tiny, tiny);
  const std::vector<double> half(1000, 0x1.8p-537);  // 1.5^2 2^-1074 rounds to 2^-1073
  check_bound(half, half);
}

TEST_CASE("bounded sum: exact zeros") {
  const std::vector<double> none;
  CHECK(dot(none, none).error == 0);
  const std::vector<double> a{0, 5, -0.0};
  const std::vector<double> b{7, 0, 3};
  CHECK(dot(a, b).value == 0);
  CHECK(dot(a, b).error == 0);
}

TEST_CASE("bounded sum: overflow gives an infinite bound, never a NaN") {
  const double big = std::numeric_limits<double>::max();
  const std::vector<std::pair<std::vector<double>, std::vector<double>>> cases{
      {{big, big}, {1, 1}},  {{big, -big}, {1, 1}},    {{big, big}, {2, -2}},
      {{big, 1}, {-big, 1}}, {{1e200, 1}, {1e200, 0}}, {{big / 2, big / 2, -big}, {1, 1, 1}}};
  for (const auto& [a, b] : cases) {
    const Bounded bound = dot(a, b);
    CHECK(std::isinf(bound.error));
    CHECK(bound.error > 0);
    CHECK_FALSE(std::isnan(bound.value));
  }
}

TEST_CASE("bounded sum: bounds as exact intervals") {
  const RationalInterval interval = exact_interval({1.5, 0x1p-1074});
  CHECK(interval.lower == Rational(3, 2) - power_of_two(-1074));
  CHECK(interval.upper == Rational(3, 2) + power_of_two(-1074));
}
