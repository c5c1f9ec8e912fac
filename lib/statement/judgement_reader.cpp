#include "attncert/expression/zoo.hpp"
#include "attncert/statement/judgement.hpp"
#include "attncert/statement/name.hpp"

namespace attncert {
namespace {

Result<std::string> function_of(const Json& value, const char* key) {
  ATTNCERT_TRY(std::string text, text_of(value, key));
  ATTNCERT_TRY(const std::string canonical, canonical_function(text));
  if (canonical != text) {
    return fail(
        ErrorCode::NotCanonical,
        "'" + std::string(key) + "' is not in canonical form: write " + canonical.substr(0, 100));
  }
  return text;
}

Result<Rational> epsilon_of(const Json& value) {
  ATTNCERT_TRY(Rational epsilon, real_of(value, "epsilon"));
  if (epsilon < 0) return fail(ErrorCode::EpsilonNegative, "epsilon must not be negative");
  return epsilon;
}

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
  ATTNCERT_CHECK(check_keys(value, "a range judgement", {"judgement", "layer", "ranges"}));
  PreactivationRange range;
  ATTNCERT_TRY(range.layer, name_in(value, "layer"));
  ATTNCERT_TRY(const Json ranges, array_of(value, "ranges"));
  for (const Json& one : ranges) {
    ATTNCERT_TRY(Domain domain, bounded_domain_of(one));
    range.ranges.push_back(std::move(domain));
  }
  return Judgement(std::move(range));
}

Result<std::string> hash_of(const Json& value, const char* key) {
  ATTNCERT_TRY(std::string text, text_of(value, key));
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail(ErrorCode::HashSyntax, "a SHA-256 is 64 lower-case hexadecimal digits");
  }
  return text;
}

Result<ModelHashes> hashes_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a model", {"network", "weights"}));
  ATTNCERT_TRY(std::string network, hash_of(value, "network"));
  ATTNCERT_TRY(std::string weights, hash_of(value, "weights"));
  return ModelHashes{std::move(network), std::move(weights)};
}

Result<LayerClaim> layer_claim_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(
      value, "a layer",
      {"name", "activation", "approximant", "layout", "norm", "norm_epsilon", "epsilon"}));
  LayerClaim claim;
  ATTNCERT_TRY(claim.name, name_in(value, "name"));
  ATTNCERT_TRY(claim.activation, function_of(value, "activation"));
  ATTNCERT_TRY(claim.approximant, function_of(value, "approximant"));
  ATTNCERT_TRY(claim.layout, text_of(value, "layout"));
  ATTNCERT_TRY(claim.norm, text_of(value, "norm"));
  ATTNCERT_TRY(claim.norm_epsilon, real_of(value, "norm_epsilon"));
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  return claim;
}

Result<Judgement> read_conversion(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a layer-error statement",
                            {"judgement", "inputs", "original", "converted", "layers", "epsilon"}));
  if (value.at("inputs") != "every") {
    return fail(ErrorCode::JsonWrongType, "'inputs' must be \"every\"");
  }
  ConversionError claim;
  ATTNCERT_TRY(claim.original, hashes_of(value.at("original")));
  ATTNCERT_TRY(claim.converted, hashes_of(value.at("converted")));
  ATTNCERT_TRY(const Json layers, array_of(value, "layers"));
  if (layers.empty()) return fail(ErrorCode::LayerMissing, "'layers' must name a sublayer");
  Rational largest = 0;
  for (const Json& one : layers) {
    ATTNCERT_TRY(LayerClaim layer, layer_claim_of(one));
    if (layer.epsilon > largest) largest = layer.epsilon;
    claim.layers.push_back(std::move(layer));
  }
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  if (claim.epsilon != largest) {
    return fail(ErrorCode::EpsilonNotMaximum, "epsilon must be the largest of the layers'");
  }
  return Judgement(std::move(claim));
}

Result<Judgement> read_layer(const Json& value, bool instance) {
  if (instance) {
    ATTNCERT_CHECK(check_keys(value, "an instance judgement", {"judgement", "layer"}));
    ATTNCERT_TRY(std::string layer, name_in(value, "layer"));
    return Judgement(Instance{std::move(layer)});
  }
  ATTNCERT_CHECK(check_keys(value, "a layer judgement", {"judgement", "layer", "epsilon"}));
  ATTNCERT_TRY(std::string layer, name_in(value, "layer"));
  ATTNCERT_TRY(Rational epsilon, epsilon_of(value));
  return Judgement(LayerError{std::move(layer), std::move(epsilon)});
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
  return fail(ErrorCode::UnknownJudgement, "unknown judgement '" + kind.substr(0, 40) + "'");
}

Result<Judgement> claim_of(const Json& value) {
  ATTNCERT_TRY(Judgement claim, judgement_of(value, nullptr));
  if (std::holds_alternative<SupError>(claim) || std::holds_alternative<LowerBound>(claim) ||
      std::holds_alternative<Unbounded>(claim) || std::holds_alternative<ConversionError>(claim)) {
    return claim;
  }
  return fail(ErrorCode::NotAClaim, "a statement cannot be a '" + std::string(kind_of(claim)) +
                                        "' judgement: that is for steps only");
}

}  // namespace attncert
