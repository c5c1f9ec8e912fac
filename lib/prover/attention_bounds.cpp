#include <algorithm>

#include "attncert/interval/functions.hpp"
#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/model/decimal.hpp"
#include "attncert/prover/mask_formats.hpp"

namespace attncert {
namespace {

constexpr Precision kPrecision = 96;
constexpr int kDigits = 12;

bool removes_mean(const std::string& norm) { return norm == "layer-norm" || norm == "mean-norm"; }
bool bounds_nothing(const std::string& norm) { return norm == "mean-norm" || norm == "none"; }

// gamma w - mu, mu the mean where the norm removes it: any mu is right.
std::vector<Interval> direction(std::span<const double> weight, const std::vector<double>& gain,
                                bool centred) {
  std::vector<Interval> entries;
  Interval sum = integer(0, kPrecision);
  for (std::size_t i = 0; i < gain.size(); ++i) {
    entries.push_back(enclose(Rational(weight[i]), kPrecision) *
                      enclose(Rational(gain[i]), kPrecision));
    sum = sum + entries.back();
  }
  if (!centred) return entries;
  const Interval mean = sum / integer(static_cast<long>(gain.size()), kPrecision);
  const Interval mu = enclose(lower_rational(mean), kPrecision);
  for (Interval& entry : entries) entry = entry - mu;
  return entries;
}

// How far apart two values w.norm(x) + c can be.
Interval spread_of(const std::vector<Interval>& entries, const std::optional<Rational>& box) {
  Interval sum = integer(0, kPrecision);
  for (const Interval& entry : entries) sum = sum + (box ? abs(entry) : entry * entry);
  const Interval two = integer(2, kPrecision);
  if (box) return two * enclose(*box, kPrecision) * sum;
  const Interval size = integer(static_cast<long>(entries.size()), kPrecision);
  return two * sqrt(size * max(sum, integer(0, kPrecision)), kPrecision);
}

}  // namespace

Result<AttentionBounds> attention_bounds(const Model& model, const std::string& layer,
                                         const std::optional<Rational>& box) {
  ATTNCERT_TRY(const AttentionSublayer* attention,
               sublayer_named<AttentionSublayer>(model.network, layer));
  ATTNCERT_TRY(const Rational scores, score_bound(model, *attention, box, kPrecision));
  ATTNCERT_TRY(const AttentionWeights weights, attention_weights(model, *attention));
  ATTNCERT_TRY(const NormWeights norm, norm_weights(model, attention->norm));
  const std::string& kind = attention->norm.kind;
  const std::optional<Rational> reach = bounds_nothing(kind) ? box : std::nullopt;
  Rational spread = 0;
  for (long r = 0; r < weights.value.weight.rows; ++r) {
    const auto entries = direction(weights.value.weight.row(r), norm.gain, removes_mean(kind));
    const Interval one = spread_of(entries, reach);
    if (!is_bounded(one)) return fail(ErrorCode::EnclosureUnbounded, "the values are unbounded");
    spread = std::max(spread, upper_rational(one));
  }
  const auto up = [](const Rational& x) {
    return x == 0 ? x : round_decimal(x, kDigits, Direction::up);
  };
  return AttentionBounds{up(scores), up(spread)};
}

}  // namespace attncert
