#include "attncert/prover/extrema.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/expression/taylor.hpp"
#include "attncert/model/approximate.hpp"

namespace attncert {
namespace {

constexpr int kUniformSamples = 512;
constexpr int kSamplesPerOctave = 6;
constexpr int kLeastOctave = -30;
constexpr std::size_t kMaxPeaks = 12;

std::vector<double> sample_points(double lower, double upper) {
  std::vector<double> points{lower, upper};
  for (int i = 1; i < kUniformSamples; ++i) {
    points.push_back(lower + (upper - lower) * i / kUniformSamples);
  }
  const double reach = std::max(std::fabs(lower), std::fabs(upper));
  const int octaves = std::ilogb(reach) + 1;
  for (int i = kLeastOctave * kSamplesPerOctave; i <= octaves * kSamplesPerOctave; ++i) {
    const double x = std::exp2(static_cast<double>(i) / kSamplesPerOctave);
    for (const double point : {x, -x}) {
      if (point > lower && point < upper) points.push_back(point);
    }
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

double golden_section(const ApproxEvaluator& d, double lower, double upper) {
  constexpr double ratio = 0.6180339887498949;
  constexpr int iterations = 40;
  for (int i = 0; i < iterations; ++i) {
    const double left = upper - ratio * (upper - lower);
    const double right = lower + ratio * (upper - lower);
    if (std::fabs(d(left)) < std::fabs(d(right))) {
      lower = left;
    } else {
      upper = right;
    }
  }
  return (lower + upper) / 2;
}

Rational clamp_to(const Rational& x, const Rational& lower, const Rational& upper) {
  return x < lower ? lower : x > upper ? upper : x;
}

Rational middle_of(const Interval& x) {
  return Rational((lower_rational(x) + upper_rational(x)) / 2);
}

}  // namespace

double approx_magnitude(const Difference& difference, double x) {
  return std::fabs(ApproxEvaluator(difference.program, difference.difference)(x));
}

PeakFinder::PeakFinder(const Difference& difference, Precision precision, int digits)
    : difference_(difference), precision_(precision), digits_(digits) {}

Peak PeakFinder::at(const Rational& x) const {
  const auto value =
      evaluate(difference_.program, difference_.difference, enclose(x, precision_), precision_);
  if (!value) return {x, 0};
  const Interval magnitude = abs(value.value());
  return {x, lower_rational(magnitude)};
}

// Newton's method on d'; steps that leave the neighbourhood are not taken.
Rational PeakFinder::sharpen(const Rational& start, const Rational& lower,
                             const Rational& upper) const {
  Rational x = start;
  const Branches open(difference_.program.size(), Branch::open);
  constexpr int iterations = 4;
  for (int i = 0; i < iterations; ++i) {
    const Interval point = enclose(x, precision_);
    const auto branches =
        resolve_branches(difference_.program, difference_.difference, point, precision_);
    if (!branches) return x;
    auto c = taylor_coefficients(difference_.program, difference_.difference, point, 2, precision_,
                                 branches.value());
    if (!c || c.value().size() < 3) return x;
    const Rational slope = middle_of(c.value()[1]);
    const Rational curve = middle_of(c.value()[2]);
    if (curve == 0) return x;
    const Rational step = slope / (2 * curve);
    if (abs(step) > Rational(1, 100) * (upper - lower)) return x;
    x = clamp_to(round_decimal(Rational(x - step), digits_ + 4, Direction::down), lower, upper);
    if (abs(step) * power_of_ten(digits_) < abs(x)) break;
  }
  return x;
}

Peak PeakFinder::climb(double start, double step, const Rational& lower,
                       const Rational& upper) const {
  const ApproxEvaluator d(difference_.program, difference_.difference);
  const double low = std::max(start - step, static_cast<double>(lower));
  const double high = std::min(start + step, static_cast<double>(upper));
  const Rational rough(golden_section(d, low, high));
  const Rational sharp = sharpen(clamp_to(rough, lower, upper), lower, upper);
  const Rational rounded = round_decimal(sharp, digits_, Direction::down);
  Peak best = at(clamp_to(rounded, lower, upper));
  for (const Rational& other : {lower, upper}) {
    const bool near = std::fabs(static_cast<double>(other) - start) <= step;
    if (!near) continue;
    Peak candidate = at(other);
    if (candidate.value > best.value) best = candidate;
  }
  return best;
}

std::vector<Peak> PeakFinder::search(const Rational& lower, const Rational& upper) const {
  if (lower == upper) return {at(lower)};
  const ApproxEvaluator d(difference_.program, difference_.difference);
  const std::vector<double> x =
      sample_points(static_cast<double>(lower), static_cast<double>(upper));
  std::vector<double> y;
  for (const double point : x) {
    const double value = std::fabs(d(point));
    y.push_back(std::isfinite(value) ? value : 0.0);
  }
  const double greatest = *std::max_element(y.begin(), y.end());
  std::vector<Peak> peaks;
  for (std::size_t i = 0; i < x.size() && peaks.size() < kMaxPeaks; ++i) {
    const bool rises = i == 0 || y[i] >= y[i - 1];
    const bool falls = i + 1 == x.size() || y[i] > y[i + 1];
    if (!rises || !falls || y[i] < greatest * (1 - 1e-2)) continue;
    const double step =
        std::max(i > 0 ? x[i] - x[i - 1] : 0.0, i + 1 < x.size() ? x[i + 1] - x[i] : 0.0);
    peaks.push_back(climb(x[i], step, lower, upper));
  }
  if (peaks.empty()) peaks.push_back(at(Rational((lower + upper) / 2)));
  std::sort(peaks.begin(), peaks.end(),
            [](const Peak& a, const Peak& b) { return a.value > b.value; });
  return peaks;
}

}  // namespace attncert
