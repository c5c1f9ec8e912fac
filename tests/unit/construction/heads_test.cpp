#include "attncert/construction/heads.hpp"

#include <cmath>
#include <random>

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr long kWidth = 3;
constexpr double kRounding = 1e-13;

class Numbers {
public:
  explicit Numbers(unsigned seed) : engine_(seed) {}
  double next() { return distribution_(engine_); }
  std::vector<double> vector(long size) {
    std::vector<double> result;
    for (long i = 0; i < size; ++i) result.push_back(next());
    return result;
  }
  Matrix matrix(long rows, long columns) {
    Matrix result(rows, columns);
    for (double& value : result.values) value = next();
    return result;
  }
  AffineForm form() { return {vector(kWidth), next()}; }

private:
  std::mt19937 engine_;
  std::uniform_real_distribution<double> distribution_{-2, 2};
};

double at(const AffineForm& z, std::span<const double> x) {
  double sum = z.c;
  for (std::size_t i = 0; i < x.size(); ++i) sum += z.w[i] * x[i];
  return sum;
}

double silu(double x) { return x / (1 + std::exp(-x)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// What all heads together write.
Matrix written(const std::vector<Head>& heads, const Matrix& rows, const StreamShape& shape) {
  Matrix sum(shape.rows(), shape.columns());
  for (const Head& head : heads) {
    const Matrix part = approx_output(head, rows, shape).value();
    for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += part.values[i];
  }
  return sum;
}

// Real rows are `expected(x)`, and neither `ones`, `bias` nor the bias tokens' rows change.
template <class Expected>
void check_written(const std::vector<Head>& heads, const Matrix& x, long bias_tokens,
                   Expected expected) {
  const StreamShape shape{x.rows, x.columns, bias_tokens};
  const Matrix result = written(heads, augmented(x, bias_tokens), shape);
  for (long i = 0; i < shape.rows(); ++i) {
    const bool real = i < x.rows;
    const std::vector<double> wanted = real ? expected(x.row(i)) : std::vector<double>(kWidth, 0.0);
    for (long c = 0; c < shape.columns(); ++c) {
      const double target = c < kWidth ? wanted[static_cast<std::size_t>(c)] : 0.0;
      if (real && c < kWidth) {
        CHECK(result.at(i, c) == doctest::Approx(target).epsilon(kRounding));
      } else {
        CHECK(result.at(i, c) == 0.0);
      }
    }
  }
}

std::vector<double> scaled(const std::vector<double>& v, double factor) {
  std::vector<double> result(v);
  for (double& value : result) value *= factor;
  return result;
}

}  // namespace

TEST_CASE("heads: T1, a SiLU neuron is one head of internal dimension 1") {
  Numbers numbers(1);
  for (const auto& factors : {std::pair{1.0, 1.0}, {0.5, 2.0}, {-3.0, 0.25}}) {
    const double a = factors.first;
    const double b = factors.second;
    const AffineForm z = numbers.form();
    const std::vector<double> v = numbers.vector(kWidth);
    const Head head = silu_neuron(z, v, a, b).value();
    CHECK(head.query.columns == 1);
    CHECK(head.value.columns == 1);
    check_written({head}, numbers.matrix(5, kWidth), 1,
                  [&](std::span<const double> x) { return scaled(v, a * silu(b * at(z, x))); });
  }
}

TEST_CASE("heads: T2, an MLP layer is a sum of heads") {
  Numbers numbers(2);
  const Matrix in = numbers.matrix(4, kWidth);
  const Matrix out = numbers.matrix(4, kWidth);
  const std::vector<double> c = numbers.vector(4);
  const std::vector<double> bias = numbers.vector(kWidth);
  const std::vector<Head> heads = mlp(in, c, out, bias, 0.5, 2).value();
  CHECK(heads.size() == 5);
  check_written(heads, numbers.matrix(4, kWidth), 1, [&](std::span<const double> x) {
    std::vector<double> result = bias;
    for (long j = 0; j < 4; ++j) {
      const AffineForm z{{in.row(j).begin(), in.row(j).end()}, c[static_cast<std::size_t>(j)]};
      for (long k = 0; k < kWidth; ++k) {
        result[static_cast<std::size_t>(k)] += 0.5 * silu(2 * at(z, x)) * out.at(j, k);
      }
    }
    return result;
  });
}

TEST_CASE("heads: T4 and T5, linear maps and activations apart") {
  Numbers numbers(3);
  const Matrix m = numbers.matrix(kWidth, kWidth);
  const std::vector<double> bias = numbers.vector(kWidth);
  check_written(
      {linear(m, bias).value()}, numbers.matrix(4, kWidth), 1, [&](std::span<const double> x) {
        std::vector<double> result = bias;
        for (long k = 0; k < kWidth; ++k) {
          for (long i = 0; i < kWidth; ++i) {
            result[static_cast<std::size_t>(k)] += x[static_cast<std::size_t>(i)] * m.at(i, k);
          }
        }
        return result;
      });
  std::vector<Head> every;
  for (long j = 0; j < kWidth; ++j) every.push_back(activation(kWidth, j, 0.25, 4).value());
  check_written(every, numbers.matrix(4, kWidth), 1, [&](std::span<const double> x) {
    std::vector<double> result;
    for (const double value : x) result.push_back(0.25 * silu(4 * value));
    return result;
  });
}

TEST_CASE("heads: B1, GLU and Mish neurons") {
  Numbers numbers(4);
  const AffineForm g = numbers.form();
  const AffineForm p = numbers.form();
  const std::vector<double> v = numbers.vector(kWidth);
  check_written({glu_neuron(g, p, v).value()}, numbers.matrix(5, kWidth), 1,
                [&](std::span<const double> x) { return scaled(v, sigmoid(at(g, x)) * at(p, x)); });
  const std::vector<Head> mish = mish_neuron(g, v).value();
  CHECK(mish.size() == 2);
  check_written(mish, numbers.matrix(5, kWidth), 2, [&](std::span<const double> x) {
    const double z = at(g, x);
    return scaled(v, z * std::tanh(std::log1p(std::exp(z))));
  });
}

TEST_CASE("heads: T6, masks in weights leak what the theorem says") {
  Numbers numbers(5);
  const StreamShape shape{6, kWidth, 0};
  Head head{numbers.matrix(4, 2), numbers.matrix(4, 2), numbers.matrix(4, 2),
            numbers.matrix(2, 4), "rsqrt(2)",           {{MaskPattern::Kind::causal, 0, {}}, 0}};
  const Matrix rows = augmented(numbers.matrix(6, kWidth), 0);
  const Matrix masked = approx_output(head, rows, shape).value();
  double before = INFINITY;
  for (const double omega : {10.0, 20.0, 30.0, 80.0}) {
    for (const MaskEncoding encoding :
         {MaskEncoding::add_to_allowed, MaskEncoding::subtract_from_masked}) {
      const Head plain = pseudo_mask(head, shape, omega, encoding).value();
      const StreamShape wide = with_positions(shape);
      const Matrix result = approx_output(plain, with_positions(rows), wide).value();
      double greatest = 0;
      for (long i = 0; i < shape.tokens; ++i) {
        for (long c = 0; c < wide.columns(); ++c) {
          const double wanted = c < shape.columns() ? masked.at(i, c) : 0.0;
          greatest = std::max(greatest, std::fabs(result.at(i, c) - wanted));
        }
      }
      CHECK(greatest <= before + kRounding);
      CHECK((omega > 70 || greatest > 0));
      if (omega > 70) CHECK(greatest < kRounding);
      if (encoding == MaskEncoding::subtract_from_masked) before = greatest;
    }
  }
}

TEST_CASE("heads: what does not fit is refused, with both shapes") {
  const std::string shape_error = name(ErrorCode::TensorShape);
  CHECK(outcome(silu_neuron({{1, 2}, 0}, {1, 2, 3}, 1, 1)) == shape_error);
  CHECK(outcome(glu_neuron({{1, 2}, 0}, {{1, 2, 3}, 0}, {1, 2})) == shape_error);
  CHECK(outcome(linear(Matrix(2, 3), {1, 2})) == shape_error);
  CHECK(outcome(linear(Matrix(2, 2), {1, 2, 3})) == shape_error);
  CHECK(outcome(activation(3, 3, 1, 1)) == shape_error);
  CHECK(outcome(activation(3, -1, 1, 1)) == shape_error);
  CHECK(outcome(mlp(Matrix(2, 3), {1, 2}, Matrix(3, 2), {1, 2, 3}, 1, 1)) == shape_error);
  CHECK(outcome(mlp(Matrix(2, 3), {1, 2, 3}, Matrix(2, 3), {1, 2, 3}, 1, 1)) == shape_error);
  const Gates two{{"1", {{"1", "0"}, {"2", "0"}}}};
  CHECK(outcome(gated_neuron({{1}, 0}, {{1}, 0}, {1}, two, 1)) == shape_error);
  CHECK(outcome(gated_neuron({{1}, 0}, {{1}, 0}, {1}, {{"1", {{"0.1", "0"}}}}, 1)) ==
        name(ErrorCode::GatesSyntax));
  const auto refused = linear(Matrix(2, 3), {1, 2});
  CHECK(refused.error().message.find("(2, 3)") != std::string::npos);

  const Head good = silu_neuron({{1, 2}, 0}, {1, 2}, 1, 1).value();
  CHECK(outcome(check_shapes(good, {4, 2, 1})) == "ok");
  for (const StreamShape& shape : {StreamShape{4, 3, 1}, StreamShape{4, 2, 2}}) {
    CHECK(outcome(check_shapes(good, shape)) == shape_error);
    CHECK(outcome(approx_output(good, Matrix(shape.rows(), shape.columns()), shape)) ==
          shape_error);
  }
  CHECK(outcome(approx_output(good, Matrix(5, 5), {4, 2, 1})) == shape_error);
  Head scaled_head = good;
  scaled_head.scale = "0.5";
  CHECK(outcome(approx_output(scaled_head, Matrix(5, 4), {4, 2, 1})) ==
        name(ErrorCode::NetworkField));
  Head empty = good;
  empty.mask = {{MaskPattern::Kind::rows, 0, {"8", "0"}}, 0};
  CHECK(outcome(approx_output(empty, augmented(Matrix(2, 2), 1), {2, 2, 1})) ==
        name(ErrorCode::MaskRowEmpty));
  CHECK(outcome(pseudo_mask(empty, {2, 2, 1}, 1, MaskEncoding::add_to_allowed)) ==
        name(ErrorCode::MaskRowEmpty));
  CHECK(outcome(pseudo_mask(good, {2, 2, 1}, -1, MaskEncoding::add_to_allowed)) ==
        name(ErrorCode::NumberSyntax));
}
