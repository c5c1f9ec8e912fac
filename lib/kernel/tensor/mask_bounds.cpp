// T6: with allowed set S, masked set M, scores s, a row's output moves by tau (v_M - v_S),
// tau = sigmoid(LSE_M - LSE_S - Omega) <= e^(LSE_M - LSE_S - Omega), v the means of the values.
#include "attncert/kernel/mask_bounds.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/interval/functions.hpp"
#include "row_range.hpp"

namespace attncert {
namespace {

// max(upper, 0) - min(lower, 0), rounded up: how far apart means of values and 0 can be.
Result<double> diameter_of(const Domain& range) {
  if (!range.lower || !range.upper) {
    return fail(ErrorCode::EnclosureUnbounded, "values are bounded over a box only");
  }
  const Rational zero = 0;
  const Rational width = std::max(*range.upper, zero) - std::min(*range.lower, zero);
  return width == 0 ? 0 : std::nextafter(static_cast<double>(width), INFINITY);
}

// ratio e^exponent
Interval weight_bound(const Rational& ratio, const Rational& exponent, Precision precision) {
  return enclose(ratio, precision) * exp(enclose(exponent, precision), precision);
}

struct Leak {
  std::vector<double> diameters;  // of the values that reach out's column r
  Interval weight;                // tau
  Interval bias_weight;           // tau of the head that writes the output bias
};

// The largest tau sum_r |out_kr| diameter_r + tau_bias |bias_k|.
Result<Rational> largest_move(const Affine& out, const Leak& leak, Precision precision) {
  std::vector<double> magnitudes(leak.diameters.size());
  Rational largest = 0;
  for (long k = 0; k < out.weight.rows; ++k) {
    const auto row = out.weight.row(k);
    std::transform(row.begin(), row.end(), magnitudes.begin(),
                   [](double v) { return std::fabs(v); });
    const Bounded sum = dot(magnitudes, leak.diameters);
    if (!std::isfinite(sum.error)) {
      return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
    }
    const Rational bias(std::fabs(out.bias[static_cast<std::size_t>(k)]));
    const Interval moved = leak.weight * enclose(exact_interval(sum).upper, precision) +
                           leak.bias_weight * enclose(bias, precision);
    if (!is_bounded(moved)) return fail(ErrorCode::EnclosureUnbounded, "the leak overflows");
    largest = std::max(largest, upper_rational(moved));
  }
  return largest;
}

Result<Rational> tokens_of(const Network& network) {
  if (const auto tokens = context_of(network)) return Rational(*tokens);
  return fail(ErrorCode::LayerFactsMismatch, "masks as weights need a network with a context");
}

// Of the values that each row of an attention sublayer's output matrix multiplies.
Result<std::vector<double>> value_diameters(const Model& model, const AttentionSublayer& layer,
                                            const Affine& value, const Inputs& inputs,
                                            Precision precision) {
  ATTNCERT_TRY(const NormWeights norm, norm_weights(model, layer.norm));
  rules::AffineRow row{{}, norm.shift, norm.gain};
  row.shift.push_back(1.0);
  std::vector<double> stored;
  for (long r = 0; r < value.weight.rows; ++r) {
    const auto weight = value.weight.row(r);
    row.weight.assign(weight.begin(), weight.end());
    row.weight.push_back(value.bias[static_cast<std::size_t>(r)]);
    ATTNCERT_TRY(const Domain range, rules::range_of(row, layer.norm.kind, inputs, precision));
    ATTNCERT_TRY(const double diameter, diameter_of(range));
    stored.push_back(diameter);
  }
  std::vector<double> diameters;
  for (long h = 0; h < layer.shape.n_head; ++h) {
    const long group = h * layer.shape.n_kv_head / layer.shape.n_head;
    const auto first = stored.begin() + group * layer.shape.d_head;
    diameters.insert(diameters.end(), first, first + layer.shape.d_head);
  }
  return diameters;
}

}  // namespace

// Scores lie in [-B, B], the bias token's is 0. In the worst row n_M / n_S is the number of tokens
// (causal: one allowed), or 1 (full: the bias token alone is masked).
Result<Rational> attention_leak(const Model& original, const AttentionSublayer& layer,
                                const Inputs& inputs, const Rational& scores, const Rational& omega,
                                Precision precision) {
  ATTNCERT_TRY(const Rational tokens, tokens_of(original.network));
  ATTNCERT_TRY(const AttentionWeights weights, attention_weights(original, layer));
  const Rational ratio = layer.shape.mask == "causal" ? tokens : Rational(1);
  Leak leak;
  ATTNCERT_TRY(leak.diameters, value_diameters(original, layer, weights.value, inputs, precision));
  leak.weight = weight_bound(ratio, Rational(2 * scores - omega), precision);
  leak.bias_weight = weight_bound(ratio, Rational(-omega), precision);
  return largest_move(weights.out, leak, precision);
}

// Allowed: self, with score 0, and the bias token; masked: the other tokens, with score 0. So
// LSE_S >= 0 and LSE_M <= ln(tokens - 1), for every gate; the value is c_i z, or 0.
Result<Rational> neuron_leak(const Model& original, const MlpSublayer& layer, const Gates& gates,
                             const std::vector<Domain>& ranges, const Rational& omega,
                             Precision precision) {
  ATTNCERT_TRY(const Rational tokens, tokens_of(original.network));
  if (static_cast<long>(ranges.size()) != layer.d_mlp) {
    return fail(ErrorCode::RangeCount, "the number of ranges is not the number of neurons");
  }
  Leak leak;
  for (const Domain& range : ranges) {
    ATTNCERT_TRY(const double diameter, diameter_of(range));
    leak.diameters.push_back(diameter);
  }
  Rational coefficients = 0;
  for (const Gate& gate : gates) {
    ATTNCERT_TRY(const Rational coefficient, parse_rational(gate.coefficient));
    coefficients += abs(coefficient);
  }
  const Rational others = tokens - 1;
  leak.weight = weight_bound(Rational(coefficients * others), Rational(-omega), precision);
  leak.bias_weight = weight_bound(others, Rational(-omega), precision);
  ATTNCERT_TRY(const Affine out, mlp_output(original, layer));
  return largest_move(out, leak, precision);
}

}  // namespace attncert
