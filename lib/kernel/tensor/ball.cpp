// Rule ball: the range of every pre-activation over every input, from the weights alone.
//
// After LayerNorm the normalised vector n has sum 0 and |n| < sqrt(D), so w.(gamma n + beta) + c
// lies in w.beta + c +- sqrt(D) |gamma w - mu 1| for every real mu.
#include "../rules.hpp"
#include "attncert/interval/functions.hpp"
#include "attncert/kernel/mlp.hpp"

namespace attncert::rules {
namespace {

// Upper bound of |v| from the fp64 entries of v.
Interval length_bound(const std::vector<double>& v, Precision precision) {
  const Bounded square = dot(v, v);
  if (!std::isfinite(square.error)) return Interval(NanChecking::pos_inf());
  return sqrt(attncert::enclose(exact_interval(square).upper, precision), precision);
}

struct Neuron {
  std::vector<double> weight;  // w, then c
  std::vector<double> shift;   // beta, then 1
  std::vector<double> gain;    // gamma
};

// sqrt(D) |gamma w - mu 1|: the fp64 entries g of gamma w and r of g - mu are each off by at most
// u |g| + u |r| + 2^-1022, u = 2^-53; twice that covers second-order terms.
Interval radius_bound(const Neuron& neuron, Precision precision) {
  const std::size_t width = neuron.gain.size();
  std::vector<double> g(width);
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) sum += g[i] = neuron.gain[i] * neuron.weight[i];
  const double mean = sum / static_cast<double>(width);
  std::vector<double> r(width);
  for (std::size_t i = 0; i < width; ++i) r[i] = g[i] - mean;
  const Interval d = integer(static_cast<long>(width), precision);
  const Interval length = length_bound(r, precision);
  const Interval rounding =
      (length + length_bound(g, precision)) * attncert::enclose(power_of_two(-52), precision) +
      d * attncert::enclose(power_of_two(-1021), precision);
  return sqrt(d, precision) * (length + rounding);
}

Result<Domain> range_of(const Neuron& neuron, Precision precision) {
  const Bounded centre = dot(neuron.weight, neuron.shift);
  const Interval radius = radius_bound(neuron, precision);
  if (!std::isfinite(centre.error) || !is_bounded(radius)) {
    return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
  }
  const RationalInterval middle = exact_interval(centre);
  const Rational reach = upper_rational(radius);
  return Domain{Rational(middle.lower - reach), Rational(middle.upper + reach)};
}

}  // namespace

Status ball(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const PreactivationRange* goal, conclusion_as<PreactivationRange>(step));
  ATTNCERT_TRY(const Model* model, context.original());
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(model->network, goal->layer));
  if (static_cast<long>(goal->ranges.size()) != mlp->d_mlp) {
    return fail(ErrorCode::RangeCount, "the number of ranges is not the number of neurons");
  }
  const long width = model->network.d_model;
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(*model, *mlp));
  Neuron neuron;
  ATTNCERT_TRY(neuron.gain, vector_or_zeros(model->weights, mlp->norm.weight, width));
  ATTNCERT_TRY(neuron.shift, vector_or_zeros(model->weights, mlp->norm.bias, width));
  neuron.shift.push_back(1.0);
  neuron.weight.resize(neuron.shift.size());
  for (long j = 0; j < mlp->d_mlp; ++j) {
    for (long i = 0; i < width; ++i) {
      neuron.weight[static_cast<std::size_t>(i)] = weights.in.at(j, i);
    }
    neuron.weight.back() = weights.in_bias[static_cast<std::size_t>(j)];
    ATTNCERT_TRY(const Domain range, range_of(neuron, step.precision));
    if (!goal->ranges[static_cast<std::size_t>(j)].contains(range)) {
      return fail(ErrorCode::RangeExceeded, "the range stated for neuron " + std::to_string(j) +
                                                " of " + goal->layer + " is too narrow");
    }
  }
  return ok();
}

}  // namespace attncert::rules
