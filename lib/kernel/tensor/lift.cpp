// Rules lift and every-layer: from activation errors to sublayer errors, and to the conversion.
#include <cmath>

#include "../rules.hpp"
#include "attncert/kernel/mlp.hpp"

namespace attncert::rules {
namespace {

double round_up(const Rational& q) {
  if (q == 0) return 0;
  const double nearest = static_cast<double>(q);
  return std::nextafter(nearest, INFINITY);
}

// The least epsilon among the activation bounds that cover a neuron's range.
Result<Rational> neuron_error(const Domain& range, const std::vector<const SupError*>& bounds) {
  const Rational* least = nullptr;
  for (const SupError* bound : bounds) {
    if (bound->domain.contains(range) && (least == nullptr || bound->epsilon < *least)) {
      least = &bound->epsilon;
    }
  }
  if (least != nullptr) return *least;
  return fail(ErrorCode::RangeNotCovered, "no activation bound covers a neuron's range");
}

Result<std::vector<double>> neuron_errors(const PreactivationRange& ranges, const Pair& pair,
                                          const Premises& premises) {
  std::vector<const SupError*> bounds;
  for (std::size_t i = 2; i < premises.size(); ++i) {
    ATTNCERT_TRY(const SupError* bound, premise_as<SupError>(premises, i));
    if (bound->pair != pair) return pair_mismatch();
    bounds.push_back(bound);
  }
  std::vector<double> errors;
  for (const Domain& range : ranges.ranges) {
    ATTNCERT_TRY(const Rational error, neuron_error(range, bounds));
    errors.push_back(round_up(error));
  }
  return errors;
}

Status check_facts(const LayerClaim& claim, const MlpSublayer& mlp, const NeuronHeads& heads) {
  const auto same_norm = [&](const Norm& norm) {
    return claim.norm == norm.kind && claim.norm_epsilon == norm.epsilon;
  };
  if (claim.activation == mlp.activation && claim.approximant == function_of(heads) &&
      claim.layout == name_of(mlp.layout) && same_norm(mlp.norm) && same_norm(heads.norm)) {
    return ok();
  }
  return fail(ErrorCode::LayerFactsMismatch,
              "the statement about " + claim.name + " disagrees with the network files");
}

template <class L>
std::vector<std::string> names_of_kind(const Network& network) {
  std::vector<std::string> names;
  for (const Sublayer& sublayer : network.sublayers) {
    if (const L* layer = std::get_if<L>(&sublayer)) names.push_back(layer->name);
  }
  return names;
}

}  // namespace

// Output coordinate k is off by at most sum over neurons j of |V2_jk| epsilon_j.
Status lift(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const LayerError* goal, conclusion_as<LayerError>(step));
  ATTNCERT_TRY(const Instance* instance, premise_as<Instance>(premises, 0));
  ATTNCERT_TRY(const PreactivationRange* ranges, premise_as<PreactivationRange>(premises, 1));
  if (instance->layer != goal->layer || ranges->layer != goal->layer) {
    return fail(ErrorCode::LayerMissing, "a premise is about another sublayer");
  }
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(original->network, goal->layer));
  ATTNCERT_TRY(const NeuronHeads* heads,
               sublayer_named<NeuronHeads>(converted->network, goal->layer));
  const Pair pair{mlp->activation, function_of(*heads)};
  if (static_cast<long>(ranges->ranges.size()) != mlp->d_mlp) {
    return fail(ErrorCode::RangeCount, "the number of ranges is not the number of neurons");
  }
  ATTNCERT_TRY(const std::vector<double> errors, neuron_errors(*ranges, pair, premises));
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(*original, *mlp));
  std::vector<double> column(errors.size());
  for (long k = 0; k < original->network.d_model; ++k) {
    for (long j = 0; j < mlp->d_mlp; ++j) {
      column[static_cast<std::size_t>(j)] = std::fabs(weights.out.at(j, k));
    }
    const Bounded bound = dot(column, errors);
    if (!std::isfinite(bound.error) || exact_interval(bound).upper > goal->epsilon) {
      return fail(ErrorCode::BoundExceeded, "output coordinate " + std::to_string(k) + " of " +
                                                goal->layer + " exceeds the stated epsilon");
    }
  }
  return ok();
}

Status every_layer(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const ConversionError* goal, conclusion_as<ConversionError>(step));
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  if (goal->original != original->hashes || goal->converted != converted->hashes) {
    return fail(ErrorCode::SubjectMismatch, "the conclusion is about other files");
  }
  std::vector<std::string> claimed;
  for (const LayerClaim& claim : goal->layers) claimed.push_back(claim.name);
  if (claimed != names_of_kind<MlpSublayer>(original->network) ||
      claimed != names_of_kind<NeuronHeads>(converted->network)) {
    return fail(ErrorCode::LayerMissing, "the statement must list every MLP sublayer, in order");
  }
  if (premises.size() != claimed.size()) return premise_count();
  for (std::size_t i = 0; i < premises.size(); ++i) {
    ATTNCERT_TRY(const LayerError* layer, premise_as<LayerError>(premises, i));
    const LayerClaim& claim = goal->layers[i];
    if (layer->layer != claim.name) {
      return fail(ErrorCode::LayerMissing, "a premise is about another sublayer");
    }
    if (layer->epsilon > claim.epsilon) {
      return fail(ErrorCode::PremiseTooWeak, "a premise's epsilon is above the conclusion's");
    }
    ATTNCERT_TRY(const MlpSublayer* mlp,
                 sublayer_named<MlpSublayer>(original->network, claim.name));
    ATTNCERT_TRY(const NeuronHeads* heads,
                 sublayer_named<NeuronHeads>(converted->network, claim.name));
    ATTNCERT_CHECK(check_facts(claim, *mlp, *heads));
  }
  return ok();
}

}  // namespace attncert::rules
