#include "attncert/tensor/panel.hpp"

#include <random>

#include "unit/support.hpp"

using namespace attncert;

namespace {

Matrix random_matrix(long rows, long columns, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Matrix matrix(rows, columns);
  for (double& x : matrix.values) x = normal(random);
  return matrix;
}

}  // namespace

TEST_CASE("panels: products are off by less than their bound, at every shape") {
  for (const auto& [m, n, k] :
       {std::tuple{1L, 1L, 1L}, {3L, 5L, 7L}, {4L, 16L, 16L}, {9L, 33L, 50L}, {5L, 2L, 0L}}) {
    const Matrix exact = random_matrix(m, n, 1);
    Panel b(n, k);
    std::mt19937 random(2);
    for (long i = 0; i < n; ++i) {
      for (float& x : b.row(i)) x = static_cast<float>(static_cast<double>(random()) / 0x1p31 - 1);
    }
    const Panel product_of = product(Panel(exact), b);
    const auto sums = product_spreads(Panel(exact), b);
    const auto own = spreads(product_of);
    REQUIRE(product_of.rows == m);
    REQUIRE(product_of.columns == k);
    for (long i = 0; i < m; ++i) {
      double spread = 0;
      for (long j = 0; j < k; ++j) {
        double sum = 0;
        double size = 0;
        for (long l = 0; l < n; ++l) {
          const double term = exact.at(i, l) * b.row(l)[static_cast<std::size_t>(j)];
          sum += term;
          size += std::fabs(term);
        }
        const double found = product_of.row(i)[static_cast<std::size_t>(j)];
        CHECK(std::fabs(found - sum) <= panel_loss(n) * size + panel_tiny(n));
        spread += std::fabs(found);
      }
      const auto at = static_cast<std::size_t>(i);
      CHECK(sums[at] >= spread);
      CHECK(own[at] >= spread);
      CHECK(sums[at] <= spread * 1.01 + 1e-30);
      CHECK(own[at] <= spread * 1.01 + 1e-30);
    }
  }
}

TEST_CASE("panels: scaled rows are added, and no more than their numbers") {
  for (const std::size_t count : {0U, 1U, 7U, 8U, 21U}) {
    std::vector<float> from(count, 3.0F);
    std::vector<float> to(count + 1, 1.0F);
    add_scaled(to, 0.5F, from);
    for (std::size_t k = 0; k < count; ++k) CHECK(to[k] == 2.5F);
    CHECK(to[count] == 1.0F);
  }
  const Matrix exact = random_matrix(2, 3, 3);
  const Panel panel(exact);
  CHECK(panel.row(1)[2] == static_cast<float>(exact.at(1, 2)));
  CHECK(panel.stride == 16);
}
