// Rule spectral: a bound on every attention score of a sublayer, from the weights alone.
//
// A head's score is scale q.k with q = A n + a, A = W_q diag(gamma) P, |n| < sqrt(D), and likewise k;
// rotary positions turn q and k, and leave their lengths. So |score| <= scale |q| |k| with
// |q| <= sqrt(D) |A| + |a|, and the spectral norm |A| is at most the fourth root of
// tr (A A^T)^2 = sum over rows a, b of (A_a . A_b)^2. Over a box |q| is bounded by its rows' ranges.
#include <algorithm>
#include <cmath>

#include "../rules.hpp"
#include "attncert/interval/functions.hpp"
#include "attncert/kernel/mask_bounds.hpp"
#include "row_range.hpp"

namespace attncert::rules {
namespace {

Error overflow() { return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums"); }

// |exact|, rounded up.
double magnitude(const Bounded& x) {
  return std::nextafter(std::fabs(x.value) + x.error, INFINITY);
}

double magnitude(const Domain& range) {
  const Rational reach = std::max(Rational(abs(*range.lower)), Rational(abs(*range.upper)));
  return std::nextafter(static_cast<double>(reach), INFINITY);
}

// Rows of a projection that belong to one head, after the norm.
struct HeadRows {
  std::vector<Direction> directions;
  std::vector<double> offsets;  // |w.beta + c|, rounded up
  std::vector<double> reaches;  // over a box: the largest |w.norm(x) + c|
};

// What A differs from the fp64 entries by, at most: its Frobenius norm.
Interval rounding_of(const HeadRows& rows, Precision precision) {
  Interval total = integer(0, precision);
  for (const Direction& direction : rows.directions) {
    const auto width = static_cast<long>(direction.g.size());
    total = total +
            (length_bound(direction.r, precision) + length_bound(direction.g, precision)) *
                attncert::enclose(power_of_two(-52), precision) +
            integer(width, precision) * attncert::enclose(power_of_two(-1021), precision);
  }
  return total;
}

Interval spectral_norm(const HeadRows& rows, Precision precision) {
  std::vector<double> gram;
  for (const Direction& a : rows.directions) {
    for (const Direction& b : rows.directions) {
      const double product = magnitude(dot(a.r, b.r));
      gram.push_back(product);
      if (&a == &b) break;
      gram.push_back(product);  // of b and a
    }
  }
  return sqrt(length_bound(gram, precision), precision) + rounding_of(rows, precision);
}

struct Over {
  const Norm& norm;
  const NormWeights& weights;
  const Inputs& inputs;

  Extent extent() const { return extent_of(norm.kind, inputs); }
};

// |q| or |k| of one head.
Interval length_of(const HeadRows& rows, const Over& over, Precision precision) {
  if (over.extent() != Extent::ball) return length_bound(rows.reaches, precision);
  const auto width = static_cast<long>(rows.directions.front().g.size());
  Interval reach = sqrt(integer(width, precision), precision) * spectral_norm(rows, precision);
  if (over.inputs.is_computed()) reach = reach * attncert::enclose(over.inputs.size, precision);
  return reach + length_bound(rows.offsets, precision);
}

Result<HeadRows> rows_of(const Affine& map, long first, long count, const Over& over,
                         Precision precision) {
  HeadRows rows;
  AffineRow row{{}, over.weights.shift, over.weights.gain};
  row.shift.push_back(1.0);
  for (long r = first; r < first + count; ++r) {
    const auto weight = map.weight.row(r);
    row.weight.assign(weight.begin(), weight.end());
    row.weight.push_back(map.bias[static_cast<std::size_t>(r)]);
    if (over.extent() != Extent::ball) {
      ATTNCERT_TRY(const Domain range, range_of(row, over.norm.kind, over.inputs, precision));
      if (!range.lower)
        return fail(ErrorCode::EnclosureUnbounded, "scores are bounded over a box only");
      rows.reaches.push_back(magnitude(range));
      continue;
    }
    rows.directions.push_back(direction_of(row, over.norm.kind, over.inputs));
    rows.offsets.push_back(magnitude(dot(row.weight, row.shift)));
  }
  return rows;
}

}  // namespace

Result<std::vector<Interval>> head_lengths(const Affine& map, long d_head, const Norm& norm,
                                           const NormWeights& weights, const Inputs& inputs,
                                           Precision precision) {
  const Over over{norm, weights, inputs};
  std::vector<Interval> lengths;
  for (long first = 0; first < map.weight.rows; first += d_head) {
    ATTNCERT_TRY(const HeadRows rows, rows_of(map, first, d_head, over, precision));
    lengths.push_back(length_of(rows, over, precision));
    if (!is_bounded(lengths.back())) return overflow();
  }
  return lengths;
}

Status spectral(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const ScoreBound* goal, conclusion_as<ScoreBound>(step));
  ATTNCERT_TRY(const Model* model, context.original());
  ATTNCERT_TRY(const AttentionSublayer* layer,
               sublayer_named<AttentionSublayer>(model->network, goal->layer));
  ATTNCERT_TRY(const Rational bound, score_bound(*model, *layer, goal->inputs, step.precision));
  if (bound <= goal->bound) return ok();
  return fail(ErrorCode::BoundExceeded,
              "scores of " + goal->layer + " may exceed the stated bound");
}

}  // namespace attncert::rules

namespace attncert {

Result<Rational> score_bound(const Model& original, const AttentionSublayer& layer,
                             const Inputs& inputs, Precision precision) {
  using namespace rules;
  ATTNCERT_TRY(const AttentionWeights weights, attention_weights(original, layer));
  ATTNCERT_TRY(const NormWeights norm, norm_weights(original, layer.norm));
  const auto lengths_of = [&](const Affine& map) {
    return head_lengths(map, layer.shape.d_head, layer.norm, norm, inputs, precision);
  };
  ATTNCERT_TRY(const auto queries, lengths_of(weights.query));
  ATTNCERT_TRY(const auto keys, lengths_of(weights.key));
  ATTNCERT_TRY(const Interval scale, scale_of(layer.shape.scale, precision));
  Rational largest = 0;
  for (std::size_t h = 0; h < queries.size(); ++h) {
    const Interval bound = scale * queries[h] * keys[h * keys.size() / queries.size()];
    if (!is_bounded(bound)) return overflow();
    largest = std::max(largest, upper_rational(bound));
  }
  return largest;
}

}  // namespace attncert
