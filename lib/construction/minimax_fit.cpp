#include "minimax_fit.hpp"

#include <cmath>

namespace attncert {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kInner = 720;  // grid points within reach of the target's excess
constexpr Index kOuter = 180;  // beyond it, up to three times as far
constexpr Index kStride = 3;   // every third point is enough for p-norms
constexpr double kReachShare = 1e-9;
constexpr double kGreatestPower = 1024;
constexpr double kPolishPower = 0x1p24;
constexpr double kFarthestParameter = 40;
constexpr double kSteepest = 256;  // slopes lie within this factor of the target's own
constexpr double kBendShare = 0.01;

std::vector<double> half_line(double reach) {
  std::vector<double> points{0};
  for (Index k = 1; k <= kInner; ++k) {
    points.push_back(reach * static_cast<double>(k) / kInner);
  }
  for (Index k = 1; k <= kOuter; ++k) {
    points.push_back(reach * (1 + 2 * static_cast<double>(k) / kOuter));
  }
  return points;
}

// The p-norm of the errors, as a mean: comparable between values of p.
double power_mean(const VectorXd& errors, double p) {
  const double largest = errors.cwiseAbs().maxCoeff();
  if (!(largest > 0)) return largest;
  return largest * std::pow((errors.cwiseAbs() / largest).array().pow(p).mean(), 1 / p);
}

// One step's least-squares problem, min |W (J s + e / (p - 1))|, reduced to a triangle.
struct Reduced {
  MatrixXd triangle;
  VectorXd right;
  VectorXd scale;
};

Reduced reduce(const MatrixXd& jacobian, const VectorXd& errors, double p) {
  constexpr double least = 1e-9;
  const VectorXd share = (errors.cwiseAbs() / errors.cwiseAbs().maxCoeff()).array() + least;
  const VectorXd weights = share.array().pow((p - 2) / 2);
  MatrixXd weighted = weights.asDiagonal() * jacobian;
  Reduced reduced;
  reduced.scale = weighted.colwise().norm().transpose().array() + 1e-300;
  weighted = weighted * reduced.scale.cwiseInverse().asDiagonal();
  const Eigen::HouseholderQR<MatrixXd> qr(weighted);
  const Index n = jacobian.cols();
  const VectorXd scaled = weights.cwiseProduct(errors) / (1 - p);
  const VectorXd turned = qr.householderQ().transpose() * scaled;
  reduced.triangle = qr.matrixQR().topRows(n).triangularView<Eigen::Upper>();
  reduced.right = turned.head(n);
  return reduced;
}

VectorXd damped_step(const Reduced& reduced, double damping) {
  const Index n = reduced.triangle.cols();
  MatrixXd stacked = MatrixXd::Zero(2 * n, n);
  stacked.topRows(n) = reduced.triangle;
  stacked.bottomRows(n).diagonal().setConstant(std::sqrt(damping));
  VectorXd right = VectorXd::Zero(2 * n);
  right.head(n) = reduced.right;
  const VectorXd step = stacked.colPivHouseholderQr().solve(right);
  return step.cwiseQuotient(reduced.scale);
}

struct Samples {
  const VectorXd& points;
  const VectorXd& excess;
  double slope;
};

// Within reason: a gate that degenerates into a step, a constant or a far-off ramp is no use.
bool is_sane(const GateFamily& family, const VectorXd& parameters, double slope) {
  return parameters.allFinite() && parameters.cwiseAbs().maxCoeff() < kFarthestParameter &&
         family.approx_slopes_within(parameters, slope / kSteepest, slope * kSteepest);
}

// Lowers the p-norm from `parameters` until it stalls.
VectorXd lower_norm(const GateFamily& family, const Samples& samples, VectorXd parameters,
                    double p) {
  constexpr int most_steps = 40;
  constexpr int most_trials = 10;
  constexpr double stalled = 1e-7;
  double damping = 1e-3;
  MatrixXd jacobian(samples.points.size(), family.size());
  for (int step = 0; step < most_steps; ++step) {
    const VectorXd errors =
        family.approx_excess(samples.points, parameters, &jacobian) - samples.excess;
    const double here = power_mean(errors, p);
    const Reduced reduced = reduce(jacobian, errors, p);
    double there = here;
    for (int trial = 0; trial < most_trials && !(there < here); ++trial, damping *= 5) {
      const VectorXd next = parameters + damped_step(reduced, damping);
      if (!is_sane(family, next, samples.slope)) continue;
      there = power_mean(family.approx_excess(samples.points, next) - samples.excess, p);
      if (there < here) parameters = next;
    }
    if (!(there < here * (1 - stalled))) break;
    damping = std::max(damping / 30, 1e-16);
  }
  return parameters;
}

}  // namespace

MinimaxFit::MinimaxFit(const RampTarget& target)
    : target_(target), slope_(4 / target.approx_reach(kBendShare)) {
  std::vector<double> points = half_line(target.approx_reach(kReachShare));
  if (!target.approx_is_even()) {
    std::vector<double> both(points.rbegin(), points.rend() - 1);
    for (double& x : both) x = -x;
    both.insert(both.end(), points.begin(), points.end());
    points = both;
  }
  const auto n = static_cast<Index>(points.size());
  points_ = Eigen::Map<const VectorXd>(points.data(), n);
  excess_ = points_.unaryExpr([&](double x) { return target.approx_excess(x); });
  few_points_.resize((n + kStride - 1) / kStride);
  few_excess_.resize(few_points_.size());
  for (Index k = 0; k < few_points_.size(); ++k) {
    few_points_[k] = points_[k * kStride];
    few_excess_[k] = excess_[k * kStride];
  }
}

// Peaks of |error|: the vertex of the parabola through three grid points, evaluated there.
std::vector<MinimaxFit::Peak> MinimaxFit::peaks(const GateFamily& family,
                                                const VectorXd& parameters) const {
  const VectorXd e = family.approx_excess(points_, parameters) - excess_;
  std::vector<Peak> peaks;
  const double noise = 1e-3 * e.cwiseAbs().maxCoeff();
  for (Index k = 1; k + 1 < e.size(); ++k) {
    const double before = (e[k] - e[k - 1]) / (points_[k] - points_[k - 1]);
    const double after = (e[k + 1] - e[k]) / (points_[k + 1] - points_[k]);
    if (std::abs(e[k]) < noise || before * after > 0) continue;
    const double middle_before = (points_[k] + points_[k - 1]) / 2;
    const double middle_after = (points_[k] + points_[k + 1]) / 2;
    const double share = before == after ? 0.5 : before / (before - after);
    const double x = middle_before + share * (middle_after - middle_before);
    VectorXd at(1);
    at[0] = x;
    const double error = family.approx_excess(at, parameters)[0] - target_.approx_excess(x);
    peaks.push_back(std::abs(error) > std::abs(e[k]) ? Peak{x, error} : Peak{points_[k], e[k]});
  }
  return peaks;
}

double MinimaxFit::approx_error(const GateFamily& family, const VectorXd& parameters) const {
  double largest = (family.approx_excess(points_, parameters) - excess_).cwiseAbs().maxCoeff();
  for (const Peak& peak : peaks(family, parameters)) {
    largest = std::max(largest, std::abs(peak.error));
  }
  return largest;
}

// At most `wanted` peaks whose signs alternate, the greatest of every run of one sign.
std::vector<MinimaxFit::Peak> MinimaxFit::alternating(const GateFamily& family,
                                                      const VectorXd& parameters,
                                                      std::size_t wanted) const {
  std::vector<Peak> result;
  for (const Peak& peak : peaks(family, parameters)) {
    if (result.empty() || (result.back().error > 0) != (peak.error > 0)) {
      result.push_back(peak);
    } else if (std::abs(peak.error) > std::abs(result.back().error)) {
      result.back() = peak;
    }
  }
  while (result.size() > wanted) {
    const bool first = std::abs(result.front().error) < std::abs(result.back().error);
    result.erase(first ? result.begin() : result.end() - 1);
  }
  return result;
}

// Newton's step to errors +h, -h, +h, ... at the peaks; none where they are equal already.
std::optional<VectorXd> MinimaxFit::levelling_step(const GateFamily& family,
                                                   const Outcome& from) const {
  constexpr double equal = 1e-9;
  const Index n = family.size() + 1;
  const auto chosen = alternating(family, from.parameters, static_cast<std::size_t>(n));
  if (static_cast<Index>(chosen.size()) < n) return {};
  VectorXd points(n);
  VectorXd errors(n);
  for (Index k = 0; k < n; ++k) {
    points[k] = chosen[k].at;
    errors[k] = chosen[k].error;
  }
  if (from.approx_error <= errors.cwiseAbs().minCoeff() * (1 + equal)) return {};
  MatrixXd jacobian(n, family.size());
  family.approx_excess(points, from.parameters, &jacobian);
  MatrixXd system(n, n);
  system << jacobian, -errors.cwiseSign();
  return system.colPivHouseholderQr().solve(-errors).head(family.size());
}

MinimaxFit::Outcome MinimaxFit::exchange(const GateFamily& family, Outcome best) const {
  constexpr int most_rounds = 25;
  constexpr double shortest = 1e-3;
  for (int round = 0; round < most_rounds; ++round) {
    const auto step = levelling_step(family, best);
    if (!step) return best;
    Outcome next = best;
    for (double length = 1; length > shortest && next.approx_error >= best.approx_error;
         length /= 2) {
      const VectorXd parameters = best.parameters + length * *step;
      if (!is_sane(family, parameters, slope_)) continue;
      const double error = approx_error(family, parameters);
      if (error < best.approx_error) next = {parameters, error};
    }
    if (next.approx_error >= best.approx_error) return best;
    best = next;
  }
  return best;
}

// Where fewer errors alternate than there are parameters: on with p, the peaks being samples too.
MinimaxFit::Outcome MinimaxFit::polish(const GateFamily& family, Outcome best) const {
  std::vector<double> points(few_points_.begin(), few_points_.end());
  std::vector<double> excess(few_excess_.begin(), few_excess_.end());
  VectorXd parameters = best.parameters;
  for (double p = kGreatestPower; p <= kPolishPower; p *= 4) {
    for (const Peak& peak : peaks(family, parameters)) {
      points.push_back(peak.at);
      excess.push_back(target_.approx_excess(peak.at));
    }
    const auto n = static_cast<Index>(points.size());
    const VectorXd at = Eigen::Map<const VectorXd>(points.data(), n);
    const VectorXd wanted = Eigen::Map<const VectorXd>(excess.data(), n);
    parameters = lower_norm(family, {at, wanted, slope_}, parameters, p);
    const double error = approx_error(family, parameters);
    if (error < best.approx_error) best = {parameters, error};
  }
  return best;
}

MinimaxFit::Outcome MinimaxFit::minimise(const GateFamily& family, const VectorXd& start) const {
  VectorXd parameters = start;
  for (double p = 2; p <= kGreatestPower; p *= 2) {
    parameters = lower_norm(family, {few_points_, few_excess_, slope_}, parameters, p);
  }
  return polish(family, exchange(family, {parameters, approx_error(family, parameters)}));
}

}  // namespace attncert
