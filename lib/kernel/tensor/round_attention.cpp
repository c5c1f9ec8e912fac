// Rule round-attention: what computing attention, or the token heads that stand for it, rounds.
#include <algorithm>

#include "../rules.hpp"
#include "attncert/interval/functions.hpp"
#include "raised_scores.hpp"
#include "rounded_map.hpp"
#include "row_range.hpp"

namespace attncert::rules {
namespace {

// The sublayer of either side in one form.
struct Maps {
  HeadShape shape;
  Norm norm;
  StoredMap query;
  StoredMap key;
  StoredMap value;
  StoredMap out;
  bool masked = false;                 // some tokens are masked
  std::optional<RaisedScores> raised;  // masks are weights
};

Result<Maps> maps_of(const Machine& machine, const Model& model, const AttentionSublayer& layer) {
  ATTNCERT_TRY(AttentionWeights weights, attention_weights(model, layer));
  Maps maps{layer.shape, layer.norm, {}, {}, {}, {}, layer.shape.mask == "causal", {}};
  const auto& names = layer.projections;
  const auto stored = [&](std::size_t i, Affine map) {
    return stored_map(machine, model, names[names.size() == 1 ? 0 : i], std::move(map));
  };
  ATTNCERT_TRY(maps.query, stored(0, std::move(weights.query)));
  ATTNCERT_TRY(maps.key, stored(1, std::move(weights.key)));
  ATTNCERT_TRY(maps.value, stored(2, std::move(weights.value)));
  ATTNCERT_TRY(maps.out, stored_map(machine, model, layer.out, std::move(weights.out)));
  return maps;
}

Result<Maps> maps_of(const Machine& machine, const Model& model, const TokenHeads& heads) {
  const long inner = heads.shape.n_head * heads.shape.d_head;
  const long shared = heads.shape.n_kv_head * heads.shape.d_head;
  Maps maps{heads.shape, heads.norm, {}, {}, {}, {}, !heads.masks, {}};  // the bias token is masked
  if (heads.masks) {
    ATTNCERT_TRY(maps.raised, raised_scores(machine, model, *heads.masks));
    ATTNCERT_CHECK(check_bias_column(model, heads.key, shared));
    ATTNCERT_CHECK(check_bias_column(model, heads.value, shared));
  }
  ATTNCERT_TRY(maps.query, stored_rows(machine, model, heads.query, inner));
  ATTNCERT_TRY(maps.key, stored_rows(machine, model, heads.key, shared));
  ATTNCERT_TRY(maps.value, stored_rows(machine, model, heads.value, shared));
  ATTNCERT_TRY(maps.out, stored_output(machine, model, heads.output, heads.bias_output, inner));
  return maps;
}

// A head's queries or keys: lengths of the exact ones, and of the computed ones' errors.
struct Vectors {
  std::vector<Upper> length;
  std::vector<Upper> error;
};

// Turning pairs by rotary positions: two products and a sum each, cos and sin rounded.
Status turn(const Machine& machine, const HeadShape& shape, Vectors& vectors) {
  if (!shape.rotary) return ok();
  const Upper relative =
      compound(Upper::of(2L) * machine.compute, machine.compute, machine.compute);
  const Upper pair = Upper::of(2.0);  // both of a pair are off by so much of |q_0| + |q_1|
  const Upper tiny = Upper::of(shape.d_head) * Upper::of(6L) * machine.compute_tiny;
  for (std::size_t h = 0; h < vectors.length.size(); ++h) {
    const Upper computed = vectors.length[h] + vectors.error[h];
    vectors.error[h] =
        vectors.error[h] + relative * pair * computed + tiny * (Upper::of(1.0) + computed);
    ATTNCERT_CHECK(machine.check_size(Upper::of(2L) * computed, "a turned query or key"));
  }
  return ok();
}

Result<Vectors> vectors_of(const Machine& machine, const Maps& maps, const StoredMap& map,
                           const RoundedRows& rows, const NormedRow& row, const Inputs& inputs,
                           Precision precision) {
  Vectors vectors;
  const long d = maps.shape.d_head;
  ATTNCERT_TRY(const auto lengths,
               head_lengths(map.map, d, maps.norm, {row.gain, row.shift}, inputs, precision));
  for (std::size_t h = 0; h < lengths.size(); ++h) {
    Upper squares;
    for (long r = 0; r < d; ++r) {
      const Upper error = rows.error[h * static_cast<std::size_t>(d) + static_cast<std::size_t>(r)];
      squares = squares + error * error;
    }
    vectors.length.push_back(Upper::of(upper_double(lengths[h])));
    vectors.error.push_back(sqrt(squares));
  }
  ATTNCERT_CHECK(turn(machine, maps.shape, vectors));
  return vectors;
}

// A head's softmax: how far its weights are off, all together, and how large they may add up.
struct HeadWeights {
  Upper moved;   // total variation from the exact weights, by scores' errors
  Upper off;     // of computed weights from those of the computed scores
  Upper scores;  // |computed score|
};

class ScoreRounding {
public:
  static Result<ScoreRounding> make(const Machine& machine, const Maps& maps, long tokens,
                                    Precision precision) {
    ScoreRounding result(machine, tokens, maps.masked);
    ATTNCERT_TRY(const Interval scale, scale_of(maps.shape.scale, precision));
    result.scale_ = Upper::of(upper_double(scale));
    const long d = maps.shape.d_head;
    const long terms = maps.raised ? d + 1 : d;
    ATTNCERT_TRY(const Upper added, machine.sum(terms, maps.raised.has_value()));
    result.relative_ = compound(added, machine.compute, machine.compute, machine.compute);
    if (maps.raised) result.relative_ = compound(result.relative_, machine.compute);
    result.tiny_ = (Upper::of(1.0) + result.relative_) *
                   ((Upper::of(1.0) + result.scale_) *
                        (Upper::of(2 * terms) * machine.accumulate_tiny + machine.compute_tiny) +
                    Upper::of(2L) * machine.compute_tiny);
    if (maps.raised) result.raise(*maps.raised, d);
    return result;
  }

  Result<HeadWeights> of(Upper query, Upper query_error, Upper key, Upper key_error) const {
    const Upper products = query_error * key + query * key_error + query_error * key_error;
    const Upper computed = (query + query_error) * (key + key_error);
    Upper error = scale_ * (products + relative_ * computed) + tiny_ + raised_error_ +
                  key_tiny_ * (Upper::of(1.0) + key + key_error);
    const Upper scores = scale_ * query * key + raised_ + error;
    ATTNCERT_CHECK(machine_.check_size(
        computed * (Upper::of(1.0) + relative_) + tiny_ + raised_ + raised_error_, "a score"));
    ATTNCERT_CHECK(machine_.check_size(scores, "a score"));
    if (masked_) ATTNCERT_CHECK(machine_.check_masked(scores, scores));
    if (machine_.evaluation().max_subtraction) {
      error = error + Upper::of(2L) * machine_.compute * scores + machine_.compute_tiny;
    }
    const Upper reciprocal =
        machine_.evaluation().max_subtraction ? Upper::of(1.0) : exp_up(Rational(scores.value()));
    ATTNCERT_TRY(const SoftmaxError softmax, machine_.softmax(tokens_, false, scores, reciprocal));
    return HeadWeights{min(Upper::of(1.0), Upper::of(0.5) * error),
                       softmax.relative + softmax.absolute, scores};
  }

private:
  ScoreRounding(const Machine& machine, long tokens, bool masked)
      : machine_(machine), tokens_(tokens), masked_(masked) {}

  // Omega is added to the scaled score, or is one of its terms, queries being scaled before.
  void raise(const RaisedScores& raised, long d) {
    const Upper grown = Upper::of(1.0) + relative_;
    raised_ = raised.omega;
    raised_error_ = compound(raised.relative, relative_) * raised.omega +
                    grown * (raised.tiny + machine_.compute_tiny);
    key_tiny_ = grown * Upper::of(d) * machine_.compute_tiny;
  }

  const Machine& machine_;
  long tokens_;
  bool masked_;
  Upper raised_;  // what scores are raised by
  Upper raised_error_;
  Upper key_tiny_;
  Upper scale_;
  Upper relative_;  // of the products of a score, its rounding and its scaling
  Upper tiny_;
};

// Means of values, computed with weights that are off.
class MeanRounding {
public:
  static Result<MeanRounding> make(const Machine& machine, long tokens) {
    MeanRounding result;
    ATTNCERT_TRY(const Upper added, machine.sum(tokens));
    result.relative_ = compound(added, machine.compute);
    result.tiny_ = (Upper::of(1.0) + result.relative_) *
                   (Upper::of(2 * tokens) * machine.accumulate_tiny + machine.compute_tiny);
    return result;
  }

  Upper operator()(const HeadWeights& weights, Upper size, Upper error, Upper width) const {
    const Upper computed = size + error;
    const Upper all = Upper::of(1.0) + weights.off;
    return relative_ * all * computed + weights.off * computed + error + weights.moved * width +
           tiny_;
  }

private:
  Upper relative_;
  Upper tiny_;
};

struct Over {
  const Inputs& inputs;
  long tokens;
  Precision precision;
};

Result<InnerValues> head_means(const Machine& machine, const Maps& maps, const NormedRow& row,
                               const Over& over) {
  const HeadShape& shape = maps.shape;
  ATTNCERT_TRY(const RoundedRows values, rounded_rows(machine, row, maps.value));
  const auto vectors = [&](const StoredMap& map) -> Result<Vectors> {
    ATTNCERT_TRY(const RoundedRows rows, rounded_rows(machine, row, map));
    return vectors_of(machine, maps, map, rows, row, over.inputs, over.precision);
  };
  ATTNCERT_TRY(const Vectors query, vectors(maps.query));
  ATTNCERT_TRY(const Vectors key, vectors(maps.key));
  ATTNCERT_TRY(const ScoreRounding scores,
               ScoreRounding::make(machine, maps, over.tokens, over.precision));
  ATTNCERT_TRY(const MeanRounding mean, MeanRounding::make(machine, over.tokens));
  InnerValues inner;
  inner.terms = shape.n_head * shape.d_head + 1;
  for (long h = 0; h < shape.n_head; ++h) {
    const auto head = static_cast<std::size_t>(h);
    const long group = h * shape.n_kv_head / shape.n_head;
    const auto shared = static_cast<std::size_t>(group);
    ATTNCERT_TRY(const HeadWeights weights, scores.of(query.length[head], query.error[head],
                                                      key.length[shared], key.error[shared]));
    inner.scores = max(inner.scores, weights.scores);
    for (long r = group * shape.d_head; r < (group + 1) * shape.d_head; ++r) {
      const auto at = static_cast<std::size_t>(r);
      inner.size.push_back(values.size[at]);
      // The bias token's value 0 is one of those averaged where masks are weights.
      const Upper width = maps.raised ? max(values.width[at], values.size[at]) : values.width[at];
      inner.error.push_back(mean(weights, values.size[at], values.error[at], width));
      ATTNCERT_CHECK(machine.check_size(inner.size.back() + inner.error.back(), "a head's mean"));
    }
  }
  return inner;
}

Result<RoundingBound> error_of(const Machine& machine, const Model& model, const Maps& maps,
                               const Inputs& inputs, const std::optional<long>& longest,
                               Precision precision) {
  const auto context = longest && !maps.raised ? longest : context_of(model.network);
  if (!context) {
    return fail(ErrorCode::LayerFactsMismatch,
                "rounding of attention needs a context, or a number of tokens in the statement");
  }
  ATTNCERT_TRY(const NormedRow row, normed_row(machine, model, maps.norm, inputs));
  const long tokens = *context + (maps.query.heads ? 1 : 0);
  ATTNCERT_TRY(InnerValues inner, head_means(machine, maps, row, {inputs, tokens, precision}));
  if (maps.query.heads) {
    ATTNCERT_TRY(inner.bias_factor, bias_error(machine, maps.raised));
  }
  return output_error(machine, maps.out, inner);
}

}  // namespace

Status round_attention(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Rounding* goal, conclusion_as<Rounding>(step));
  ATTNCERT_TRY(const Model* model, goal->converted ? context.converted() : context.original());
  ATTNCERT_TRY(const RoundingBound bound,
               attention_rounding(*model, goal->converted, goal->layer, goal->inputs,
                                  goal->evaluation, goal->tokens, step.precision));
  if (bound.error <= goal->epsilon) return ok();
  return fail(ErrorCode::BoundExceeded,
              "rounding may move an output coordinate of " + goal->layer + " by more than stated");
}

}  // namespace attncert::rules

namespace attncert {

Result<RoundingBound> attention_rounding(const Model& model, bool converted,
                                         const std::string& layer, const Inputs& inputs,
                                         const Evaluation& evaluation,
                                         const std::optional<long>& tokens, Precision precision) {
  using namespace rules;
  const Machine machine(evaluation);
  Maps maps;
  if (converted) {
    ATTNCERT_TRY(const TokenHeads* heads, sublayer_named<TokenHeads>(model.network, layer));
    ATTNCERT_TRY(maps, maps_of(machine, model, *heads));
  } else {
    ATTNCERT_TRY(const AttentionSublayer* original,
                 sublayer_named<AttentionSublayer>(model.network, layer));
    ATTNCERT_TRY(maps, maps_of(machine, model, *original));
  }
  return error_of(machine, model, maps, inputs, tokens, precision);
}

}  // namespace attncert
