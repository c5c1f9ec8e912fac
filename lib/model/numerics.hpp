// Plain fp64 pieces of the reference evaluation (private to the module).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "attncert/kernel/weights.hpp"

namespace attncert {

/// BLAS on this thread alone: results do not depend on the number of cores.
void use_one_blas_thread();

/// A block of a matrix: some of its columns, all of its rows.
struct Columns {
  const Matrix& matrix;
  long first;
  long count;
};

/// a b^T.
Matrix times_transposed(const Columns& a, const Columns& b);
Matrix times_transposed(const Matrix& a, const Matrix& b);
/// a b.
Matrix times(const Matrix& a, const Matrix& b);
/// Columns first .. first + b.count - 1 of `result` = a b.
void times_into(const Matrix& a, const Columns& b, Matrix& result, long first);

/// Every row of x mapped.
Matrix apply(const Affine& map, const Matrix& x);

void add_to(Matrix& x, const Matrix& y);
void add_to_rows(Matrix& x, const std::vector<double>& row);

/// A norm with its weights.
struct ReferenceNorm {
  std::string kind;
  double epsilon = 0;
  NormWeights weights;

  static Result<ReferenceNorm> make(const Model& model, const Norm& norm);
  Matrix apply(Matrix x) const;
};

/// In place, with the maximum subtracted.
void softmax(std::span<double> scores);

/// "1" or "rsqrt(n)" as a number.
Result<double> score_scale(const std::string& text);

/// A function by its canonical text, in double.
Result<std::function<double(double)>> activation_function(const std::string& text);

}  // namespace attncert
