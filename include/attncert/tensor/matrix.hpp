// Dense matrices of fp64 numbers.
#pragma once

#include <span>
#include <vector>

namespace attncert {

/// A dense row-major matrix.
struct Matrix {
  long rows = 0;
  long columns = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(long row_count, long column_count)
      : rows(row_count),
        columns(column_count),
        values(static_cast<std::size_t>(row_count * column_count)) {}

  double& at(long i, long j) { return values[static_cast<std::size_t>(i * columns + j)]; }
  double at(long i, long j) const { return values[static_cast<std::size_t>(i * columns + j)]; }
  std::span<double> row(long i) {
    return std::span(values).subspan(static_cast<std::size_t>(i * columns),
                                     static_cast<std::size_t>(columns));
  }
  std::span<const double> row(long i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * columns),
                                     static_cast<std::size_t>(columns));
  }
};

}  // namespace attncert
