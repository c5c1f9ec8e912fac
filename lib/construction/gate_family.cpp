#include "gate_family.hpp"

#include <algorithm>
#include <cmath>

namespace attncert {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

double sigmoid(double u) { return 1 / (1 + std::exp(-u)); }

// x sigmoid(u) less the ramp max(0, x), and its derivative by u: nothing cancels at the ends.
struct Contribution {
  double value;
  double slope;
};

Contribution contribution(double x, double u) {
  const double up = sigmoid(u);
  const double down = sigmoid(-u);
  return {x > 0 ? -x * down : x * up, x * up * down};
}

Rational decimal(double value, int decimals) {
  const double scaled = std::nearbyint(value * std::pow(10, decimals));
  return Rational(scaled) * power_of_ten(-decimals);
}

}  // namespace

GateFamily::GateFamily(GateShape shape, Rational sum)
    : shape_(shape), sum_(std::move(sum)), approx_sum_(sum_.convert_to<double>()) {
  const auto add = [this](Kind kind) {
    Place place{kind, size_++, -1, -1};
    if (kind != Kind::centred) place.shift = size_++;
    if (!places_.empty()) place.coefficient = size_++;
    places_.push_back(place);
  };
  for (int i = 0; i < shape.centred; ++i) add(Kind::centred);
  for (int i = 0; i < shape.pairs; ++i) add(Kind::pair);
  for (int i = 0; i < shape.shifted; ++i) add(Kind::shifted);
}

double GateFamily::shift_of(const Place& place, const VectorXd& parameters) const {
  return place.shift < 0 ? 0 : parameters[place.shift];
}

double GateFamily::approx_coefficient(int unit, const VectorXd& parameters) const {
  if (unit > 0) return parameters[places_[unit].coefficient];
  double rest = approx_sum_;
  for (int i = 1; i < units(); ++i) rest -= parameters[places_[i].coefficient];
  return rest;
}

VectorXd GateFamily::approx_excess(const VectorXd& points, const VectorXd& parameters,
                                   MatrixXd* jacobian) const {
  VectorXd excess = VectorXd::Zero(points.size());
  VectorXd first(points.size());
  for (int unit = 0; unit < units(); ++unit) {
    const Place& place = places_[unit];
    const double b = std::exp(parameters[place.slope]);
    const double beta = shift_of(place, parameters);
    const double c = approx_coefficient(unit, parameters);
    for (Eigen::Index k = 0; k < points.size(); ++k) {
      const double x = points[k];
      const Contribution plus = contribution(x, b * x + beta);
      const Contribution minus = place.kind == Kind::pair ? contribution(x, b * x - beta) : plus;
      const double value = (plus.value + minus.value) / 2;
      excess[k] += c * value;
      if (unit == 0) first[k] = value;
      if (jacobian == nullptr) continue;
      (*jacobian)(k, place.slope) = c * b * x * (plus.slope + minus.slope) / 2;
      const double turned = place.kind == Kind::pair ? -minus.slope : minus.slope;
      if (place.shift >= 0) (*jacobian)(k, place.shift) = c * (plus.slope + turned) / 2;
      if (unit > 0) (*jacobian)(k, place.coefficient) = value - first[k];
    }
  }
  return excess;
}

double GateFamily::approx_sum_of_magnitudes(const VectorXd& parameters) const {
  double sum = 0;
  for (int i = 0; i < units(); ++i) sum += std::abs(approx_coefficient(i, parameters));
  return sum;
}

bool GateFamily::approx_slopes_within(const VectorXd& parameters, double least, double most) const {
  return std::all_of(places_.begin(), places_.end(), [&](const Place& place) {
    const double b = std::exp(parameters[place.slope]);
    return least <= b && b <= most;
  });
}

VectorXd GateFamily::start(const MatrixXd& chances, double slope) const {
  VectorXd parameters(size_);
  for (int i = 0; i < units(); ++i) {
    const Place& place = places_[i];
    parameters[place.slope] = std::log(slope) + 1.4 * (chances(0, i) - 0.5);
    constexpr double farthest = 4;
    const double far = farthest * chances(1, i);
    if (place.kind == Kind::pair) parameters[place.shift] = far;
    if (place.kind == Kind::shifted) parameters[place.shift] = 2 * far - farthest;
    const double size = std::max(std::abs(approx_sum_), 1.0);
    if (i > 0) parameters[place.coefficient] = size * (2 * chances(2, i) - 1);
  }
  return parameters;
}

VectorXd GateFamily::grown(const GateFamily& smaller, const VectorXd& parameters,
                           const VectorXd& added, double weight) const {
  VectorXd result = added;
  // Units are matched from the last back: a family's first units are its centred ones.
  std::vector<double> coefficients(places_.size());
  for (int i = 0; i < units(); ++i) coefficients[i] = weight * approx_coefficient(i, added);
  const int both = std::min(units(), smaller.units());
  for (int k = 1; k <= both; ++k) {
    const int i = units() - k;
    const int j = smaller.units() - k;
    const Place& to = places_[i];
    const Place& from = smaller.places_[j];
    result[to.slope] = parameters[from.slope];
    // a centred gate becomes a pair that is about to part
    if (to.shift >= 0 && from.shift >= 0) result[to.shift] = parameters[from.shift];
    if (to.shift >= 0 && from.shift < 0) result[to.shift] *= weight;
    coefficients[i] = smaller.approx_coefficient(j, parameters);
  }
  for (int i = 1; i < units(); ++i) result[places_[i].coefficient] = coefficients[i];
  return result;
}

VectorXd GateFamily::rounded(const VectorXd& parameters, int decimals) const {
  VectorXd result = parameters;
  for (int i = 0; i < units(); ++i) {
    const Place& place = places_[i];
    const double b = decimal(std::exp(parameters[place.slope]), decimals).convert_to<double>();
    result[place.slope] = std::log(b);
    if (place.shift >= 0) {
      result[place.shift] = decimal(parameters[place.shift], decimals).convert_to<double>();
    }
    if (i > 0) {
      result[place.coefficient] =
          decimal(parameters[place.coefficient], decimals).convert_to<double>();
    }
  }
  return result;
}

Gates GateFamily::gates(const VectorXd& parameters, int decimals) const {
  Gates gates;
  Rational rest = sum_;
  for (int i = 1; i < units(); ++i) rest -= decimal(approx_coefficient(i, parameters), decimals);
  for (int i = 0; i < units(); ++i) {
    const Place& place = places_[i];
    const Rational whole = i == 0 ? rest : decimal(approx_coefficient(i, parameters), decimals);
    const std::string c = to_string(place.kind == Kind::pair ? Rational(whole / 2) : whole);
    const std::string b = to_string(decimal(std::exp(parameters[place.slope]), decimals));
    const Rational beta = decimal(shift_of(place, parameters), decimals);
    gates.push_back({c, {{b, to_string(beta)}}});
    if (place.kind == Kind::pair) gates.push_back({c, {{b, to_string(Rational(-beta))}}});
  }
  const auto is_idle = [](const Gate& gate) { return gate.coefficient == "0"; };
  gates.erase(std::remove_if(gates.begin() + 1, gates.end(), is_idle), gates.end());
  if (gates.size() > 1 && is_idle(gates.front())) gates.erase(gates.begin());
  return gates;
}

}  // namespace attncert
