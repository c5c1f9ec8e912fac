#include "layer_ranges.hpp"

#include <cmath>
#include <numeric>

#include "attncert/model/decimal.hpp"

namespace attncert {
namespace {

constexpr int kRangeDigits = 7;

Rational outward(double value, Direction direction) {
  const double margin = std::fabs(value) * 1e-9 + 1e-300;
  return round_decimal(Rational(direction == Direction::up ? value + margin : value - margin),
                       kRangeDigits, direction);
}

// Norms that leave the stream unbounded.
bool is_linear(const std::string& norm) { return norm == "mean-norm" || norm == "none"; }

// How far gamma w . n goes to either side, in double.
double approx_reach(const std::vector<double>& g, const std::string& norm, const Inputs& inputs) {
  const auto size = static_cast<double>(g.size());
  const double mean = norm == "rms-norm" || norm == "none" || inputs.is_computed()
                          ? 0.0
                          : std::accumulate(g.begin(), g.end(), 0.0) / size;
  double square = 0;
  double sum = 0;
  for (const double value : g) {
    square += (value - mean) * (value - mean);
    sum += std::fabs(value - mean);
  }
  const bool box = inputs.kind == Inputs::Kind::computed_box ||
                   (inputs.kind == Inputs::Kind::box && is_linear(norm));
  const double reach = box ? sum : std::sqrt(square * size);
  return box || inputs.is_computed() ? reach * static_cast<double>(inputs.size) : reach;
}

}  // namespace

Result<std::vector<Domain>> ranges_of(const Model& model, const MlpSublayer& mlp,
                                      const Inputs& inputs) {
  if (is_linear(mlp.norm.kind) && inputs.kind == Inputs::Kind::every) {
    return std::vector<Domain>(static_cast<std::size_t>(mlp.d_mlp));
  }
  ATTNCERT_TRY(const Affine map, mlp_scores(model, mlp));
  ATTNCERT_TRY(const NormWeights norm, norm_weights(model, mlp.norm));
  std::vector<double> g(norm.gain.size());
  std::vector<Domain> ranges;
  for (long j = 0; j < mlp.d_mlp; ++j) {
    const auto row = map.weight.row(j);
    double centre = map.bias[static_cast<std::size_t>(j)];
    double magnitude = std::fabs(centre);
    for (std::size_t i = 0; i < g.size(); ++i) {
      centre += row[i] * norm.shift[i];
      magnitude += std::fabs(row[i] * norm.shift[i]);
      g[i] = row[i] * norm.gain[i];
    }
    const double radius = approx_reach(g, mlp.norm.kind, inputs) + magnitude * 1e-9;
    ranges.push_back(
        {outward(centre - radius, Direction::down), outward(centre + radius, Direction::up)});
  }
  return ranges;
}

}  // namespace attncert
