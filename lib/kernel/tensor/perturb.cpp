// Rule perturb: what storing the construction's weights rounded does to a sublayer.
//
// A stored row w' + d stands for w + c; over every input |(w' - w) . x + (d - c)| <= delta, by the
// ball or box of the difference. An MLP's neuron z S(z) becomes u S(q), |u - z| and |q - z| bounded:
// off by at most |u - z| |S(q)| + |z| |S(q) - S(z)|. A head's scores move by at
// most eta, its softmax weights by tanh(eta / 2) <= eta / 2 in total variation.
#include <algorithm>
#include <cmath>

#include "../rules.hpp"
#include "attncert/interval/functions.hpp"
#include "attncert/kernel/perturbation.hpp"
#include "row_range.hpp"
#include "same.hpp"

namespace attncert::rules {
namespace {

double round_up(const Rational& q) {
  return q == 0 ? 0 : std::nextafter(static_cast<double>(q), INFINITY);
}

double magnitude_of(const Domain& range) {
  return round_up(std::max(Rational(abs(*range.lower)), Rational(abs(*range.upper))));
}

Error too_far(const std::string& tensor) {
  return fail(ErrorCode::EnclosureUnbounded,
              "tensor '" + tensor + "' is no rounding of the construction's");
}

// a - b where fp64 holds it exactly (TwoSum: the rounding of the difference is itself a number).
std::optional<double> exact_difference(double a, double b) {
  const double difference = a - b;
  const double b_used = difference - a;
  const double lost = (a - (difference - b_used)) - (b + b_used);
  return lost == 0 ? std::optional(difference) : std::nullopt;
}

// Stored rows [w', d, 0], times a sign, less those of a map: exact in fp64, or refused.
Result<Affine> difference_of(const TensorFile& file, const std::string& name, const Affine& map,
                             double sign) {
  const long width = map.weight.columns;
  ATTNCERT_TRY(const Matrix stored, read_matrix(file, name, map.weight.rows, width + 2));
  Affine difference{Matrix(map.weight.rows, width), map.bias};
  for (long j = 0; j < map.weight.rows; ++j) {
    if (stored.at(j, width + 1) != 0) return mismatch(name, j, width + 1);
    for (long i = 0; i <= width; ++i) {
      const double ideal = i < width ? map.weight.at(j, i) : map.bias[static_cast<std::size_t>(j)];
      const auto moved = exact_difference(sign * stored.at(j, i), ideal);
      if (!moved) return too_far(name);
      (i < width ? difference.weight.at(j, i) : difference.bias[static_cast<std::size_t>(j)]) =
          *moved;
    }
  }
  return difference;
}

struct Over {
  const Inputs& inputs;
  Precision precision;
};

// Where each row of an affine map lies, after the norm.
class Ranges {
public:
  static Result<Ranges> make(const Model& model, const Norm& norm, const Over& over) {
    ATTNCERT_TRY(NormWeights weights, norm_weights(model, norm));
    weights.shift.push_back(1.0);
    return Ranges(norm.kind, std::move(weights), over);
  }

  Result<std::vector<Domain>> operator()(const Affine& map) const {
    std::vector<Domain> ranges;
    AffineRow row{{}, weights_.shift, weights_.gain};
    for (long j = 0; j < map.weight.rows; ++j) {
      const auto weight = map.weight.row(j);
      row.weight.assign(weight.begin(), weight.end());
      row.weight.push_back(map.bias[static_cast<std::size_t>(j)]);
      ATTNCERT_TRY(Domain range, range_of(row, kind_, over_.inputs, over_.precision));
      if (!range.is_bounded()) {
        return fail(ErrorCode::EnclosureUnbounded, "rounding is bounded over a box only");
      }
      ranges.push_back(std::move(range));
    }
    return ranges;
  }

  Result<std::vector<double>> magnitudes(const Affine& map) const {
    ATTNCERT_TRY(const std::vector<Domain> ranges, (*this)(map));
    std::vector<double> result;
    for (const Domain& range : ranges) {
      result.push_back(magnitude_of(range));
      if (!std::isfinite(result.back())) {
        return fail(ErrorCode::EnclosureUnbounded, "values beyond what fp64 holds");
      }
    }
    return result;
  }

private:
  Ranges(std::string kind, NormWeights weights, const Over& over)
      : kind_(std::move(kind)), weights_(std::move(weights)), over_(over) {}

  std::string kind_;
  NormWeights weights_;
  const Over& over_;
};

// Of each inner value that the output matrix multiplies: how far it moves, how large it is then.
struct Inner {
  std::vector<double> moved;
  std::vector<double> reached;
};

// The largest sum_r |out_kr| moved_r + |out'_kr - out_kr| reached_r + |b'_k - b_k|.
template <class Heads>
Result<Rational> largest_move(const TensorFile& file, const Heads& heads, const Affine& out,
                              bool has_bias, const Inner& inner) {
  if (has_bias != heads.bias_output.has_value()) {
    return fail(ErrorCode::LayerFactsMismatch, "the output bias and its head do not go together");
  }
  const long width = out.weight.rows;
  ATTNCERT_TRY(const Matrix stored, read_matrix(file, heads.output, out.weight.columns, width + 2));
  Matrix bias(1, width + 2);
  if (has_bias) {
    ATTNCERT_TRY(bias, read_matrix(file, *heads.bias_output, 1, width + 2));
  }
  for (long k = width; k < width + 2; ++k) {
    if (bias.at(0, k) != 0) return mismatch(*heads.bias_output, 0, k);
    for (long r = 0; r < stored.rows; ++r) {
      if (stored.at(r, k) != 0) return mismatch(heads.output, r, k);
    }
  }
  std::vector<double> factors = inner.moved;
  factors.insert(factors.end(), inner.reached.begin(), inner.reached.end());
  std::vector<double> terms(factors.size());
  Rational largest = 0;
  for (long k = 0; k < width; ++k) {
    for (long r = 0; r < stored.rows; ++r) {
      const double ideal = out.weight.at(k, r);
      const auto moved = exact_difference(stored.at(r, k), ideal);
      if (!moved) return too_far(heads.output);
      terms[static_cast<std::size_t>(r)] = std::fabs(ideal);
      terms[static_cast<std::size_t>(stored.rows + r)] = std::fabs(*moved);
    }
    const Bounded sum = dot(terms, factors);
    const Rational shift =
        Rational(bias.at(0, k)) - Rational(out.bias[static_cast<std::size_t>(k)]);
    if (!std::isfinite(sum.error)) {
      return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
    }
    largest = std::max(largest, Rational(exact_interval(sum).upper + abs(shift)));
  }
  return largest;
}

Error shapes_differ(const std::string& name) {
  return fail(
      ErrorCode::LayerFactsMismatch,
      "sublayer '" + name +
          "': rounded weights need equal sizes, masks and scales, no gates and exact masks");
}

// S(z) = sum_i c_i / (1 + sum_k e^-(b_ik z + beta_ik)): |S| <= sum |c_i|, each weight lying in (0, 1).
class GateBounds {
public:
  static Result<GateBounds> make(const Gates& gates) {
    GateBounds bounds;
    for (const Gate& gate : gates) {
      Part part;
      ATTNCERT_TRY(part.size, parse_rational(gate.coefficient));
      part.size = abs(part.size);
      for (const Score& score : gate.scores) {
        ATTNCERT_TRY(const Rational slope, parse_rational(score.slope));
        part.slope = std::max(part.slope, Rational(abs(slope)));
      }
      if (gate.scores.size() == 1) {
        ATTNCERT_TRY(const Rational shift, parse_rational(gate.scores.front().shift));
        part.shift = abs(shift);
      }
      bounds.size_ += part.size;
      bounds.parts_.push_back(std::move(part));
    }
    return bounds;
  }

  const Rational& size() const { return size_; }

  // |z| |S(q) - S(z)| where |z| <= reach and |q - z| <= moved. A weight's slope is a mean of the b_k
  // times at most 1/4. With one score s = b x + beta it is b sigma'(s), and at an x between q and z
  // |z b sigma'(s)| <= (|s| + |beta| + |b| moved) sigma'(s), where |s| sigma'(s) < 0.2238717.
  Rational change(const Rational& reach, const Rational& moved) const {
    const Rational peak(2238717, 10000000);
    Rational total = 0;
    for (const Part& part : parts_) {
      Rational factor = part.slope * reach / 4;
      if (part.shift) {
        factor = std::min(factor, Rational(peak + (*part.shift + part.slope * moved) / 4));
      }
      total += part.size * factor;
    }
    return Rational(total * moved);
  }

private:
  struct Part {
    Rational size = 0;
    Rational slope = 0;             // the largest |b_k|
    std::optional<Rational> shift;  // |beta| of a single score
  };
  Rational size_ = 0;
  std::vector<Part> parts_;
};

Result<Rational> move_of_mlp(const Model& original, const MlpSublayer& mlp, const Model& converted,
                             const NeuronHeads& heads, const Over& over) {
  if (heads.neurons != mlp.d_mlp || heads.gated || mlp.gate || heads.masks) {
    return shapes_differ(mlp.name);
  }
  ATTNCERT_CHECK(check_same_norm(original, mlp.norm, converted, heads.norm));
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(original, mlp));
  const TensorFile& file = converted.weights;
  ATTNCERT_TRY(const Affine query, difference_of(file, heads.query, weights.in, -1));
  ATTNCERT_TRY(const Affine value, difference_of(file, heads.value, weights.in, 1));
  ATTNCERT_TRY(const Ranges ranges, Ranges::make(original, mlp.norm, over));
  ATTNCERT_TRY(const std::vector<double> z, ranges.magnitudes(weights.in));
  ATTNCERT_TRY(const std::vector<double> q, ranges.magnitudes(query));
  ATTNCERT_TRY(const std::vector<double> u, ranges.magnitudes(value));
  ATTNCERT_TRY(const GateBounds gates, GateBounds::make(heads.gates));
  Inner inner;
  for (std::size_t j = 0; j < z.size(); ++j) {
    const Rational reach(z[j]);
    const Rational moved(u[j]);
    inner.moved.push_back(
        round_up(Rational(moved * gates.size() + gates.change(reach, Rational(q[j])))));
    inner.reached.push_back(round_up(Rational((reach + moved) * gates.size())));
  }
  return largest_move(file, heads, weights.out, mlp.out.bias.has_value(), inner);
}

// Of one head: the part of a vector of rows' bounds that belongs to it.
Interval head_length(const std::vector<double>& rows, long head, long d_head, Precision precision) {
  const auto first = rows.begin() + head * d_head;
  return length_bound(std::vector<double>(first, first + d_head), precision);
}

// Half of how far a head's scores move, at most 1: the total variation of its softmax weights.
class ScoreMoves {
public:
  ScoreMoves(const HeadShape& shape, const Interval& scale, Precision precision)
      : shape_(shape), scale_(scale), precision_(precision) {}

  // Rows' magnitudes, and how far they move.
  Result<double> of(long head, const Inner& query, const Inner& key) const {
    const long group = head * shape_.n_kv_head / shape_.n_head;
    const long d = shape_.d_head;
    const Interval q = head_length(query.reached, head, d, precision_);
    const Interval dq = head_length(query.moved, head, d, precision_);
    const Interval k = head_length(key.reached, group, d, precision_);
    const Interval dk = head_length(key.moved, group, d, precision_);
    const Interval half = scale_ * (dq * k + q * dk + dq * dk) / integer(2, precision_);
    if (!is_bounded(half)) {
      return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
    }
    return std::min(1.0, round_up(upper_rational(half)));
  }

private:
  const HeadShape& shape_;
  Interval scale_;
  Precision precision_;
};

Result<Rational> move_of_attention(const Model& original, const AttentionSublayer& layer,
                                   const Model& converted, const TokenHeads& heads,
                                   const Over& over) {
  if (heads.masks || heads.shape != layer.shape) return shapes_differ(layer.name);
  ATTNCERT_CHECK(check_same_norm(original, layer.norm, converted, heads.norm));
  ATTNCERT_TRY(const AttentionWeights weights, attention_weights(original, layer));
  ATTNCERT_TRY(const Ranges ranges, Ranges::make(original, layer.norm, over));
  const TensorFile& file = converted.weights;
  const auto rows = [&](const std::string& name, const Affine& map) -> Result<Inner> {
    ATTNCERT_TRY(const Affine difference, difference_of(file, name, map, 1));
    Inner result;
    ATTNCERT_TRY(result.moved, ranges.magnitudes(difference));
    ATTNCERT_TRY(result.reached, ranges.magnitudes(map));
    return result;
  };
  ATTNCERT_TRY(const Inner query, rows(heads.query, weights.query));
  ATTNCERT_TRY(const Inner key, rows(heads.key, weights.key));
  ATTNCERT_TRY(const Inner value, rows(heads.value, weights.value));
  ATTNCERT_TRY(const std::vector<Domain> values, ranges(weights.value));
  ATTNCERT_TRY(const Interval scale, scale_of(layer.shape.scale, over.precision));
  const ScoreMoves moves(layer.shape, scale, over.precision);
  const long d = layer.shape.d_head;
  Inner inner;
  for (long h = 0; h < layer.shape.n_head; ++h) {
    ATTNCERT_TRY(const double variation, moves.of(h, query, key));
    const long first = h * layer.shape.n_kv_head / layer.shape.n_head * d;
    for (long r = first; r < first + d; ++r) {
      const auto at = static_cast<std::size_t>(r);
      const Rational width = *values[at].upper - *values[at].lower;
      const Rational moved(value.moved[at]);
      inner.moved.push_back(round_up(Rational(moved + Rational(variation) * width)));
      inner.reached.push_back(round_up(Rational(moved + Rational(value.reached[at]))));
    }
  }
  return largest_move(file, heads, weights.out, layer.out.bias.has_value(), inner);
}

}  // namespace

Status perturb(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Perturbation* goal, conclusion_as<Perturbation>(step));
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  ATTNCERT_TRY(const Rational moved,
               perturbation_of(*original, *converted, goal->layer, goal->inputs, step.precision));
  if (moved <= goal->epsilon) return ok();
  return fail(ErrorCode::BoundExceeded, "rounded weights may move an output coordinate of " +
                                            goal->layer + " by more than the stated epsilon");
}

}  // namespace attncert::rules

namespace attncert {

Result<Rational> perturbation_of(const Model& original, const Model& converted,
                                 const std::string& layer, const Inputs& inputs,
                                 Precision precision) {
  using namespace rules;
  const Over over{inputs, precision};
  if (converted.network.d_model != original.network.d_model) return shapes_differ(layer);
  if (const auto mlp = sublayer_named<MlpSublayer>(original.network, layer)) {
    ATTNCERT_TRY(const NeuronHeads* heads, sublayer_named<NeuronHeads>(converted.network, layer));
    return move_of_mlp(original, *mlp.value(), converted, *heads, over);
  }
  ATTNCERT_TRY(const AttentionSublayer* attention,
               sublayer_named<AttentionSublayer>(original.network, layer));
  ATTNCERT_TRY(const TokenHeads* heads, sublayer_named<TokenHeads>(converted.network, layer));
  return move_of_attention(original, *attention, converted, *heads, over);
}

}  // namespace attncert
