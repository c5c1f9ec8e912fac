#include "series.hpp"

#include <algorithm>

#include "attncert/interval/accumulator.hpp"
#include "attncert/interval/functions.hpp"

namespace attncert::series {
namespace {

// sum of x[i] y[k - i] over first <= i <= last, inside what both series store
Interval convolve(const Series& x, const Series& y, unsigned k, unsigned first, unsigned last,
                  Precision precision) {
  ProductSum sum(precision);
  const unsigned low = y.size() > k ? first : std::max(first, k - unsigned(y.size()) + 1);
  const unsigned high = std::min(last, unsigned(x.size()) - 1);
  for (unsigned i = low; i <= high && i <= k; ++i) sum.add(x[i], y[k - i]);
  return sum.value();
}

unsigned product_length(const Series& a, const Series& b, const Setting& setting) {
  return std::min(setting.order + 1, unsigned(a.size() + b.size()) - 1);
}

// c with c' = a' w: c[k] = (1/k) sum over i = 1..k of i a[i] w[k - i]. `scaled` holds i a[i].
Interval integrate(const Series& scaled, const Series& w, unsigned k, const Setting& setting) {
  return convolve(scaled, w, k, 1, k, setting.precision) / integer(k, setting.precision);
}

Series scaled_by_index(const Series& a, Precision precision) {
  Series result = a;
  for (unsigned i = 0; i < a.size(); ++i) result[i] = a[i] * integer(i, precision);
  return result;
}

}  // namespace

Series add(const Series& a, const Series& b, const Setting& /*setting*/) {
  Series result = a.size() >= b.size() ? a : b;
  for (unsigned k = 0; k < std::min(a.size(), b.size()); ++k) result[k] = a[k] + b[k];
  return result;
}

Series negate(const Series& a) {
  Series result = a;
  for (Interval& c : result) c = -c;
  return result;
}

Series sub(const Series& a, const Series& b, const Setting& setting) {
  return add(a, negate(b), setting);
}

Series multiply(const Series& a, const Series& b, const Setting& setting) {
  Series result;
  for (unsigned k = 0; k < product_length(a, b, setting); ++k) {
    result.push_back(convolve(a, b, k, 0, k, setting.precision));
  }
  return result;
}

Series divide(const Series& a, const Series& b, const Setting& setting) {
  Series result;
  const unsigned length = b.size() == 1 ? unsigned(a.size()) : setting.order + 1;
  for (unsigned k = 0; k < length; ++k) {
    Interval above = k < a.size() ? a[k] : integer(0, setting.precision);
    if (k > 0) above = above - convolve(result, b, k, 0, k - 1, setting.precision);
    result.push_back(above / b[0]);
  }
  return result;
}

Series exponential(const Series& a, const Setting& setting) {
  const Series scaled = scaled_by_index(a, setting.precision);
  Series result{exp(a[0], setting.precision)};
  if (a.size() == 1) return result;
  for (unsigned k = 1; k <= setting.order; ++k) {
    result.push_back(integrate(scaled, result, k, setting));
  }
  return result;
}

Series logarithm(const Series& a, const Setting& setting) {
  Series result{log(a[0], setting.precision)};
  Series scaled{integer(0, setting.precision)};  // k result[k]
  if (a.size() == 1) return result;
  for (unsigned k = 1; k <= setting.order; ++k) {
    const Interval index = integer(k, setting.precision);
    const Interval own = k < a.size() ? a[k] * index : integer(0, setting.precision);
    scaled.push_back((own - convolve(scaled, a, k, 1, k - 1, setting.precision)) / a[0]);
    result.push_back(scaled[k] / index);
  }
  return result;
}

Series square_root(const Series& a, const Setting& setting) {
  Series result{sqrt(a[0], setting.precision)};
  if (a.size() == 1) return result;
  const Interval twice = result[0] + result[0];
  for (unsigned k = 1; k <= setting.order; ++k) {
    const Interval own = k < a.size() ? a[k] : integer(0, setting.precision);
    const Interval inner = k < 2 ? integer(0, setting.precision)
                                 : convolve(result, result, k, 1, k - 1, setting.precision);
    result.push_back((own - inner) / twice);
  }
  return result;
}

Series hyperbolic_tangent(const Series& a, const Setting& setting) {
  const Series scaled = scaled_by_index(a, setting.precision);
  const Interval one = integer(1, setting.precision);
  Series result{tanh(a[0], setting.precision)};
  if (a.size() == 1) return result;
  // w = 1 - tanh^2; its constant term as (1 - t)(1 + t), tight for t near +-1
  Series slope{(one - result[0]) * (one + result[0])};
  for (unsigned k = 1; k <= setting.order; ++k) {
    result.push_back(integrate(scaled, slope, k, setting));
    slope.push_back(-convolve(result, result, k, 0, k, setting.precision));
  }
  return result;
}

Series error_function(const Series& a, bool complementary, const Setting& setting) {
  const Precision precision = setting.precision;
  Series result{complementary ? erfc(a[0], precision) : erf(a[0], precision)};
  if (a.size() == 1) return result;
  const Interval factor =
      integer(complementary ? -2 : 2, precision) / sqrt(pi(precision), precision);
  const Setting lower{setting.order - 1, precision};
  Series square = multiply(a, a, lower);
  square[0] = pow(a[0], 2, precision);
  const Series density = multiply({factor}, exponential(negate(square), lower), lower);
  const Series scaled = scaled_by_index(a, precision);
  for (unsigned k = 1; k <= setting.order; ++k) {
    result.push_back(integrate(scaled, density, k, setting));
  }
  return result;
}

Series power(const Series& a, long n, const Setting& setting) {
  Series result{integer(1, setting.precision)};
  Series square = a;
  for (long left = std::abs(n); left > 0; left /= 2) {
    if (left % 2 != 0) result = multiply(result, square, setting);
    if (left > 1) square = multiply(square, square, setting);
  }
  if (n < 0) result = divide({integer(1, setting.precision)}, result, setting);
  result[0] = pow(a[0], n, setting.precision);
  return result;
}

}  // namespace attncert::series
