#include "attncert/prover/mask_weights.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/kernel/mask_bounds.hpp"
#include "layer_ranges.hpp"

namespace attncert {
namespace {

constexpr Precision kPrecision = 64;

// Where the leak at `start` shrinks to epsilon, with a margin for what is stated rounded.
double needed(const Rational& start, const Rational& leak, const Rational& epsilon) {
  if (leak == 0) return 0;
  return static_cast<double>(start) + std::log(static_cast<double>(Rational(leak / epsilon))) +
         1e-3;
}

}  // namespace

Result<Rational> omega_for_masks(const Model& original, const Network& converted,
                                 const Inputs& inputs, const Rational& epsilon) {
  double omega = 0;
  for (const Sublayer& sublayer : original.network.sublayers) {
    if (const auto* layer = std::get_if<AttentionSublayer>(&sublayer)) {
      ATTNCERT_TRY(const Rational exact, score_bound(original, *layer, inputs, kPrecision));
      const Rational scores = exact * (1 + power_of_two(-29));
      const Rational start = 2 * scores;
      ATTNCERT_TRY(const Rational leak,
                   attention_leak(original, *layer, inputs, scores, start, kPrecision));
      omega = std::max(omega, needed(start, leak, epsilon));
    }
    if (const auto* mlp = std::get_if<MlpSublayer>(&sublayer)) {
      ATTNCERT_TRY(const NeuronHeads* heads, sublayer_named<NeuronHeads>(converted, mlp->name));
      ATTNCERT_TRY(const std::vector<Domain> ranges, ranges_of(original, *mlp, inputs));
      ATTNCERT_TRY(const Rational leak,
                   neuron_leak(original, *mlp, heads->gates, ranges, 0, kPrecision));
      omega = std::max(omega, needed(0, leak, epsilon));
    }
  }
  auto single = static_cast<float>(std::ceil(omega));
  if (static_cast<double>(single) < omega) single = std::nextafter(single, INFINITY);
  if (std::isfinite(single)) return Rational(static_cast<double>(single));
  return fail(ErrorCode::EnclosureUnbounded, "no omega that F32 holds is large enough");
}

}  // namespace attncert
