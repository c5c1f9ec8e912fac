// Attention in fp64, of original models and of token heads (private to the module).
#pragma once

#include "numerics.hpp"

namespace attncert {

/// Softmax attention of all heads, before the output map.
/// Shapes   query: (n, n_head d_head); key, value: (n, n_kv_head d_head); result like query;
///          raise, added to all scores: (n, n)
class ReferenceAttention {
public:
  static Result<ReferenceAttention> make(const HeadShape& shape);
  Matrix mix(Matrix query, Matrix key, const Matrix& value, const Matrix* raise = nullptr) const;

private:
  void rotate(Matrix& x) const;
  void weigh(Matrix& scores, const Matrix* raise) const;

  HeadShape shape_;
  double scale_ = 1;
};

}  // namespace attncert
