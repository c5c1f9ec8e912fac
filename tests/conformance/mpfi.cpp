// MPFI, an independent interval library over the same MPFR.
#include <mpfi.h>

#include "library.hpp"

namespace attncert::conformance {
namespace {

class Set {
public:
  Set() { mpfi_init2(x_, kBits); }
  Set(const Set& other) : Set() { mpfi_set(x_, other.x_); }
  Set& operator=(const Set&) = delete;
  ~Set() { mpfi_clear(x_); }
  mpfi_ptr data() { return x_; }
  mpfi_srcptr data() const { return x_; }

private:
  mpfi_t x_;
};

struct Adapter {
  using Set = conformance::Set;
  static Set enclose(const Bounds& x) {
    Set result;
    mpfi_interv_d(result.data(), x.lower, x.upper);
    return result;
  }
  static Bounds outward(const Set& x) {
    return {mpfr_get_d(&x.data()->left, MPFR_RNDD), mpfr_get_d(&x.data()->right, MPFR_RNDU)};
  }
};

template <int (*f)(mpfi_ptr, mpfi_srcptr)>
Set unary(const Set& x) {
  Set result;
  f(result.data(), x.data());
  return result;
}

template <int (*f)(mpfi_ptr, mpfi_srcptr, mpfi_srcptr)>
Set binary(const Set& x, const Set& y) {
  Set result;
  f(result.data(), x.data(), y.data());
  return result;
}

template <int (*f)(mpfr_ptr, mpfi_srcptr), mpfr_rnd_t rounding>
double number(const Set& x) {
  mpfr_t y;
  mpfr_init2(y, kBits);
  f(y, x.data());
  const double result = mpfr_get_d(y, rounding);
  mpfr_clear(y);
  return result;
}

template <int (*f)(mpfi_srcptr)>
bool predicate(const Set& x) {
  return f(x.data()) != 0;
}

bool is_subset(const Set& x, const Set& y) { return mpfi_is_inside(x.data(), y.data()) > 0; }
bool is_member(double x, const Set& y) { return mpfi_is_inside_d(x, y.data()) > 0; }

template <class F>
Function function(F f) {
  return lift<Adapter>(+f);
}

}  // namespace

Library mpfi_library() {
  return {"MPFI",
          {{"pos", function(unary<mpfi_set>)},
           {"neg", function(unary<mpfi_neg>)},
           {"add", function(binary<mpfi_add>)},
           {"sub", function(binary<mpfi_sub>)},
           {"mul", function(binary<mpfi_mul>)},
           {"div", function(binary<mpfi_div>)},
           {"recip", function(unary<mpfi_inv>)},
           {"sqr", function(unary<mpfi_sqr>)},
           {"sqrt", function(unary<mpfi_sqrt>)},
           {"exp", function(unary<mpfi_exp>)},
           {"log", function(unary<mpfi_log>)},
           {"tanh", function(unary<mpfi_tanh>)},
           {"abs", function(unary<mpfi_abs>)},
           {"convexHull", function(binary<mpfi_union>)},
           {"intersection", function(binary<mpfi_intersect>)},
           {"inf", function(number<mpfi_get_left, MPFR_RNDD>)},
           {"sup", function(number<mpfi_get_right, MPFR_RNDU>)},
           {"mid", function(number<mpfi_mid, MPFR_RNDN>)},
           {"wid", function(number<mpfi_diam_abs, MPFR_RNDU>)},
           {"mag", function(number<mpfi_mag, MPFR_RNDU>)},
           {"subset", function(is_subset)},
           {"isMember", function(is_member)},
           {"isEmpty", function(predicate<mpfi_is_empty>)},
           {"isCommonInterval", function(predicate<mpfi_bounded_p>)}}};
}

}  // namespace attncert::conformance
