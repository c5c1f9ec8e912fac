// boost::numeric::interval<double> with the rounding of <cmath>, for comparison only: nothing in
// this project relies on it. Compiled with -O3 -frounding-math, as a careful user would.
#include <boost/numeric/interval.hpp>

#include "library.hpp"

namespace attncert::conformance {
namespace {

namespace policy = boost::numeric::interval_lib;

// The policies its manual gives for functions beyond arithmetic.
using Set = boost::numeric::interval<
    double, policy::policies<policy::save_state<policy::rounded_transc_std<double>>,
                             policy::checking_base<double>>>;

struct Adapter {
  using Set = conformance::Set;
  static Set enclose(const Bounds& x) { return {x.lower, x.upper}; }
  static Bounds outward(const Set& x) { return {x.lower(), x.upper()}; }
};

template <class F>
Function function(F f) {
  return lift<Adapter>(+f);
}

using In = const Set&;

}  // namespace

Library boost_double_library() {
  return {"Boost.Interval<double>",
          {{"pos", function([](In x) { return +x; })},
           {"neg", function([](In x) { return -x; })},
           {"add", function([](In x, In y) { return x + y; })},
           {"sub", function([](In x, In y) { return x - y; })},
           {"mul", function([](In x, In y) { return x * y; })},
           {"div", function([](In x, In y) { return x / y; })},
           {"recip", function([](In x) { return policy::multiplicative_inverse(x); })},
           {"sqr", function([](In x) { return square(x); })},
           {"sqrt", function([](In x) { return sqrt(x); })},
           {"pown", function([](In x, int n) { return pow(x, n); })},
           {"exp", function([](In x) { return exp(x); })},
           {"log", function([](In x) { return log(x); })},
           {"tanh", function([](In x) { return tanh(x); })},
           {"abs", function([](In x) { return abs(x); })},
           {"min", function([](In x, In y) { return min(x, y); })},
           {"max", function([](In x, In y) { return max(x, y); })},
           {"convexHull", function([](In x, In y) { return hull(x, y); })},
           {"intersection", function([](In x, In y) { return intersect(x, y); })},
           {"inf", function([](In x) { return x.lower(); })},
           {"sup", function([](In x) { return x.upper(); })},
           {"mid", function([](In x) { return median(x); })},
           {"wid", function([](In x) { return width(x); })},
           {"mag", function([](In x) { return norm(x); })},
           {"equal", function([](In x, In y) { return equal(x, y); })},
           {"subset", function([](In x, In y) { return subset(x, y); })},
           {"disjoint", function([](In x, In y) { return !overlap(x, y); })},
           {"isMember", function([](double x, In y) { return in(x, y); })},
           {"isSingleton", function([](In x) { return singleton(x); })},
           {"isEmpty", function([](In x) { return empty(x); })}}};
}

}  // namespace attncert::conformance
