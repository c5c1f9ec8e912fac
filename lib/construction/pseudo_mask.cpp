// T6: masks written into weights.
#include <algorithm>
#include <cmath>

#include "attncert/construction/heads.hpp"
#include "attncert/core/rational.hpp"

namespace attncert {
namespace {

// m, with `extra` rows and columns of zeros appended.
Matrix padded(const Matrix& m, long extra_rows, long extra_columns) {
  Matrix result(m.rows + extra_rows, m.columns + extra_columns);
  for (long i = 0; i < m.rows; ++i) {
    std::copy(m.row(i).begin(), m.row(i).end(), result.row(i).begin());
  }
  return result;
}

// omega divided by the head's scale: not below the exact quotient.
Result<double> unscaled(double omega, const std::string& scale) {
  constexpr std::string_view prefix = "rsqrt(";
  if (scale == "1") return omega;
  if (!scale.starts_with(prefix) || !scale.ends_with(')')) {
    return fail(ErrorCode::NetworkField, "scale '" + scale + "' is neither \"1\" nor \"rsqrt(n)\"");
  }
  ATTNCERT_TRY(const Rational n, parse_rational(std::string_view(scale).substr(
                                     prefix.size(), scale.size() - prefix.size() - 1)));
  double block = omega * std::sqrt(static_cast<double>(n));
  while (Rational(block) * Rational(block) < Rational(omega) * Rational(omega) * n) {
    block = std::nextafter(block, INFINITY);
  }
  return block;
}

}  // namespace

Result<Head> pseudo_mask(const Head& head, const StreamShape& shape, double omega,
                         MaskEncoding encoding) {
  ATTNCERT_CHECK(check_shapes(head, shape));
  if (!(omega >= 0) || !std::isfinite(omega)) {
    return fail(ErrorCode::NumberSyntax, "omega must be a number that is not negative");
  }
  ATTNCERT_TRY(const double block, unscaled(omega, head.scale));
  const long n = shape.rows();
  const long inner = head.query.columns;
  Head result;
  result.query = padded(head.query, n, n);
  result.key = padded(head.key, n, n);
  result.value = padded(head.value, n, 0);
  result.output = padded(head.output, 0, n);
  result.scale = head.scale;
  result.mask.everything = true;
  for (long i = 0; i < n; ++i) {
    result.key.at(shape.columns() + i, inner + i) = 1;
    bool any = false;
    for (long j = 0; j < n; ++j) {
      const bool allowed = head.mask.allows(i, j, shape);
      any = any || allowed;
      double& entry = result.query.at(shape.columns() + i, inner + j);
      if (encoding == MaskEncoding::add_to_allowed && allowed) entry = block;
      if (encoding == MaskEncoding::subtract_from_masked && !allowed) entry = -block;
    }
    if (any) continue;
    return fail(ErrorCode::MaskRowEmpty,
                "row " + std::to_string(i) + " may attend to nothing: no weights mean that");
  }
  return result;
}

Matrix with_positions(const Matrix& rows) {
  Matrix result = padded(rows, 0, rows.rows);
  for (long i = 0; i < rows.rows; ++i) result.at(i, rows.columns + i) = 1;
  return result;
}

StreamShape with_positions(const StreamShape& shape) {
  return {shape.rows(), shape.columns() + shape.rows() - 1, 0};
}

}  // namespace attncert
