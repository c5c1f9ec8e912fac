#include "numerics.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "attncert/expression/zoo.hpp"
#include "attncert/model/approximate.hpp"

namespace attncert {
namespace {

void normalise(std::span<double> x, const std::string& kind, double epsilon) {
  const auto size = static_cast<double>(x.size());
  const double mean = kind == "rms-norm" ? 0.0 : std::accumulate(x.begin(), x.end(), 0.0) / size;
  double square = 0;
  for (double& value : x) {
    value -= mean;
    square += value * value;
  }
  if (kind == "mean-norm") return;
  const double factor = 1 / std::sqrt(square / size + epsilon);
  for (double& value : x) value *= factor;
}

int narrow(long size) { return static_cast<int>(size); }

}  // namespace

void use_one_blas_thread() { openblas_set_num_threads(1); }

Matrix times_transposed(const Columns& a, const Columns& b) {
  Matrix result(a.matrix.rows, b.matrix.rows);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, narrow(result.rows), narrow(result.columns),
              narrow(a.count), 1.0, a.matrix.values.data() + a.first, narrow(a.matrix.columns),
              b.matrix.values.data() + b.first, narrow(b.matrix.columns), 0.0, result.values.data(),
              narrow(result.columns));
  return result;
}

Matrix times_transposed(const Matrix& a, const Matrix& b) {
  return times_transposed(Columns{a, 0, a.columns}, Columns{b, 0, b.columns});
}

void times_into(const Matrix& a, const Columns& b, Matrix& result, long first) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, narrow(a.rows), narrow(b.count),
              narrow(a.columns), 1.0, a.values.data(), narrow(a.columns),
              b.matrix.values.data() + b.first, narrow(b.matrix.columns), 0.0,
              result.values.data() + first, narrow(result.columns));
}

Matrix times(const Matrix& a, const Matrix& b) {
  Matrix result(a.rows, b.columns);
  times_into(a, Columns{b, 0, b.columns}, result, 0);
  return result;
}

Matrix apply(const Affine& map, const Matrix& x) {
  Matrix y = times_transposed(x, map.weight);
  add_to_rows(y, map.bias);
  return y;
}

void add_to(Matrix& x, const Matrix& y) {
  std::transform(x.values.begin(), x.values.end(), y.values.begin(), x.values.begin(),
                 std::plus<>());
}

void add_to_rows(Matrix& x, const std::vector<double>& row) {
  for (long i = 0; i < x.rows; ++i) {
    std::transform(row.begin(), row.end(), x.row(i).begin(), x.row(i).begin(), std::plus<>());
  }
}

Result<ReferenceNorm> ReferenceNorm::make(const Model& model, const Norm& norm) {
  ReferenceNorm result{norm.kind, static_cast<double>(norm.epsilon), {}};
  ATTNCERT_TRY(result.weights, norm_weights(model, norm));
  return result;
}

Matrix ReferenceNorm::apply(Matrix x) const {
  for (long i = 0; i < x.rows; ++i) {
    const auto row = x.row(i);
    if (kind != "none") normalise(row, kind, epsilon);
    for (std::size_t k = 0; k < row.size(); ++k) {
      row[k] = row[k] * weights.gain[k] + weights.shift[k];
    }
  }
  return x;
}

void softmax(std::span<double> scores) {
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - greatest);
  for (double& score : scores) score /= sum;
}

Result<double> score_scale(const std::string& text) {
  if (text == "1") return 1.0;
  constexpr std::string_view prefix = "rsqrt(";
  if (text.starts_with(prefix) && text.ends_with(")")) {
    ATTNCERT_TRY(const Rational n, parse_rational(std::string_view(text).substr(
                                       prefix.size(), text.size() - prefix.size() - 1)));
    if (n > 0) return 1 / std::sqrt(static_cast<double>(n));
  }
  return fail(ErrorCode::NetworkField, "scale '" + text.substr(0, 40) + "' is not 1 or rsqrt(n)");
}

Result<std::function<double(double)>> activation_function(const std::string& text) {
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(text, builder));
  auto evaluator = std::make_shared<ApproxEvaluator>(builder.program(), root);
  return std::function<double(double)>([evaluator](double x) { return (*evaluator)(x); });
}

}  // namespace attncert
