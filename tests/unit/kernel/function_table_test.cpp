#include "../lib/kernel/tensor/function_table.hpp"

#include <random>

#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;
using rules::FunctionTable;

namespace {

constexpr Precision kBits = 200;

// A function by its table and, far more closely, by MPFR.
class Tabled {
public:
  explicit Tabled(const std::string& function) : table_(FunctionTable::make(function).value()) {
    root_ = read_function(function, builder_).value();
  }
  const FunctionTable& table() const { return table_; }

  // |f(x + d) - y - slope d|, rounded up.
  double miss(double x, double d, Wide y, double slope) const {
    const Interval at = enclose(Rational(Rational(x) + Rational(d)), kBits);
    Interval rest = evaluate(builder_.program(), root_, at, kBits).value() -
                    enclose(Rational(Rational(slope) * Rational(d)), kBits);
    for (int part = 0; part < 3; ++part) {
      rest = rest - enclose(Rational(static_cast<double>(y)), kBits);
      y -= static_cast<double>(y);
    }
    return std::max(std::fabs(lower_double(rest)), std::fabs(upper_double(rest)));
  }

private:
  ProgramBuilder builder_;
  NodeIndex root_ = 0;
  FunctionTable table_;
};

// Where functions are smooth, where they have kinks or are steep, at cells' ends, beyond the table.
std::vector<double> places() {
  std::vector<double> xs{0,       1e-9,       -1e-9, 1e-5,   -1e-5, 0.0625, -0.0625,
                         0.03125, 0.99999999, 31.95, -31.95, 33,    -45};
  std::mt19937 random(7);
  std::uniform_real_distribution<double> near(-0.25, 0.25);
  std::uniform_real_distribution<double> far(-9, 9);
  for (int i = 0; i < 15; ++i) {
    xs.push_back(near(random));
    xs.push_back(far(random));
  }
  return xs;
}

bool has_kink(const std::string& function) { return function == "relu" || function == "elu"; }

}  // namespace

TEST_CASE("function table: expansions hold on all of their reach, for every function") {
  for (const std::string function :
       {"relu", "silu", "gelu", "gelu_tanh", "quick_gelu", "sigmoid", "tanh", "softplus", "mish",
        "elu", "silu:k=1048576", "(fabs (- x 1))", "(/ 1 (+ 1 (exp (- (* 1048576 x)))))"}) {
    CAPTURE(function);
    const Tabled f(function);
    for (const double x : places()) {
      for (const double reach : {1e-9, 1e-5, 0.01, 0.9}) {
        CAPTURE(x);
        CAPTURE(reach);
        const FunctionTable::Expansion near = f.table().expand(x, reach);
        REQUIRE(std::isfinite(near.value.rad));
        for (const double part : {-1.0, -0.5, -1e-3, 1e-3, 0.3, 1.0}) {
          const double d = part * reach;
          const double bound = near.value.rad + near.slope_error * std::fabs(d) + near.bend * d * d;
          CHECK(f.miss(x, d, near.value.mid, near.slope) <= bound * (1 + 1e-12));
        }
      }
    }
  }
}

// Together with the test above: a slope that were off by more than this would be found.
TEST_CASE("function table: slopes are known closely, next to kinks and steep places too") {
  for (const std::string function : {"relu", "silu", "gelu", "gelu_tanh", "quick_gelu", "sigmoid",
                                     "tanh", "softplus", "mish", "elu"}) {
    CAPTURE(function);
    const FunctionTable table = FunctionTable::make(function).value();
    for (const double x : places()) {
      const double reach = 1e-6;
      if (has_kink(function) && std::fabs(x) <= reach) continue;
      CAPTURE(x);
      const FunctionTable::Expansion near = table.expand(x, reach);
      CHECK(near.slope_error + near.bend * reach < 1e-5);
    }
  }
  const FunctionTable relu = FunctionTable::make("relu").value();
  for (const double x : {1e-8, 1e-7, 9e-7}) {  // the kink is within reach
    const FunctionTable::Expansion near = relu.expand(x, 1e-6);
    CHECK(near.slope == doctest::Approx(0.5));
    CHECK(near.slope_error == doctest::Approx(0.5));
    CHECK(near.bend == 0);
    const FunctionTable::Expansion left = relu.expand(-x, 1e-6);  // from 0 to 10^-6 - x
    CHECK(left.slope == 0);
    CHECK(left.slope_error == 0);
    CHECK(left.value.rad == doctest::Approx((1e-6 - x) / 2));
  }
  for (const double x : {2e-6, 1e-3, 0.05, 40.0}) {  // and here it is not
    CHECK(relu.expand(x, 1e-6).slope == 1);
    CHECK(relu.expand(-x, 1e-6).slope == 0);
    CHECK(relu.expand(x, 1e-6).slope_error < 1e-15);
  }
  const FunctionTable steep = FunctionTable::make("silu:k=1048576").value();
  CHECK(steep.expand(0.01, 1e-5).slope_error < 1e-9);
  const FunctionTable::Expansion middle = steep.expand(0.0, 1e-5);  // no slope is known, but f is
  CHECK(middle.slope == 0);
  CHECK(middle.value.rad < 1.1e-5);
}

TEST_CASE("function table: of nothing, nothing is known") {
  const FunctionTable table = FunctionTable::make("gelu").value();
  CHECK(std::isinf(table.expand(0, 1.5).slope_error));
  CHECK(std::isinf(table.expand(0, INFINITY).slope_error));
  CHECK(std::isinf(table.expand(INFINITY, 0.1).slope_error));
  CHECK(std::isinf(table.expand(INFINITY, 0.1).value.rad));
}
