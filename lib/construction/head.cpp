#include "attncert/construction/head.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/core/rational.hpp"

namespace attncert {
namespace {

std::string shape_of(const Matrix& m) {
  return "(" + std::to_string(m.rows) + ", " + std::to_string(m.columns) + ")";
}

Error wrong_shape(const std::string& name, const Matrix& m, const std::string& needed) {
  return fail(ErrorCode::TensorShape,
              name + " has shape " + shape_of(m) + " where " + needed + " is needed");
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result(a.rows, b.columns);
  for (long i = 0; i < a.rows; ++i) {
    for (long k = 0; k < a.columns; ++k) {
      for (long j = 0; j < b.columns; ++j) result.at(i, j) += a.at(i, k) * b.at(k, j);
    }
  }
  return result;
}

// "1", or "rsqrt(n)".
Result<double> approx_scale(const std::string& text) {
  constexpr std::string_view prefix = "rsqrt(";
  if (text == "1") return 1.0;
  if (!text.starts_with(prefix) || !text.ends_with(')')) {
    return fail(ErrorCode::NetworkField, "scale '" + text + "' is neither \"1\" nor \"rsqrt(n)\"");
  }
  ATTNCERT_TRY(const Rational n, parse_rational(std::string_view(text).substr(
                                     prefix.size(), text.size() - prefix.size() - 1)));
  if (n <= 0) return fail(ErrorCode::NetworkField, "scale '" + text + "' needs a positive number");
  return 1 / std::sqrt(static_cast<double>(n));
}

// The weights of one row, softmax over the rows it may attend to; shifted by the largest score.
Result<std::vector<double>> attention_row(const std::vector<double>& scores, long row,
                                          const HeadMask& mask, const StreamShape& shape) {
  double greatest = -INFINITY;
  for (long j = 0; j < shape.rows(); ++j) {
    if (mask.allows(row, j, shape)) {
      greatest = std::max(greatest, scores[static_cast<std::size_t>(j)]);
    }
  }
  if (greatest == -INFINITY) {
    return fail(ErrorCode::MaskRowEmpty, "row " + std::to_string(row) + " may attend to nothing");
  }
  std::vector<double> weights(scores.size(), 0.0);
  double sum = 0;
  for (long j = 0; j < shape.rows(); ++j) {
    if (!mask.allows(row, j, shape)) continue;
    const auto at = static_cast<std::size_t>(j);
    sum += weights[at] = std::exp(scores[at] - greatest);
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

Matrix augmented(const Matrix& x, long bias_tokens) {
  const StreamShape shape{x.rows, x.columns, bias_tokens};
  Matrix rows(shape.rows(), shape.columns());
  for (long i = 0; i < x.rows; ++i) {
    std::copy(x.row(i).begin(), x.row(i).end(), rows.row(i).begin());
    rows.at(i, x.columns) = 1;
  }
  for (long k = 0; k < bias_tokens; ++k) rows.at(x.rows + k, x.columns + 1 + k) = 1;
  return rows;
}

bool HeadMask::allows(long i, long j, const StreamShape& shape) const {
  if (everything) return true;
  if (i >= shape.tokens) return i == j;
  return j >= shape.tokens ? j - shape.tokens < bias_tokens : tokens.allows(i, j);
}

Status check_shapes(const Head& head, const StreamShape& shape) {
  const std::string columns = std::to_string(shape.columns());
  const auto to_stream = [&](const Matrix& m) {
    return "(" + columns + ", " + std::to_string(m.columns) + ")";
  };
  if (head.query.rows != shape.columns()) {
    return wrong_shape("W_Q", head.query, to_stream(head.query));
  }
  if (head.key.rows != shape.columns() || head.key.columns != head.query.columns) {
    return wrong_shape("W_K", head.key, to_stream(head.query));
  }
  if (head.value.rows != shape.columns()) {
    return wrong_shape("W_V", head.value, to_stream(head.value));
  }
  if (head.output.rows != head.value.columns || head.output.columns != shape.columns()) {
    return wrong_shape("W_O", head.output,
                       "(" + std::to_string(head.value.columns) + ", " + columns + ")");
  }
  return ok();
}

Result<Matrix> approx_output(const Head& head, const Matrix& rows, const StreamShape& shape) {
  ATTNCERT_CHECK(check_shapes(head, shape));
  if (rows.rows != shape.rows() || rows.columns != shape.columns()) {
    return wrong_shape(
        "the stream", rows,
        "(" + std::to_string(shape.rows()) + ", " + std::to_string(shape.columns()) + ")");
  }
  ATTNCERT_TRY(const double scale, approx_scale(head.scale));
  const Matrix queries = product(rows, head.query);
  const Matrix keys = product(rows, head.key);
  const Matrix written = product(product(rows, head.value), head.output);
  Matrix result(shape.rows(), shape.columns());
  std::vector<double> scores(static_cast<std::size_t>(shape.rows()));
  for (long i = 0; i < shape.rows(); ++i) {
    for (long j = 0; j < shape.rows(); ++j) {
      double score = 0;
      for (long r = 0; r < queries.columns; ++r) score += queries.at(i, r) * keys.at(j, r);
      scores[static_cast<std::size_t>(j)] = scale * score;
    }
    ATTNCERT_TRY(const std::vector<double> weights, attention_row(scores, i, head.mask, shape));
    for (long j = 0; j < shape.rows(); ++j) {
      for (long c = 0; c < shape.columns(); ++c) {
        result.at(i, c) += weights[static_cast<std::size_t>(j)] * written.at(j, c);
      }
    }
  }
  return result;
}

}  // namespace attncert
