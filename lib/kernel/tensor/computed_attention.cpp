#include "computed_attention.hpp"

#include <algorithm>

namespace attncert::rules {
namespace {

constexpr double kFarBelow = -31;       // the end of the exponential's table
constexpr double kFarWeight = 0x1p-44;  // e^-31 and less

double middle_of(Ball<Wide> x) { return static_cast<double>(x.mid); }

}  // namespace

// Queries', keys' and values' rows.
struct ComputedAttention::Bounds {
  std::vector<RowBounds> query;
  std::vector<RowBounds> key;
  std::vector<RowBounds> value;
};

// One token's scores against those it sees.
struct ComputedAttention::Scores {
  std::vector<Ball<Wide>> centre;  // scores; then weights
  Panel terms;
  std::vector<double> rest;  // what the terms do not say of each score
  std::vector<double> by;    // how far each may be off
  double reach = 0;          // the largest
  Softmax softmax;
};

Result<ComputedAttention> ComputedAttention::make(
    const Machine& machine, const HeadShape& shape, long context,
    std::shared_ptr<const FunctionTable> exponential) {
  if (shape.rotary || (shape.mask != "causal" && shape.mask != "full")) {
    return fail(ErrorCode::RoundingUnsupported,
                "rounding on prompts knows neither rotary positions nor masks as weights");
  }
  ComputedAttention result(machine);
  result.shape_ = shape;
  result.exponential_ = std::move(exponential);
  result.scale_ = {1, 0};
  if (shape.scale != "1") {  // rsqrt(n)
    ATTNCERT_TRY(const Rational n, parse_rational(shape.scale.substr(6, shape.scale.size() - 7)));
    result.scale_ = ball_cast<Wide>(ball_of(n).reciprocal_sqrt());
  }
  ATTNCERT_TRY(const Upper dot, machine.sum(shape.d_head));
  const Upper unit = machine.compute;
  result.score_error_ = compound(dot, unit, unit, unit, machine.storage).value();
  result.softmax_.emplace_back();
  for (long n = 1; n <= context; ++n) {
    ATTNCERT_TRY(const SoftmaxError error, machine.softmax(n, true, Upper(), Upper::of(1.0)));
    ATTNCERT_TRY(const Upper sum, machine.sum(n, true));
    result.softmax_.push_back(
        {error.relative.value(), error.absolute.value(), compound(sum, unit).value()});
  }
  return result;
}

// Masked scores, where they are lowered, get the weight 0: for all pairs of tokens and all heads.
Status ComputedAttention::check_masked(const Bounds& bounds) const {
  if (!machine_.evaluation().mask_constant) return ok();
  const long d = shape_.d_head;
  const double scale = raised(magnitude(scale_.mid) + scale_.rad);
  const double tiny = (8 * static_cast<double>(d) + 8) * (1 + scale) * roundings_.tiny;
  double reach = 0;
  for (const RowBounds& query : bounds.query) {
    for (const RowBounds& key : bounds.key) {
      for (long head = 0; head < shape_.n_head; ++head) {
        const long other = head * shape_.n_kv_head / shape_.n_head;
        double size = 0;
        for (long r = 0; r < d; ++r) {
          size += query.size[static_cast<std::size_t>(head * d + r)] *
                  key.size[static_cast<std::size_t>(other * d + r)];
        }
        reach = std::max(reach, raised(scale * size * (1 + score_error_) + tiny));
      }
    }
  }
  return machine_.check_masked(Upper::of(reach), Upper::of(reach));
}

// Without max-subtraction what is lost depends on how large the scores may be.
Result<ComputedAttention::Softmax> ComputedAttention::softmax(const Scores& scores) const {
  const auto n = scores.centre.size();
  Softmax result = softmax_[n];
  if (machine_.evaluation().max_subtraction) return result;
  const Upper reach = Upper::of(scores.reach);
  ATTNCERT_CHECK(machine_.check_size(reach, "a score"));
  ATTNCERT_TRY(const SoftmaxError error, machine_.softmax(static_cast<long>(n), true, reach,
                                                          exp_up(Rational(reach.value()))));
  result.relative = error.relative.value();
  result.absolute = error.absolute.value();
  return result;
}

// One score, of coordinates `first`, ... of the query and `other`, ... of the key: to first order
// scale (x . change of y + y . change of x).
Status ComputedAttention::add_score(const Symbols& symbols, const Place& place, const Forms& query,
                                    const Forms& key, const Bounds& bounds, Scores& scores) const {
  const auto& [row, token, first, other] = place;
  const long d = shape_.d_head;
  const auto by = static_cast<double>(scale_.mid);
  const double scale = raised(magnitude(scale_.mid) + scale_.rad);
  const RowBounds& a = bounds.query[static_cast<std::size_t>(row)];
  const RowBounds& b = bounds.key[static_cast<std::size_t>(token)];
  const auto to = scores.terms.row(token);
  double rest = 0;
  double spread = 0;
  double size = 0;
  for (long r = 0; r < d; ++r) {
    const auto i = static_cast<std::size_t>(first + r);
    const auto k = static_cast<std::size_t>(other + r);
    const double x = middle(query.centre, row, first + r);
    const double y = middle(key.centre, token, other + r);
    add_scaled(to, static_cast<float>(y * by),
               query.terms[static_cast<std::size_t>(row)].row(first + r));
    add_terms(symbols, to, row, static_cast<float>(x * by),
              key.terms[static_cast<std::size_t>(token)].row(other + r), token);
    rest += std::fabs(x) * b.rest[k] + std::fabs(y) * a.rest[i] +
            (a.rest[i] + a.spread[i]) * (b.rest[k] + b.spread[k]);
    spread += std::fabs(x) * b.spread[k] + std::fabs(y) * a.spread[i];
    size += a.size[i] * b.size[k];
  }
  const Ball<Wide> score =
      scale_ * Ball<Wide>::dot(query.centre.mid(row, first, d), query.centre.rad(row, first, d),
                               key.centre.mid(token, other, d), key.centre.rad(token, other, d));
  const double tiny = (8 * static_cast<double>(d) + 8) * (1 + scale) * roundings_.tiny +
                      2 * panel_tiny(2 * d) * (1 + spread + a.scope + b.scope);
  const double lost = panel_loss(2 * d + 4) * spread;
  scores.rest.push_back(raised(scale * (rest + lost + score_error_ * size) + tiny + score.rad));
  scores.reach = std::max(scores.reach, raised(scale * size * (1 + score_error_) + tiny));
  scores.centre.push_back({score.mid, 0});
  return check_reach(roundings_, raised(2 * (size + scores.reach)));
}

// Scores become weights of the exact centre; subtracting the largest is rounded.
Status ComputedAttention::weights(Scores& scores) const {
  const auto spread = spreads(scores.terms);
  double most = 0;
  for (std::size_t j = 0; j < scores.rest.size(); ++j) {
    scores.rest[j] =
        raised(scores.rest[j] + 2 * roundings_.unit * scores.reach + 2 * roundings_.tiny);
    scores.by.push_back(raised(scores.rest[j] + spread[j]));
    most = std::max(most, scores.by.back());
  }
  scores.reach = most;
  if (!(most <= 0.25)) {
    return fail(ErrorCode::EnclosureUnbounded, "rounding may change attention scores too much");
  }
  Wide greatest = -INFINITY;
  for (const Ball<Wide>& score : scores.centre) greatest = std::max(greatest, score.mid);
  Ball<Wide> sum;
  for (Ball<Wide>& score : scores.centre) {
    const Ball<Wide> x = score - Ball<Wide>{greatest, 0};
    score = x.mid + x.rad < kFarBelow ? Ball<Wide>{0, kFarWeight} : (*exponential_)(x);
    sum = sum + score;
  }
  for (Ball<Wide>& weight : scores.centre) weight = weight / sum;
  return ok();
}

// sum_j w_j v_j for coordinate `other` of the values: to first order in the scores' moves a_j,
// sum_j p_j (v_j - o) a_j + sum_j p_j b_j for moves b_j of the values; what that leaves:
// docs/formulas.md#forms.
double ComputedAttention::mix(const Symbols& symbols, const Forms& value, const Bounds& bounds,
                              long row, long other, const Scores& scores, Ball<Wide> centre,
                              std::span<float> to, long own) const {
  const auto n = scores.centre.size();
  const auto k = static_cast<std::size_t>(other);
  const double x = 2 * scores.reach;
  const double above = x + x * x;  // e^x - 1 at most, as x <= 1
  const double second = 2 * scores.reach * scores.reach * (1 + above);
  const Softmax& softmax = scores.softmax;
  const double relative = softmax.relative + softmax.sum + softmax.relative * softmax.sum;
  const double loss = panel_loss(2 * static_cast<long>(n) + 6);
  double rest = centre.rad;
  double largest = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const auto token = static_cast<long>(j);
    const RowBounds& v = bounds.value[j];
    const double p = middle_of(scores.centre[j]);
    const double weight = raised(p + scores.centre[j].rad);
    const double from = middle(value.centre, token, other);
    const double away = from - middle_of(centre);
    const double size = std::fabs(from) + magnitude(centre.mid) + centre.rad;
    const double reach = std::fabs(away) + centre.rad + 0x1p-50 * size;
    add_terms(symbols, to, row, static_cast<float>(p * away), scores.terms.row(token), row);
    add_terms(symbols, to, row, static_cast<float>(p), value.terms[j].row(other), token);
    to[static_cast<std::size_t>(own + token)] = static_cast<float>(p * away * scores.rest[j]);
    const double unsure =
        scores.centre[j].rad * (size + v.spread[k]) + weight * (centre.rad + 0x1p-50 * size);
    rest += weight * v.rest[k] + above * weight * (v.spread[k] + v.rest[k]) +
            second * weight * reach + unsure * (scores.by[j] + 1) +
            loss * weight * (reach * scores.by[j] + v.spread[k]) +
            relative * weight * (1 + above) * v.size[k];
    largest = std::max(largest, v.size[k]);
  }
  return raised(rest + softmax.absolute * (1 + softmax.sum) * largest +
                4 * static_cast<double>(n) * roundings_.tiny +
                4 * panel_tiny(2 * static_cast<long>(n)) * static_cast<double>(to.size()) *
                    (1 + largest));
}

// A token's head: scores, weights, and their sums of values.
Status ComputedAttention::attend(const Symbols& before, const Symbols& symbols, long head, long row,
                                 const Forms& query, const Forms& key, const Forms& value,
                                 const Bounds& bounds, Forms& result) const {
  const long d = shape_.d_head;
  const long other = head * shape_.n_kv_head / shape_.n_head * d;
  const long seen = symbols.seen(row);
  Scores scores{{}, Panel(seen, before.width(row)), {}, {}, 0, {}};
  for (long j = 0; j < seen; ++j) {
    ATTNCERT_CHECK(add_score(before, {row, j, head * d, other}, query, key, bounds, scores));
  }
  ATTNCERT_TRY(scores.softmax, softmax(scores));
  ATTNCERT_CHECK(weights(scores));
  Panel& terms = result.terms[static_cast<std::size_t>(row)];
  const long own = symbols.own(row) + head * seen;
  for (long r = 0; r < d; ++r) {
    Ball<Wide> centre;
    for (long j = 0; j < seen; ++j) {
      centre = centre + scores.centre[static_cast<std::size_t>(j)] * value.centre.at(j, other + r);
    }
    result.rest.at(row, head * d + r) =
        mix(symbols, value, bounds, row, other + r, scores, centre, terms.row(head * d + r), own);
    result.centre.set(row, head * d + r, {centre.mid, 0});
  }
  return ok();
}

Result<Forms> ComputedAttention::operator()(Symbols& symbols, const Forms& query, const Forms& key,
                                            const Forms& value) const {
  if (query.rows() >= static_cast<long>(softmax_.size())) {
    return fail(ErrorCode::RoundingUnsupported, "more tokens than the context holds");
  }
  Bounds bounds;
  std::vector<long> counts;
  for (long i = 0; i < query.rows(); ++i) {
    bounds.query.push_back(bounds_of(query, i));
    bounds.key.push_back(bounds_of(key, i));
    bounds.value.push_back(bounds_of(value, i));
    counts.push_back(shape_.n_head * symbols.seen(i));
  }
  ATTNCERT_CHECK(check_masked(bounds));
  const Symbols before = symbols;
  symbols.add(counts);
  Forms result{
      Enclosure<Wide>(query.rows(), query.columns()), {}, Matrix(query.rows(), query.columns())};
  for (long i = 0; i < query.rows(); ++i) {
    result.terms.emplace_back(query.columns(), symbols.width(i));
    for (long head = 0; head < shape_.n_head; ++head) {
      ATTNCERT_CHECK(attend(before, symbols, head, i, query, key, value, bounds, result));
    }
  }
  return result;
}

}  // namespace attncert::rules
