// This project's intervals under test.
#include "attncert/interval/functions.hpp"
#include "attncert/interval/interval.hpp"
#include "library.hpp"

namespace attncert::conformance {
namespace {

// Infinite bounds are the library's own numbers, as everywhere else in the project.
Real exact(double x) {
  if (std::isinf(x)) return x > 0 ? NanChecking::pos_inf() : NanChecking::neg_inf();
  Real result;
  mpfr_set_prec(result.backend().data(), kBits);
  mpfr_set_d(result.backend().data(), x, MPFR_RNDN);
  return result;
}

double rounded(const Real& x, mpfr_rnd_t rounding) {
  return mpfr_get_d(x.backend().data(), rounding);
}

struct Adapter {
  using Set = Interval;
  static Set enclose(const Bounds& x) { return {exact(x.lower), exact(x.upper)}; }
  static Bounds outward(const Set& x) {
    return {rounded(x.lower(), MPFR_RNDD), rounded(x.upper(), MPFR_RNDU)};
  }
};

template <Interval (*f)(const Interval&, Precision)>
Interval at_53_bits(const Interval& x) {
  return f(x, kBits);
}

Interval power(const Interval& x, long n) { return pow(x, n, kBits); }
Interval square(const Interval& x) { return pow(x, 2, kBits); }
Interval reciprocal(const Interval& x) { return integer(1, kBits) / x; }

double infimum(const Interval& x) { return rounded(x.lower(), MPFR_RNDD); }
double supremum(const Interval& x) { return rounded(x.upper(), MPFR_RNDU); }
double midpoint(const Interval& x) { return rounded(median(x), MPFR_RNDN); }
double diameter(const Interval& x) { return rounded(width(x), MPFR_RNDU); }
double magnitude(const Interval& x) { return rounded(norm(x), MPFR_RNDU); }

bool is_member(double x, const Interval& y) { return x == 0 ? contains_zero(y) : in(exact(x), y); }

template <class F>
Function function(F f) {
  return lift<Adapter>(+f);
}

using In = const Interval&;

}  // namespace

Library attncert_library() {
  // "No global default matters": a default of one digit would spoil any result that relied on it.
  Real::thread_default_precision(1);
  return {"attncert",
          {{"pos", function([](In x) { return +x; })},
           {"neg", function([](In x) { return -x; })},
           {"add", function([](In x, In y) { return x + y; })},
           {"sub", function([](In x, In y) { return x - y; })},
           {"mul", function([](In x, In y) { return x * y; })},
           {"div", function([](In x, In y) { return x / y; })},
           {"recip", function(reciprocal)},
           {"sqr", function(square)},
           {"sqrt", function(at_53_bits<attncert::sqrt>)},
           {"pown", function(power)},
           {"exp", function(at_53_bits<attncert::exp>)},
           {"log", function(at_53_bits<attncert::log>)},
           {"tanh", function(at_53_bits<attncert::tanh>)},
           {"abs", function([](In x) { return abs(x); })},
           {"min", function([](In x, In y) { return min(x, y); })},
           {"max", function([](In x, In y) { return max(x, y); })},
           {"convexHull", function(attncert::hull)},
           {"intersection", function([](In x, In y) { return intersect(x, y); })},
           {"inf", function(infimum)},
           {"sup", function(supremum)},
           {"mid", function(midpoint)},
           {"wid", function(diameter)},
           {"mag", function(magnitude)},
           {"equal", function([](In x, In y) { return equal(x, y); })},
           {"subset", function([](In x, In y) { return subset(x, y); })},
           {"disjoint", function([](In x, In y) { return !overlap(x, y); })},
           {"isMember", function(is_member)},
           {"isSingleton", function([](In x) { return singleton(x); })},
           {"isEmpty", function([](In x) { return empty(x); })},
           {"isCommonInterval", function(is_bounded)}}};
}

}  // namespace attncert::conformance
