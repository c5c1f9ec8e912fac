// What computing neuron heads rounds: gates, their softmax over self and bias tokens, output bias.
#include <algorithm>

#include "raised_scores.hpp"
#include "round_mlp.hpp"
#include "same.hpp"

namespace attncert::rules {
namespace {

// sup |t| s'(t) and sup t^2 s'(t), s the sigmoid, rounded up: docs/formulas.md#rounding-heads
const Upper& first_peak() {
  static const Upper peak = Upper::of(Rational(2238717, 10000000));
  return peak;
}
const Upper& second_peak() {
  static const Upper peak = Upper::of(Rational(4392289, 10000000));
  return peak;
}

// One gate in numbers.
struct GateSizes {
  Upper coefficient;
  bool unit = false;  // the coefficient is 1 or -1, which multiplies exactly
  Upper slope;        // the largest |b_k|
  Upper shift;        // the largest |beta_k|
  Upper per_slope;    // 1 / |b| of a single score
  long scores = 0;
};

Result<GateSizes> sizes_of(const Gate& gate) {
  GateSizes sizes;
  ATTNCERT_TRY(const Rational coefficient, parse_rational(gate.coefficient));
  sizes.coefficient = Upper::of(coefficient);
  sizes.unit = abs(coefficient) == 1;
  sizes.scores = static_cast<long>(gate.scores.size());
  for (const Score& score : gate.scores) {
    ATTNCERT_TRY(const Rational slope, parse_rational(score.slope));
    ATTNCERT_TRY(const Rational shift, parse_rational(score.shift));
    sizes.slope = max(sizes.slope, Upper::of(slope));
    sizes.shift = max(sizes.shift, Upper::of(shift));
    if (slope != 0) sizes.per_slope = Upper::of(Rational(1 / abs(slope)));
  }
  return sizes;
}

// What one neuron's query and value are: z, and with `tied` rows also the value.
struct Neuron {
  Upper reach;  // |z|
  Upper query_error;
  Upper size;  // of the value
  Upper value_error;
  bool tied = false;
};

// The heads of one gate, for every neuron.
class GateRounding {
public:
  // `reach` bounds computed queries.
  static Result<GateRounding> make(const Machine& machine, const Gate& gate, Upper reach,
                                   const std::optional<RaisedScores>& raised) {
    GateRounding result(machine);
    ATTNCERT_TRY(result.gate_, sizes_of(gate));
    const Upper half = Upper::of(0.5);
    result.relative_ =
        compound(machine.storage, machine.accumulate, machine.accumulate, machine.accumulate,
                 machine.accumulate, machine.compute, machine.compute);
    if (raised) ATTNCERT_CHECK(result.raise(*raised));
    if (!result.relative_.is_at_most(half.value())) {
      return fail(ErrorCode::RoundingUseless, "no useful bound: scores may lose every digit");
    }
    const Upper scores = (Upper::of(1.0) + result.relative_) * result.score_size(reach) +
                         result.score_tiny(reach) + result.omega_;
    ATTNCERT_CHECK(machine.check_size(scores, "a score"));
    if (raised) {
      ATTNCERT_CHECK(result.check_raised(scores));
    } else {
      ATTNCERT_CHECK(machine.check_masked(Upper(), scores));
    }
    ATTNCERT_TRY(result.softmax_,
                 machine.softmax(result.tokens_ ? *result.tokens_ : result.gate_.scores + 1, true,
                                 scores, Upper::of(1.0)));
    return result;
  }

  Upper coefficient() const { return gate_.coefficient; }

  // |computed head output - c u g(z)|
  Upper error(const Neuron& neuron) const {
    const Upper one = Upper::of(1.0);
    const Upper weight = one + softmax_.relative + softmax_.absolute;
    const Upper moved = (neuron.tied ? min(steady(neuron), spread(neuron)) : spread(neuron)) +
                        leaked_ * neuron.size;
    const Upper product =
        neuron.value_error * weight + neuron.size * (softmax_.relative + softmax_.absolute) + moved;
    const Upper scaling = gate_.unit ? Upper() : compound(machine_.storage, machine_.compute);
    const Upper relative =
        compound(scaling, tokens_ ? added_ : machine_.accumulate, machine_.compute);
    const Upper computed = (neuron.size + neuron.value_error) * weight;
    const Upper fixed = gate_.unit ? Upper()
                                   : machine_.storage_tiny * (neuron.size + neuron.value_error) +
                                         machine_.compute_tiny;
    return gate_.coefficient * (product + relative * computed) +
           (one + relative) * weight *
               (fixed + Upper::of(2 * tokens_.value_or(1)) * machine_.accumulate_tiny +
                machine_.compute_tiny);
  }

private:
  explicit GateRounding(const Machine& machine) : machine_(machine) {}

  // Masks as weights: omega is one more term of the scores of self and bias token, every token takes
  // part in softmax and mean, and the computed scores' differences are rounded.
  Status raise(const RaisedScores& raised) {
    if (gate_.scores != 1) {
      return fail(ErrorCode::LayerFactsMismatch, "masks as weights need gates with one score each");
    }
    relative_ = compound(relative_, machine_.accumulate, machine_.compute, machine_.compute);
    omega_ = raised.omega;
    raised_ = Upper::of(2L) * (compound(raised.relative, relative_) * raised.omega + raised.tiny +
                               Upper::of(2L) * machine_.accumulate_tiny + machine_.compute_tiny) +
              machine_.compute_tiny;
    tokens_ = raised.tokens;
    ATTNCERT_TRY(added_, machine_.sum(raised.tokens));
    return ok();
  }

  // The weight of other tokens, e^-omega each, is at most e times as large where scores are computed.
  Status check_raised(Upper scores) {
    const Upper lowered = (Upper::of(1.0) + relative_) * raised_ +
                          Upper::of(2L) * (machine_.compute * scores + machine_.compute_tiny);
    if (!lowered.is_at_most(1)) {
      return fail(ErrorCode::RoundingUseless,
                  "no useful bound: scores raised by masks that are weights lose their digits");
    }
    leaked_ = Upper::of(8 * (*tokens_ - 2)) * exp_up(Rational(-Rational(omega_.value())));
    return ok();
  }

  // |b z| + |beta|
  Upper score_size(Upper reach) const { return gate_.slope * reach + gate_.shift; }

  // What underflow adds to a score.
  Upper score_tiny(Upper computed) const {
    const Upper key =
        machine_.storage_tiny + Upper::of(2L) * machine_.accumulate_tiny + machine_.compute_tiny;
    return (Upper::of(1.0) + relative_) *
           (key * (computed + Upper::of(1.0)) + Upper::of(4L) * machine_.accumulate_tiny +
            machine_.compute_tiny + raised_);
  }

  // |computed score - exact score|, and what subtracting the largest rounds
  Upper score_error(Upper reach, Upper query_error) const {
    const Upper one = Upper::of(1.0);
    const Upper absolute =
        (one + relative_) * gate_.slope * query_error + score_tiny(reach + query_error);
    return absolute + relative_ * score_size(reach);
  }

  // |u| |g(computed scores) - g(z)|: a weight's slope is at most 1/4 in its scores.
  Upper spread(const Neuron& neuron) const {
    Upper error = score_error(neuron.reach, neuron.query_error);
    if (gate_.scores > 1) {
      const Upper subtracted =
          machine_.compute * (score_size(neuron.reach) + error) * Upper::of(2L) +
          machine_.compute_tiny;
      error = error + subtracted * Upper::of(2L);
    }
    return min(neuron.size, neuron.size * error * Upper::of(0.25));
  }

  // The same for one score and u = z: |z| is small where the sigmoid is steep.
  Upper steady(const Neuron& neuron) const {
    if (gate_.scores != 1 || gate_.slope.value() == 0) return neuron.size;
    const Upper one = Upper::of(1.0);
    const Upper quarter = Upper::of(0.25);
    const Upper grown = one + Upper::of(2L) * relative_;  // at least 1 / (1 - relative)
    const Upper shift = (one + relative_) * gate_.shift;
    const Upper moved = (one + relative_) * neuron.query_error +
                        score_tiny(neuron.reach + neuron.query_error) * gate_.per_slope;
    const Upper absolute = moved * grown * (first_peak() + quarter * (gate_.slope * moved + shift));
    const Upper squares =
        grown * grown *
        (second_peak() + Upper::of(2L) * shift * first_peak() + quarter * shift * shift);
    const Upper products = grown * gate_.shift * (first_peak() + quarter * shift);
    return absolute + relative_ * gate_.per_slope * (squares + products);
  }

  const Machine& machine_;
  GateSizes gate_;
  Upper relative_;  // of a score's terms b z and beta
  SoftmaxError softmax_;
  Upper omega_;                 // by which masks as weights raise scores
  Upper raised_;                // what that rounds, of two scores together
  Upper leaked_;                // of a value's size: weight of other tokens, exact and computed
  std::optional<long> tokens_;  // in the softmax, if not self and bias tokens alone
  Upper added_;                 // of a mean over them
};

// Whether every value row is minus the query row.
bool are_tied(const Affine& query, const Affine& value) {
  const auto opposite = [](double a, double b) { return a == -b; };
  return std::equal(query.weight.values.begin(), query.weight.values.end(),
                    value.weight.values.begin(), opposite) &&
         std::equal(query.bias.begin(), query.bias.end(), value.bias.begin(), opposite);
}

struct QueryAndValue {
  RoundedRows query;
  RoundedRows value;
  bool tied = false;
};

Result<QueryAndValue> query_and_value(const Machine& machine, const Model& model,
                                      const NeuronHeads& heads, const Inputs& inputs) {
  ATTNCERT_TRY(const NormedRow row, normed_row(machine, model, heads.norm, inputs));
  ATTNCERT_TRY(const StoredMap query, stored_rows(machine, model, heads.query, heads.neurons));
  ATTNCERT_TRY(const StoredMap value, stored_rows(machine, model, heads.value, heads.neurons));
  QueryAndValue result;
  result.tied = query.exact == value.exact && are_tied(query.map, value.map);
  ATTNCERT_TRY(result.query, rounded_rows(machine, row, query));
  if (result.tied) {
    result.value = result.query;
  } else {
    ATTNCERT_TRY(result.value, rounded_rows(machine, row, value));
  }
  return result;
}

}  // namespace

Result<MlpParts> parts_of_heads(const Machine& machine, const Model& model,
                                const NeuronHeads& heads, const Inputs& inputs) {
  std::optional<RaisedScores> raised;
  if (heads.masks) {
    ATTNCERT_TRY(raised, raised_scores(machine, model, *heads.masks));
    const long bias_token = raised->tokens - 1;
    ATTNCERT_CHECK(check_masks(model, *heads.masks,
                               [=](long i, long j) { return j == i || j == bias_token; }));
    ATTNCERT_CHECK(check_bias_column(model, heads.value, heads.neurons));
  }
  ATTNCERT_TRY(QueryAndValue rows, query_and_value(machine, model, heads, inputs));
  Upper reach;
  for (std::size_t j = 0; j < rows.query.size.size(); ++j) {
    reach = max(reach, rows.query.size[j] + rows.query.error[j]);
  }
  std::vector<GateRounding> gates;
  for (const Gate& gate : heads.gates) {
    ATTNCERT_TRY(GateRounding one, GateRounding::make(machine, gate, reach, raised));
    gates.push_back(one);
  }
  InnerValues inner;
  inner.terms = heads.neurons * static_cast<long>(gates.size()) + 1;
  ATTNCERT_TRY(inner.bias_factor, bias_error(machine, raised));
  for (std::size_t j = 0; j < rows.query.size.size(); ++j) {
    const Neuron neuron{rows.query.size[j], rows.query.error[j], rows.value.size[j],
                        rows.value.error[j], rows.tied};
    Upper size;
    Upper error;
    for (const GateRounding& gate : gates) {
      size = size + gate.coefficient() * neuron.size;
      error = error + gate.error(neuron);
    }
    ATTNCERT_CHECK(machine.check_size(size + error, "a head's value"));
    inner.size.push_back(size);
    inner.error.push_back(error);
  }
  ATTNCERT_TRY(StoredMap out,
               stored_output(machine, model, heads.output, heads.bias_output, heads.neurons));
  return MlpParts{std::move(rows.query), std::move(inner), std::move(out)};
}

}  // namespace attncert::rules
