// The recurrences of Taylor arithmetic, operation by operation (private to the module).
#pragma once

#include "attncert/expression/taylor.hpp"

namespace attncert::series {

/// What every recurrence needs: results have order + 1 coefficients at most.
struct Setting {
  unsigned order;
  Precision precision;
};

Series add(const Series& a, const Series& b, const Setting& setting);
Series sub(const Series& a, const Series& b, const Setting& setting);
Series negate(const Series& a);
Series multiply(const Series& a, const Series& b, const Setting& setting);
/// Requires 0 not in b[0].
Series divide(const Series& a, const Series& b, const Setting& setting);
Series exponential(const Series& a, const Setting& setting);
/// Requires a[0] > 0.
Series logarithm(const Series& a, const Setting& setting);
/// Requires a[0] > 0, or order 0 and a[0] >= 0.
Series square_root(const Series& a, const Setting& setting);
Series hyperbolic_tangent(const Series& a, const Setting& setting);
/// erf (sign 1) or erfc (sign -1).
Series error_function(const Series& a, bool complementary, const Setting& setting);
/// Requires 0 not in a[0] when n < 0.
Series power(const Series& a, long n, const Setting& setting);

}  // namespace attncert::series
