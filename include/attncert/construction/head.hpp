// Single attention heads with explicit matrices: what the constructions say, before any storage.
#pragma once

#include "attncert/core/result.hpp"
#include "attncert/statement/mask.hpp"
#include "attncert/tensor/matrix.hpp"

namespace attncert {

/// The augmented stream: `tokens` rows [x, 1, 0], then row k of the bias tokens [0, 0, e_k]; the
/// columns are d_model, `ones`, and one coordinate `bias` for each bias token.
struct StreamShape {
  long tokens = 0;
  long d_model = 0;
  long bias_tokens = 1;

  long rows() const { return tokens + bias_tokens; }
  long columns() const { return d_model + 1 + bias_tokens; }
  bool operator==(const StreamShape&) const = default;
};

/// x, (tokens, d_model), as rows of the augmented stream.
Matrix augmented(const Matrix& x, long bias_tokens);

/// Which rows a row attends to: real tokens each other, by a pattern, and the first few bias
/// tokens; a bias token itself alone. `everything` lifts all of that.
struct HeadMask {
  MaskPattern tokens;
  long bias_tokens = 0;
  bool everything = false;

  /// Row i may attend to row j.
  bool allows(long i, long j, const StreamShape& shape) const;
  bool operator==(const HeadMask&) const = default;
};

/// One masked attention head, factored: W_QK = scale W_Q W_K^T and W_OV = W_V W_O.
/// Maths    h(X) = msoftmax(scale (X W_Q) (X W_K)^T, mask) X W_V W_O
/// Shapes   query, key: (columns, internal dimension); value: (columns, r); output: (r, columns)
struct Head {
  Matrix query;
  Matrix key;
  Matrix value;
  Matrix output;
  std::string scale = "1";  // or "rsqrt(n)": an exact attribute, never folded into weights
  HeadMask mask;
};

/// The factors fit each other and the stream. Errors TensorShape, naming both shapes
Status check_shapes(const Head& head, const StreamShape& shape);

/// What a head writes, evaluated in fp64 without error bounds.
/// Shapes   rows and result: (shape.rows(), shape.columns())
/// Requires check_shapes; MaskRowEmpty where a row may attend to nothing
/// Status   approx
Result<Matrix> approx_output(const Head& head, const Matrix& rows, const StreamShape& shape);

}  // namespace attncert
