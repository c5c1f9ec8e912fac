// Best uniform approximation within a family of gates: p-norms of growing p, then an exchange.
#pragma once

#include <optional>

#include "gate_family.hpp"
#include "ramp_target.hpp"

namespace attncert {

/// The target's excess on a grid.
class MinimaxFit {
public:
  explicit MinimaxFit(const RampTarget& target);

  struct Outcome {
    Eigen::VectorXd parameters;
    double approx_error = 0;  // largest |target - gates| seen
  };

  /// A local minimum of the largest error, from given parameters.
  /// Maths    Gauss-Newton steps, damped (Levenberg, Marquardt), on the p-norm of the error,
  ///          p = 2, 4, 8, ...; then Remez' exchange: Newton steps to equal errors of alternating
  ///          signs at one more place than there are parameters
  /// Status   approx
  Outcome minimise(const GateFamily& family, const Eigen::VectorXd& start) const;

  /// What slopes the target's own bends suggest.
  double approx_slope() const { return slope_; }

  /// The largest |target - gates|, peaks found between grid points as well.
  double approx_error(const GateFamily& family, const Eigen::VectorXd& parameters) const;

private:
  struct Peak {
    double at;
    double error;
  };
  std::vector<Peak> peaks(const GateFamily& family, const Eigen::VectorXd& parameters) const;
  std::vector<Peak> alternating(const GateFamily& family, const Eigen::VectorXd& parameters,
                                std::size_t wanted) const;
  std::optional<Eigen::VectorXd> levelling_step(const GateFamily& family,
                                                const Outcome& from) const;
  Outcome exchange(const GateFamily& family, Outcome best) const;
  Outcome polish(const GateFamily& family, Outcome best) const;

  const RampTarget& target_;
  double slope_;
  Eigen::VectorXd points_, excess_;          // fine, in increasing order
  Eigen::VectorXd few_points_, few_excess_;  // every so manieth of them
};

}  // namespace attncert
