#include "reference_attention.hpp"

#include <cmath>

namespace attncert {

Result<ReferenceAttention> ReferenceAttention::make(const HeadShape& shape) {
  ReferenceAttention attention;
  attention.shape_ = shape;
  ATTNCERT_TRY(attention.scale_, score_scale(shape.scale));
  return attention;
}

// Turns every head's pairs of coordinates by angles that grow with the position.
void ReferenceAttention::rotate(Matrix& x) const {
  const long pairs = shape_.d_head / 2;
  const auto base = static_cast<double>(shape_.rotary->base);
  for (long p = 0; p < pairs; ++p) {
    const double frequency =
        std::pow(base, -2.0 * static_cast<double>(p) / static_cast<double>(shape_.d_head));
    const long first = shape_.rotary->interleaved ? 2 * p : p;
    const long second = shape_.rotary->interleaved ? 2 * p + 1 : p + pairs;
    for (long i = 0; i < x.rows; ++i) {
      const double angle = static_cast<double>(i) * frequency;
      const double cosine = std::cos(angle);
      const double sine = std::sin(angle);
      for (long head = 0; head < x.columns; head += shape_.d_head) {
        double& a = x.at(i, head + first);
        double& b = x.at(i, head + second);
        const double turned = a * cosine - b * sine;
        b = a * sine + b * cosine;
        a = turned;
      }
    }
  }
}

// Scores to softmax weights, row by row; what the mask hides gets weight 0.
void ReferenceAttention::weigh(Matrix& scores, const Matrix* raise) const {
  for (long i = 0; i < scores.rows; ++i) {
    const auto row = scores.row(i);
    const auto seen = static_cast<std::size_t>(shape_.mask == "causal" ? i + 1 : scores.columns);
    for (double& score : row) score *= scale_;
    for (std::size_t j = 0; raise != nullptr && j < row.size(); ++j) row[j] += raise->row(i)[j];
    softmax(row.first(seen));
    for (double& weight : row.subspan(seen)) weight = 0;
  }
}

Matrix ReferenceAttention::mix(Matrix query, Matrix key, const Matrix& value,
                               const Matrix* raise) const {
  if (shape_.rotary) {
    rotate(query);
    rotate(key);
  }
  const long d = shape_.d_head;
  Matrix mixed(query.rows, query.columns);
  for (long h = 0; h < shape_.n_head; ++h) {
    const long shared = h * shape_.n_kv_head / shape_.n_head;
    Matrix scores = times_transposed(Columns{query, h * d, d}, Columns{key, shared * d, d});
    weigh(scores, raise);
    times_into(scores, Columns{value, shared * d, d}, mixed, h * d);
  }
  return mixed;
}

}  // namespace attncert
