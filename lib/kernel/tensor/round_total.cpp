// Rule round-total: the shares of each sublayer, added up.
#include <algorithm>

#include "../rules.hpp"
#include "attncert/interval/functions.hpp"
#include "attncert/kernel/rounding.hpp"
#include "row_range.hpp"

namespace attncert::rules {
namespace {

Error too_weak(const std::string& layer) {
  return fail(ErrorCode::PremiseTooWeak, "a premise claims less of " + layer + " than its share");
}

Error facts_differ(const std::string& layer) {
  return fail(ErrorCode::LayerFactsMismatch,
              "the statement about " + layer + " disagrees with the network files");
}

// Takes premises from first to last, as the claim's layers need them.
class Shares {
public:
  Shares(const Model& original, const Model& converted, const RoundingError& claim,
         const Premises& premises)
      : original_(original), converted_(converted), claim_(claim), premises_(premises) {}

  Status check() {
    std::vector<std::string> names;
    for (const RoundingClaim& layer : claim_.layers) {
      if (std::count(names.begin(), names.end(), layer.name) > 0) return other_sublayer();
      names.push_back(layer.name);
      ATTNCERT_CHECK(check_layer(layer));
    }
    return next_ == premises_.size() ? ok() : Status(premise_count());
  }

private:
  Status check_layer(const RoundingClaim& claim) {
    if (const auto mlp = sublayer_named<MlpSublayer>(original_.network, claim.name)) {
      ATTNCERT_CHECK(check_mlp(claim, *mlp.value()));
    } else if (const auto linear = sublayer_named<LinearSublayer>(original_.network, claim.name)) {
      ATTNCERT_CHECK(check_linear(claim, *linear.value()));
    } else {
      ATTNCERT_TRY(const AttentionSublayer* layer,
                   sublayer_named<AttentionSublayer>(original_.network, claim.name));
      ATTNCERT_CHECK(check_attention(claim, *layer));
    }
    ATTNCERT_CHECK(check_rounding(claim, false, claim.original_rounding));
    ATTNCERT_CHECK(check_rounding(claim, true, claim.converted_rounding));
    const Rational total = claim.approximation + claim.weights + claim.leak +
                           claim.original_rounding + claim.converted_rounding;
    return total <= claim.epsilon ? ok() : Status(too_weak(claim.name));
  }

  // Kind and epsilon of the norm, and inputs that rows computed by it are among.
  Status check_norm(const RoundingClaim& claim, const Norm& norm) const {
    if (claim.norm != norm.kind || claim.norm_epsilon != norm.epsilon) {
      return facts_differ(claim.name);
    }
    if (claim.inputs.kind == Inputs::Kind::computed_box) return ok();
    ATTNCERT_TRY(const Rational radius,
                 computed_radius(norm, original_.network.d_model, claim_.evaluation));
    if (radius <= claim.inputs.size) return ok();
    return fail(ErrorCode::RangeExceeded,
                "computed normalised rows of " + claim.name + " may be longer than stated");
  }

  Status check_mlp(const RoundingClaim& claim, const MlpSublayer& mlp) {
    ATTNCERT_CHECK(check_norm(claim, mlp.norm));
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted_.network, claim.name));
    if (claim.activation != mlp.activation || claim.approximant != heads->function) {
      return facts_differ(claim.name);
    }
    ATTNCERT_TRY(const LayerError* error, take<LayerError>(claim));
    ATTNCERT_CHECK(check_moves(claim));
    const bool fits = error->epsilon <= claim.approximation + claim.weights;
    const bool whole = !error->exact_masks || leaked_;
    return fits && whole ? ok() : Status(too_weak(claim.name));
  }

  Status check_attention(const RoundingClaim& claim, const AttentionSublayer& layer) {
    ATTNCERT_CHECK(check_norm(claim, layer.norm));
    if (!claim.activation.empty()) return facts_differ(claim.name);
    ATTNCERT_TRY(const TokenHeads* heads,
                 sublayer_named<TokenHeads>(converted_.network, claim.name));
    const bool exact =
        next_ < premises_.size() && std::holds_alternative<Instance>(premises_[next_]);
    if (exact) {
      ATTNCERT_TRY(const Instance* instance, premise_as<Instance>(premises_, next_++));
      if (instance->layer != claim.name) return other_sublayer();
    }
    if (!exact) ATTNCERT_CHECK(premise_as<Perturbation>(premises_, next_));
    ATTNCERT_CHECK(check_moves(claim));
    return heads->masks.has_value() == leaked_ ? ok() : Status(too_weak(claim.name));
  }

  // Exactly the construction's heads: nothing rounds maps when they are stored.
  Status check_linear(const RoundingClaim& claim, const LinearSublayer& layer) {
    ATTNCERT_CHECK(check_norm(claim, layer.norm));
    if (!claim.activation.empty()) return facts_differ(claim.name);
    ATTNCERT_CHECK(sublayer_named<SelfHeads>(converted_.network, claim.name));
    ATTNCERT_TRY(const Instance* instance, premise_as<Instance>(premises_, next_++));
    return instance->layer == claim.name ? ok() : Status(other_sublayer());
  }

  // A perturbation and a mask-leak, where there are such premises.
  Status check_moves(const RoundingClaim& claim) {
    leaked_ = false;
    if (next_ < premises_.size() && std::holds_alternative<Perturbation>(premises_[next_])) {
      ATTNCERT_TRY(const Perturbation* moved, take<Perturbation>(claim));
      if (moved->epsilon > claim.weights) return too_weak(claim.name);
    }
    if (next_ < premises_.size() && std::holds_alternative<MaskLeak>(premises_[next_])) {
      ATTNCERT_TRY(const MaskLeak* moved, take<MaskLeak>(claim));
      if (moved->epsilon > claim.leak) return too_weak(claim.name);
      leaked_ = true;
    }
    return ok();
  }

  Status check_rounding(const RoundingClaim& claim, bool converted, const Rational& share) {
    ATTNCERT_TRY(const Rounding* rounding, take<Rounding>(claim));
    if (rounding->converted != converted || rounding->tokens != claim.tokens ||
        rounding->evaluation != claim_.evaluation || rounding->epsilon > share) {
      return too_weak(claim.name);
    }
    return ok();
  }

  template <class J>
  Result<const J*> take(const RoundingClaim& claim) {
    ATTNCERT_TRY(const J* premise, premise_as<J>(premises_, next_++));
    if (premise->layer == claim.name && premise->inputs == claim.inputs) return premise;
    return other_sublayer();
  }

  const Model& original_;
  const Model& converted_;
  const RoundingError& claim_;
  const Premises& premises_;
  std::size_t next_ = 0;
  bool leaked_ = false;
};

}  // namespace

Status round_total(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const RoundingError* goal, conclusion_as<RoundingError>(step));
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  if (goal->original != original->hashes || goal->converted != converted->hashes) {
    return fail(ErrorCode::SubjectMismatch, "the conclusion is about other files");
  }
  return Shares(*original, *converted, *goal, premises).check();
}

}  // namespace attncert::rules

namespace attncert {

// With d the centred entries and v their computed mean square, sum d^2 is at most
// D (v + lost) / kept, and the computed v + epsilon at least (v + lost) (1 - u).
Result<Rational> computed_radius(const Norm& norm, long width, const Evaluation& evaluation) {
  constexpr Precision precision = 64;
  if (rules::is_linear(norm.kind)) {
    return fail(ErrorCode::EnclosureUnbounded,
                "after " + norm.kind +
                    " rows may be of any length: use {\"computed_box\": S}, from a box of inputs");
  }
  if (norm.kind == "layer-norm" && evaluation.norm == NormPasses::one) {
    return fail(
        ErrorCode::EnclosureUnbounded,
        "a variance taken in one pass may cancel to anything, so rows may be of any length: "
        "use {\"computed_box\": S}, from a box of inputs");
  }
  const Rational u = unit_roundoff(evaluation.compute);
  const Rational division = 2 * evaluation.division_ulp * u;
  const Rational tiny = underflow_unit(evaluation.compute, evaluation.underflow);
  const Rational lost = 4 * underflow_unit(evaluation.accumulate, evaluation.underflow) + 3 * tiny;
  const Rational added =
      (evaluation.summation.roundings(width) + 1) * unit_roundoff(evaluation.accumulate);
  const Rational below = (1 - u) * (1 - u);
  if (2 * added >= 1 || 4 * division > 1 || norm.epsilon * below - 2 * tiny < lost) {
    return fail(ErrorCode::RoundingUseless,
                "no useful bound: the norm's sums lose every digit, or its epsilon underflows");
  }
  const Rational above = (1 + division) * (1 + u) / (1 - division);
  const Rational kept = (1 - added) * below * (1 - u) * (1 - division);
  const Interval radius =
      attncert::enclose(above, precision) / sqrt(attncert::enclose(kept, precision), precision);
  return Rational(upper_rational(radius) + tiny);
}

}  // namespace attncert
