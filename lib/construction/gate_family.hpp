// Sums of sigmoid gates as functions of free parameters, in double: what the optimiser varies.
#pragma once

#include <Eigen/Dense>

#include "attncert/statement/gates.hpp"

namespace attncert {

/// How many gates of each kind: sigmoid(bx), pairs of sigmoid(bx + beta) and sigmoid(bx - beta)
/// with half the coefficient each, and sigmoid(bx + beta).
struct GateShape {
  int centred = 0;
  int pairs = 0;
  int shifted = 0;
  int units() const { return centred + pairs + shifted; }
};

/// The functions x sum_i c_i sigmoid(b_i x + beta_i), sum_i c_i given, all b_i > 0.
/// Parameters of unit i: ln b_i, beta_i (none where centred), c_i (none for i = 0, whose
/// coefficient is what the others leave of the sum).
class GateFamily {
public:
  GateFamily(GateShape shape, Rational sum);

  int size() const { return size_; }
  int units() const { return static_cast<int>(places_.size()); }
  const GateShape& shape() const { return shape_; }

  /// x S(x) - sum max(0, x) at every point, and its derivatives by the parameters.
  /// Shapes   points: (n), parameters: (size), result: (n), jacobian: (n, size) if not null
  Eigen::VectorXd approx_excess(const Eigen::VectorXd& points, const Eigen::VectorXd& parameters,
                                Eigen::MatrixXd* jacobian = nullptr) const;

  double approx_coefficient(int unit, const Eigen::VectorXd& parameters) const;
  double approx_sum_of_magnitudes(const Eigen::VectorXd& parameters) const;

  /// Every b_i is in [least, most].
  bool approx_slopes_within(const Eigen::VectorXd& parameters, double least, double most) const;

  /// Parameters from three numbers a unit, in (0, 1), and a usual slope: for random starts.
  Eigen::VectorXd start(const Eigen::MatrixXd& chances, double slope) const;

  /// The parameters of a family with fewer units, and `added`'s for the others, whose coefficients
  /// are scaled by `weight`; centred units are the first to be matched.
  Eigen::VectorXd grown(const GateFamily& smaller, const Eigen::VectorXd& parameters,
                        const Eigen::VectorXd& added, double weight) const;

  /// The gates with numbers of so many decimals, coefficients adding up to the sum exactly.
  Gates gates(const Eigen::VectorXd& parameters, int decimals) const;

  /// The parameters of gates() of other parameters: rounded likewise.
  Eigen::VectorXd rounded(const Eigen::VectorXd& parameters, int decimals) const;

private:
  enum class Kind { centred, pair, shifted };
  struct Place {
    Kind kind;
    int slope, shift, coefficient;  // -1: none
  };
  double shift_of(const Place& place, const Eigen::VectorXd& parameters) const;

  GateShape shape_;
  Rational sum_;
  double approx_sum_;
  std::vector<Place> places_;
  int size_ = 0;
};

}  // namespace attncert
