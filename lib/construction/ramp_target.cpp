#include "ramp_target.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"

namespace attncert {
namespace {

constexpr Precision kPrecision = 128;
constexpr double kFar = 0x1p+20;       // where slopes are read off
constexpr int kSlopeDigits = 6;        // slopes at infinity with more digits are not recognised
constexpr double kSmallest = 0x1p-10;  // samples: geometric, from here to kLargest
constexpr double kLargest = 0x1p+16;
constexpr double kRatio = 1.04;

Error unsuitable(const std::string& function, const std::string& what) {
  return fail(ErrorCode::TailUnsupported, "gates x S(x) cannot approximate '" +
                                              function.substr(0, 60) + "' on all reals: " + what);
}

}  // namespace

RampTarget::RampTarget(Program program, NodeIndex root)
    : program_(std::move(program)), root_(root) {}

double RampTarget::approx_beside(double x, const Rational& slope) const {
  const Interval at = enclose(Rational(x), kPrecision);
  const auto value = evaluate(program_, root_, at, kPrecision);
  if (!value) return std::numeric_limits<double>::quiet_NaN();
  return (value.value() - enclose(slope, kPrecision) * at).lower().convert_to<double>();
}

double RampTarget::approx_excess(double x) const {
  return approx_beside(x, x < 0 ? left_ : right_);
}

Status RampTarget::find_slopes(const std::string& function) {
  for (const bool right : {false, true}) {
    const double x = right ? kFar : -kFar;
    const double slope = approx_beside(x, 0) / x;
    if (!std::isfinite(slope) || std::abs(slope) > kFar) {
      return unsuitable(function, "it is not defined, or grows too fast, at infinity");
    }
    const double scale = std::pow(10, kSlopeDigits);
    (right ? right_ : left_) = Rational(std::llround(slope * scale)) * power_of_ten(-kSlopeDigits);
    constexpr double tolerance = 1e-9;
    const double far = std::max(std::abs(approx_excess(x)), std::abs(approx_excess(x / 2)));
    if (!(far < tolerance)) {
      return unsuitable(function,
                        "at infinity it must tend to a line through 0 (of a slope with "
                        "at most 6 decimals), as relu does");
    }
  }
  return ok();
}

void RampTarget::look_around() {
  constexpr double tolerance = 1e-12;
  for (double x = kSmallest; x < kLargest; x *= kRatio) {
    const double plus = approx_excess(x);
    const double minus = approx_excess(-x);
    largest_ = std::max({largest_, std::abs(plus), std::abs(minus)});
    is_even_ = is_even_ && std::abs(plus - minus) <= tolerance * (1 + x);
  }
}

double RampTarget::approx_reach(double share) const {
  for (double x = kLargest; x > kSmallest; x /= kRatio) {
    const double here = std::max(std::abs(approx_excess(x)), std::abs(approx_excess(-x)));
    if (here >= share * largest_) return x;
  }
  return kSmallest;
}

Result<RampTarget> RampTarget::make(const std::string& function) {
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(function, builder));
  RampTarget target(builder.program(), root);
  ATTNCERT_CHECK(target.find_slopes(function));
  target.look_around();
  if (!std::isfinite(target.largest_)) {
    return unsuitable(function, "it is not defined everywhere");
  }
  return target;
}

}  // namespace attncert
