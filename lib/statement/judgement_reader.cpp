#include "attncert/expression/zoo.hpp"
#include "attncert/statement/judgement.hpp"
#include "attncert/statement/name.hpp"
#include "judgement_parts.hpp"

namespace attncert {
namespace {

// The pair, given or inherited, and a check of all keys.
Result<Pair> read_pair(const Json& value, const Pair* inherited,
                       std::initializer_list<std::string_view> others) {
  const bool given = value.contains("target") || value.contains("approximant") || !inherited;
  ATTNCERT_CHECK(check_keys(value, "a judgement", others, {"target", "approximant"}));
  if (!given) return *inherited;
  ATTNCERT_CHECK(check_keys(value, "a judgement", {"target", "approximant"}, others));
  ATTNCERT_TRY(std::string target, function_of(value, "target"));
  ATTNCERT_TRY(std::string approximant, function_of(value, "approximant"));
  return Pair{std::move(target), std::move(approximant)};
}

template <class Bound>
Result<Judgement> read_bound(const Json& value, const Pair* inherited) {
  ATTNCERT_TRY(Pair pair, read_pair(value, inherited, {"judgement", "domain", "epsilon"}));
  ATTNCERT_TRY(Domain domain, domain_of(value.at("domain")));
  ATTNCERT_TRY(Rational epsilon, epsilon_of(value));
  return Judgement(Bound{std::move(pair), std::move(domain), std::move(epsilon)});
}

template <class OnDomain>
Result<Judgement> read_on_domain(const Json& value, const Pair* inherited) {
  ATTNCERT_TRY(Pair pair, read_pair(value, inherited, {"judgement", "domain"}));
  ATTNCERT_TRY(Domain domain, domain_of(value.at("domain")));
  return Judgement(OnDomain{std::move(pair), std::move(domain)});
}

Result<Domain> bounded_domain_of(const Json& value) {
  ATTNCERT_TRY(Domain domain, domain_of(value));
  if (!domain.is_bounded()) return fail(ErrorCode::JsonWrongType, "a range must be bounded");
  return domain;
}

Result<Judgement> read_value(const Json& value, const Pair* inherited) {
  ATTNCERT_TRY(Pair pair, read_pair(value, inherited, {"judgement", "at", "within"}));
  ATTNCERT_TRY(Rational at, real_of(value, "at"));
  ATTNCERT_TRY(Domain within, bounded_domain_of(value.at("within")));
  return Judgement(PointValue{std::move(pair), std::move(at), *within.lower, *within.upper});
}

Result<Judgement> read_range(const Json& value) {
  ATTNCERT_CHECK(
      check_keys(value, "a range judgement", {"judgement", "layer", "inputs", "ranges"}));
  PreactivationRange range;
  ATTNCERT_TRY(range.inputs, inputs_of(value.at("inputs")));
  ATTNCERT_TRY(range.layer, name_in(value, "layer"));
  ATTNCERT_TRY(const Json ranges, array_of(value, "ranges"));
  for (const Json& one : ranges) {
    ATTNCERT_TRY(Domain domain, domain_of(one));
    range.ranges.push_back(std::move(domain));
  }
  return Judgement(std::move(range));
}

Result<Rational> bound_of(const Json& value, const char* key) {
  ATTNCERT_TRY(Rational bound, real_of(value, key));
  if (bound >= 0) return bound;
  return fail(ErrorCode::BoundNegative, "'" + std::string(key) + "' must not be negative");
}

Result<LayerClaim> layer_claim_of(const Json& value) {
  ATTNCERT_CHECK(
      check_keys(value, "a layer",
                 {"name", "activation", "approximant", "layout", "norm", "norm_epsilon", "epsilon"},
                 {"omega"}));
  LayerClaim claim;
  ATTNCERT_TRY(claim.name, name_in(value, "name"));
  ATTNCERT_TRY(claim.activation, function_of(value, "activation"));
  ATTNCERT_TRY(claim.approximant, function_of(value, "approximant"));
  ATTNCERT_TRY(claim.layout, text_of(value, "layout"));
  ATTNCERT_TRY(claim.norm, text_of(value, "norm"));
  ATTNCERT_TRY(claim.norm_epsilon, real_of(value, "norm_epsilon"));
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  if (value.contains("omega")) {
    ATTNCERT_TRY(claim.omega, bound_of(value, "omega"));
  }
  return claim;
}

Result<MaskClaim> mask_claim_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a mask", {"name", "mask", "omega", "epsilon"}));
  MaskClaim claim;
  ATTNCERT_TRY(claim.name, name_in(value, "name"));
  ATTNCERT_TRY(claim.mask, text_of(value, "mask"));
  ATTNCERT_TRY(claim.omega, bound_of(value, "omega"));
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  return claim;
}

Result<RoundedClaim> rounded_claim_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a rounded sublayer", {"name", "epsilon"}));
  RoundedClaim claim;
  ATTNCERT_TRY(claim.name, name_in(value, "name"));
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  return claim;
}

// The layers, masks or rounded sublayers of a conversion; `largest` becomes the largest of their epsilons.
template <class Claim>
Result<std::vector<Claim>> claims_of(const Json& value, const char* key,
                                     Result<Claim> (*read)(const Json&), Rational& largest) {
  std::vector<Claim> claims;
  if (!value.contains(key)) return claims;
  ATTNCERT_TRY(const Json array, array_of(value, key));
  for (const Json& one : array) {
    ATTNCERT_TRY(Claim claim, read(one));
    if (claim.epsilon > largest) largest = claim.epsilon;
    claims.push_back(std::move(claim));
  }
  return claims;
}

Result<Judgement> read_conversion(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a layer-error statement",
                            {"judgement", "inputs", "original", "converted", "layers", "epsilon"},
                            {"masks", "rounded"}));
  ConversionError claim;
  ATTNCERT_TRY(claim.inputs, inputs_of(value.at("inputs")));
  if (claim.inputs.is_computed()) {
    return fail(ErrorCode::JsonWrongType, "a layer-error's inputs are \"every\" or {\"box\": R}");
  }
  ATTNCERT_TRY(claim.original, hashes_of(value.at("original")));
  ATTNCERT_TRY(claim.converted, hashes_of(value.at("converted")));
  Rational largest = 0;
  ATTNCERT_TRY(claim.layers, claims_of<LayerClaim>(value, "layers", layer_claim_of, largest));
  ATTNCERT_TRY(claim.masks, claims_of<MaskClaim>(value, "masks", mask_claim_of, largest));
  ATTNCERT_TRY(claim.rounded, claims_of<RoundedClaim>(value, "rounded", rounded_claim_of, largest));
  if (claim.masks.empty() == value.contains("masks") ||
      claim.rounded.empty() == value.contains("rounded") ||
      (claim.layers.empty() && claim.masks.empty() && claim.rounded.empty())) {
    return fail(ErrorCode::LayerMissing,
                "'layers', 'masks' and 'rounded' must name sublayers, or be left out");
  }
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  if (claim.epsilon == largest) return Judgement(std::move(claim));
  return fail(ErrorCode::EpsilonNotMaximum, "epsilon must be the largest of the layers'");
}

Result<Judgement> read_mask_error(const Json& value) {
  ATTNCERT_CHECK(check_keys(
      value, "a mask-error statement",
      {"judgement", "tokens", "mask", "score_bound", "value_bound", "omega", "epsilon"}));
  MaskError claim;
  ATTNCERT_TRY(claim.tokens, integer_of(value, "tokens"));
  ATTNCERT_TRY(claim.mask, mask_of(value.at("mask")));
  ATTNCERT_CHECK(fewest_allowed(claim.mask, claim.tokens));
  ATTNCERT_TRY(claim.score_bound, bound_of(value, "score_bound"));
  ATTNCERT_TRY(claim.value_bound, bound_of(value, "value_bound"));
  ATTNCERT_TRY(claim.omega, bound_of(value, "omega"));
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  return Judgement(std::move(claim));
}

Result<Judgement> read_layer(const Json& value, bool instance) {
  if (instance) {
    ATTNCERT_CHECK(check_keys(value, "an instance judgement", {"judgement", "layer"}));
    ATTNCERT_TRY(std::string layer, name_in(value, "layer"));
    return Judgement(Instance{std::move(layer)});
  }
  ATTNCERT_CHECK(check_keys(value, "a layer judgement", {"judgement", "layer", "inputs", "epsilon"},
                            {"masks"}));
  LayerError error;
  error.exact_masks = value.contains("masks");
  if (error.exact_masks && value.at("masks") != "exact") {
    return fail(ErrorCode::JsonWrongType, "'masks', where present, must be \"exact\"");
  }
  ATTNCERT_TRY(error.layer, name_in(value, "layer"));
  ATTNCERT_TRY(error.inputs, inputs_of(value.at("inputs")));
  ATTNCERT_TRY(error.epsilon, epsilon_of(value));
  return Judgement(std::move(error));
}

Result<Judgement> read_score_bound(const Json& value) {
  ATTNCERT_CHECK(
      check_keys(value, "a score-bound judgement", {"judgement", "layer", "inputs", "bound"}));
  ScoreBound scores;
  ATTNCERT_TRY(scores.layer, name_in(value, "layer"));
  ATTNCERT_TRY(scores.inputs, inputs_of(value.at("inputs")));
  ATTNCERT_TRY(scores.bound, bound_of(value, "bound"));
  return Judgement(std::move(scores));
}

// A mask-leak or a perturbation.
template <class J>
Result<Judgement> read_move(const Json& value, const char* what) {
  ATTNCERT_CHECK(check_keys(value, what, {"judgement", "layer", "inputs", "epsilon"}));
  J move;
  ATTNCERT_TRY(move.layer, name_in(value, "layer"));
  ATTNCERT_TRY(move.inputs, inputs_of(value.at("inputs")));
  ATTNCERT_TRY(move.epsilon, epsilon_of(value));
  return Judgement(std::move(move));
}

// Increasing numbers from 0.
Result<std::vector<long>> exceptions_of(const Json& value) {
  ATTNCERT_TRY(const Json array, array_of(value, "except"));
  std::vector<long> except;
  for (const Json& one : array) {
    if (!one.is_number_integer()) {
      return fail(ErrorCode::JsonWrongType, "'except' must list integers");
    }
    except.push_back(one.get<long>());
    if (except.back() >= 0 && (except.size() < 2 || except[except.size() - 2] < except.back())) {
      continue;
    }
    return fail(ErrorCode::ShardsNotCovering, "'except' must list increasing numbers from 0");
  }
  return except;
}

Result<std::optional<Evaluation>> evaluation_in(const Json& value) {
  if (!value.contains("evaluation")) return std::optional<Evaluation>();
  ATTNCERT_TRY(Evaluation evaluation, evaluation_of(value.at("evaluation")));
  return std::optional<Evaluation>(std::move(evaluation));
}

// How far computed outputs may be apart: nothing is said of that without an evaluation.
Result<std::optional<Rational>> difference_in(const Json& value) {
  if (!value.contains("difference")) return std::optional<Rational>();
  if (!value.contains("evaluation")) {
    return fail(ErrorCode::JsonMissingKey, "a 'difference' is one of an 'evaluation': state both");
  }
  ATTNCERT_TRY(Rational difference, epsilon_of(value, "difference"));
  return std::optional<Rational>(std::move(difference));
}

Result<Judgement> read_same_argmax(const Json& value) {
  ATTNCERT_CHECK(
      check_keys(value, "a same-argmax statement",
                 {"judgement", "original", "converted", "prompts", "count", "generate", "except"},
                 {"evaluation", "difference"}));
  SameArgmax claim;
  ATTNCERT_TRY(claim.original, hashes_of(value.at("original")));
  ATTNCERT_TRY(claim.converted, hashes_of(value.at("converted")));
  ATTNCERT_TRY(claim.prompts, hash_of(value, "prompts"));
  ATTNCERT_TRY(claim.count, integer_of(value, "count"));
  ATTNCERT_TRY(claim.generate, integer_of(value, "generate"));
  ATTNCERT_TRY(claim.except, exceptions_of(value));
  ATTNCERT_TRY(claim.evaluation, evaluation_in(value));
  ATTNCERT_TRY(claim.difference, difference_in(value));
  return Judgement(std::move(claim));
}

Result<Judgement> read_argmax_shard(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "an argmax-shard judgement",
                            {"judgement", "first", "last", "generate", "except"},
                            {"evaluation", "difference"}));
  ArgmaxShard shard;
  ATTNCERT_TRY(shard.first, integer_of(value, "first"));
  ATTNCERT_TRY(shard.last, integer_of(value, "last"));
  ATTNCERT_TRY(shard.generate, integer_of(value, "generate"));
  ATTNCERT_TRY(shard.except, exceptions_of(value));
  ATTNCERT_TRY(shard.evaluation, evaluation_in(value));
  ATTNCERT_TRY(shard.difference, difference_in(value));
  return Judgement(std::move(shard));
}

Result<Judgement> read_identity(const Json& value) {
  ATTNCERT_CHECK(
      check_keys(value, "an identity statement", {"judgement", "original", "converted"}));
  Identity claim;
  ATTNCERT_TRY(claim.original, hashes_of(value.at("original")));
  ATTNCERT_TRY(claim.converted, hashes_of(value.at("converted")));
  return Judgement(std::move(claim));
}

}  // namespace

Result<Judgement> judgement_of(const Json& value, const Pair* inherited) {
  if (!value.is_object() || !value.contains("judgement")) {
    return fail(ErrorCode::JsonMissingKey, "a judgement must be an object with a 'judgement' key");
  }
  ATTNCERT_TRY(const std::string kind, text_of(value, "judgement"));
  if (kind == "sup-error") return read_bound<SupError>(value, inherited);
  if (kind == "lower-bound") return read_bound<LowerBound>(value, inherited);
  if (kind == "well-defined") return read_on_domain<WellDefined>(value, inherited);
  if (kind == "unbounded") return read_on_domain<Unbounded>(value, inherited);
  if (kind == "value") return read_value(value, inherited);
  if (kind == "instance") return read_layer(value, true);
  if (kind == "range") return read_range(value);
  if (kind == "one-layer-error") return read_layer(value, false);
  if (kind == "layer-error") return read_conversion(value);
  if (kind == "identity") return read_identity(value);
  if (kind == "mask-error") return read_mask_error(value);
  if (kind == "score-bound") return read_score_bound(value);
  if (kind == "mask-leak") return read_move<MaskLeak>(value, "a mask-leak judgement");
  if (kind == "perturbation") return read_move<Perturbation>(value, "a perturbation judgement");
  if (kind == "same-argmax") return read_same_argmax(value);
  if (kind == "argmax-shard") return read_argmax_shard(value);
  if (kind == "rounding") return read_rounding(value);
  if (kind == "rounding-error") return read_rounding_error(value);
  return fail(ErrorCode::UnknownJudgement, "unknown judgement '" + kind.substr(0, 40) + "'");
}

Result<Judgement> claim_of(const Json& value) {
  ATTNCERT_TRY(Judgement claim, judgement_of(value, nullptr));
  if (std::holds_alternative<SupError>(claim) || std::holds_alternative<LowerBound>(claim) ||
      std::holds_alternative<Unbounded>(claim) || std::holds_alternative<ConversionError>(claim) ||
      std::holds_alternative<Identity>(claim) || std::holds_alternative<MaskError>(claim) ||
      std::holds_alternative<SameArgmax>(claim) || std::holds_alternative<RoundingError>(claim)) {
    return claim;
  }
  return fail(ErrorCode::NotAClaim, "a statement cannot be a '" + std::string(kind_of(claim)) +
                                        "' judgement: that is for steps only");
}

}  // namespace attncert
