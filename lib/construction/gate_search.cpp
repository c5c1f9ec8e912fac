#include "gate_search.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/expression/zoo.hpp"

namespace attncert {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMostMagnitude = 4;  // sum of |c_i| by |sum of c_i|: it multiplies rounding errors
constexpr double kInvisible = 1e-300;

// Two straight lines with a bend at 0: a steep gate, as for relu.
Approximation steep(const Rational& sum) {
  if (sum == 0) return {{}, 0, true};
  constexpr int power = 20;
  constexpr double constant = 0.2784645427610738;  // W(1/e)
  const double error = std::ldexp(std::abs(sum.convert_to<double>()) * constant, -power);
  return {{{to_string(sum), {{to_string(power_of_two(power)), "0"}}}}, error, false};
}

// slope x as one gate: weight one half, at score 0.
Gate line(const Rational& slope) { return {to_string(Rational(2 * slope)), {{"0", "0"}}}; }

}  // namespace

GateSearch::GateSearch(RampTarget target)
    : target_(std::make_unique<const RampTarget>(std::move(target))),
      sum_(target_->right() - target_->left()) {
  if (target_->approx_largest() >= kInvisible) fit_.emplace(*target_);
}

Result<GateSearch> GateSearch::make(const std::string& function) {
  ATTNCERT_TRY(RampTarget target, RampTarget::make(function));
  return GateSearch(std::move(target));
}

MatrixXd GateSearch::chances(int units) {
  MatrixXd result(3, units);
  for (double& value : result.reshaped()) value = chance();
  return result;
}

GateShape GateSearch::shape(int heads) const {
  if (!target_->approx_is_even()) return {0, 0, heads};
  return {heads % 2, heads / 2, 0};
}

std::vector<VectorXd> GateSearch::starts(const GateFamily& family) {
  constexpr int random_starts = 60;
  constexpr int grown_starts = 30;
  const auto random_start = [&] {
    return family.start(chances(family.units()), fit_->approx_slope());
  };
  std::vector<VectorXd> result;
  for (int k = 0; k < random_starts; ++k) result.push_back(random_start());
  for (const Candidate& smaller : best_) {
    if (smaller.family.units() + 1 != family.units() && &smaller != &best_.back()) continue;
    for (int k = 0; k < grown_starts; ++k) {
      const VectorXd added = random_start();
      const double weight = k == 0 ? 0 : 0.2 * chance();
      result.push_back(family.grown(smaller.family, smaller.fit.parameters, added, weight));
    }
  }
  return result;
}

// A minimum in a long flat valley takes several rounds.
void GateSearch::improve(Candidate& candidate) const {
  constexpr int most_rounds = 24;
  constexpr double worth_it = 1e-5;
  for (int round = 0; round < most_rounds; ++round) {
    auto next = fit_->minimise(candidate.family, candidate.fit.parameters);
    if (!(next.approx_error < candidate.fit.approx_error * (1 - worth_it))) return;
    candidate.fit = std::move(next);
  }
}

// Small coefficients first, then a small error.
bool GateSearch::is_better(const Candidate& a, const Candidate& b) const {
  const double sum = sum_ == 0 ? 1 : std::abs(sum_.convert_to<double>());
  const auto is_small = [&](const Candidate& one) {
    return one.family.approx_sum_of_magnitudes(one.fit.parameters) <= kMostMagnitude * sum;
  };
  if (is_small(a) != is_small(b)) return is_small(a);
  return a.fit.approx_error < b.fit.approx_error;
}

GateSearch::Candidate GateSearch::best_of(int heads, const SearchProgress& progress) {
  constexpr std::size_t finalists = 4;
  const GateFamily family(shape(heads), sum_);
  const std::vector<VectorXd> from = starts(family);
  std::vector<Candidate> found;
  for (std::size_t k = 0; k < from.size(); ++k) {
    if (progress) progress(heads, static_cast<double>(k) / static_cast<double>(from.size()));
    found.push_back({family, fit_->minimise(family, from[k])});
  }
  const auto sort = [&] {
    std::sort(found.begin(), found.end(),
              [this](const Candidate& a, const Candidate& b) { return is_better(a, b); });
  };
  sort();
  if (found.size() > finalists) found.erase(found.begin() + finalists, found.end());
  for (Candidate& candidate : found) improve(candidate);
  sort();
  const bool better = best_.empty() || is_better(found.front(), best_.back());
  return better ? found.front() : best_.back();  // never worse than fewer heads
}

// The fewest decimals that cost next to nothing.
int GateSearch::enough_decimals(const Candidate& candidate) const {
  constexpr int most = 15;
  constexpr double slack = 1e-5;
  for (int decimals = 2; decimals < most; ++decimals) {
    const VectorXd parameters = candidate.family.rounded(candidate.fit.parameters, decimals);
    const double error = fit_->approx_error(candidate.family, parameters);
    if (error <= candidate.fit.approx_error * (1 + slack)) return decimals;
  }
  return most;
}

// Gates for what is left of the target when its line at -infinity is taken off.
Approximation GateSearch::bent_part(int heads, const SearchProgress& progress) {
  if (!fit_) return steep(sum_);
  while (static_cast<int>(best_.size()) < heads) {
    best_.push_back(best_of(static_cast<int>(best_.size()) + 1, progress));
  }
  const Candidate& best = best_[static_cast<std::size_t>(heads) - 1];
  const int decimals = enough_decimals(best);
  const VectorXd rounded = best.family.rounded(best.fit.parameters, decimals);
  return {best.family.gates(best.fit.parameters, decimals),
          fit_->approx_error(best.family, rounded), false};
}

Result<Approximation> GateSearch::approximation(int heads, const SearchProgress& progress) {
  if (heads < 1 || heads > kMostHeads) {
    return fail(ErrorCode::HeadsOutOfRange, "the number of heads must be from 1 to " +
                                                std::to_string(kMostHeads) + ", not " +
                                                std::to_string(heads));
  }
  if (target_->left() == 0) {
    Approximation result = bent_part(heads, progress);
    if (result.gates.empty()) result.gates = {{"0", {{"1", "0"}}}};
    return result;
  }
  if (heads == 1 && (fit_ || sum_ != 0)) {
    return fail(ErrorCode::HeadsOutOfRange,
                "a function with a slope at -infinity needs 2 heads: one is that straight line");
  }
  Approximation result = bent_part(heads - 1, progress);
  result.gates.insert(result.gates.begin(), line(target_->left()));
  return result;
}

Result<Approximation> optimise_gates(const std::string& target, int heads,
                                     const SearchProgress& progress) {
  ATTNCERT_TRY(const std::string function, canonical_function(target));
  ATTNCERT_TRY(GateSearch search, GateSearch::make(function));
  return search.approximation(heads, progress);
}

}  // namespace attncert
