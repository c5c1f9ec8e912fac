// A search for gates, one number of heads after the other (private to the module).
#pragma once

#include <memory>
#include <random>

#include "attncert/construction/approximation.hpp"
#include "minimax_fit.hpp"

namespace attncert {

/// Heads from 1 up, each number starting from the ones before as well as from random places.
/// It can be asked for more heads later; its answers depend on the target and the heads only.
class GateSearch {
public:
  /// Requires a canonical function text; errors of RampTarget.
  static Result<GateSearch> make(const std::string& function);

  /// The best gates found; HeadsOutOfRange below 1, above kMostHeads, or where a slope at -infinity
  /// takes a head of its own.
  Result<Approximation> approximation(int heads, const SearchProgress& progress);

private:
  struct Candidate {
    GateFamily family;
    MinimaxFit::Outcome fit;
  };

  explicit GateSearch(RampTarget target);
  Approximation bent_part(int heads, const SearchProgress& progress);
  GateShape shape(int heads) const;
  Candidate best_of(int heads, const SearchProgress& progress);
  std::vector<Eigen::VectorXd> starts(const GateFamily& family);
  void improve(Candidate& candidate) const;
  bool is_better(const Candidate& a, const Candidate& b) const;
  int enough_decimals(const Candidate& candidate) const;
  double chance() { return static_cast<double>(random_() >> 11U) * 0x1p-53; }
  Eigen::MatrixXd chances(int units);

  std::unique_ptr<const RampTarget> target_;
  Rational sum_;  // of coefficients
  std::optional<MinimaxFit> fit_;
  std::vector<Candidate> best_;  // by heads, from 1
  std::mt19937_64 random_{20231108};
};

}  // namespace attncert
