// Judgements about rounding.
#include "attncert/statement/name.hpp"
#include "judgement_parts.hpp"

namespace attncert {
namespace {

Result<Inputs> computed_inputs(const Json& value) {
  ATTNCERT_TRY(Inputs inputs, inputs_of(value.at("inputs")));
  if (inputs.is_computed()) return inputs;
  return fail(ErrorCode::DomainMismatch,
              "inputs of rounding are {\"computed\": S} or {\"computed_box\": S}");
}

Result<std::optional<long>> tokens_in(const Json& value) {
  if (!value.contains("tokens")) return std::optional<long>();
  ATTNCERT_TRY(const long tokens, integer_of(value, "tokens"));
  if (tokens >= 1) return std::optional(tokens);
  return fail(ErrorCode::BoundNegative, "'tokens' must be at least 1");
}

Result<RoundingClaim> layer_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a layer",
                            {"name", "inputs", "norm", "norm_epsilon", "approximation", "weights",
                             "leak", "original_rounding", "converted_rounding", "epsilon"},
                            {"activation", "approximant", "tokens"}));
  RoundingClaim claim;
  ATTNCERT_TRY(claim.tokens, tokens_in(value));
  ATTNCERT_TRY(claim.name, name_in(value, "name"));
  ATTNCERT_TRY(claim.inputs, computed_inputs(value));
  ATTNCERT_TRY(claim.norm, text_of(value, "norm"));
  ATTNCERT_TRY(claim.norm_epsilon, real_of(value, "norm_epsilon"));
  ATTNCERT_TRY(claim.approximation, epsilon_of(value, "approximation"));
  ATTNCERT_TRY(claim.weights, epsilon_of(value, "weights"));
  ATTNCERT_TRY(claim.leak, epsilon_of(value, "leak"));
  ATTNCERT_TRY(claim.original_rounding, epsilon_of(value, "original_rounding"));
  ATTNCERT_TRY(claim.converted_rounding, epsilon_of(value, "converted_rounding"));
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  if (!value.contains("activation") && !value.contains("approximant")) return claim;
  ATTNCERT_CHECK(
      check_keys(value, "a layer", {"activation", "approximant"},
                 {"name", "inputs", "norm", "norm_epsilon", "approximation", "weights", "leak",
                  "original_rounding", "converted_rounding", "epsilon", "tokens"}));
  ATTNCERT_TRY(claim.activation, function_of(value, "activation"));
  ATTNCERT_TRY(claim.approximant, function_of(value, "approximant"));
  return claim;
}

Result<bool> side_of(const Json& value) {
  ATTNCERT_TRY(const std::string side, text_of(value, "side"));
  if (side == "original" || side == "converted") return side == "converted";
  return fail(ErrorCode::JsonWrongType, "'side' must be \"original\" or \"converted\"");
}

}  // namespace

Result<Judgement> read_rounding(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a rounding judgement",
                            {"judgement", "layer", "side", "inputs", "evaluation", "epsilon"},
                            {"tokens"}));
  Rounding rounding;
  ATTNCERT_TRY(rounding.layer, name_in(value, "layer"));
  ATTNCERT_TRY(rounding.tokens, tokens_in(value));
  ATTNCERT_TRY(rounding.converted, side_of(value));
  ATTNCERT_TRY(rounding.inputs, computed_inputs(value));
  ATTNCERT_TRY(rounding.evaluation, evaluation_of(value.at("evaluation")));
  ATTNCERT_TRY(rounding.epsilon, epsilon_of(value));
  return Judgement(std::move(rounding));
}

Result<Judgement> read_rounding_error(const Json& value) {
  ATTNCERT_CHECK(
      check_keys(value, "a rounding-error statement",
                 {"judgement", "original", "converted", "evaluation", "layers", "epsilon"}));
  RoundingError claim;
  ATTNCERT_TRY(claim.original, hashes_of(value.at("original")));
  ATTNCERT_TRY(claim.converted, hashes_of(value.at("converted")));
  ATTNCERT_TRY(claim.evaluation, evaluation_of(value.at("evaluation")));
  ATTNCERT_TRY(const Json layers, array_of(value, "layers"));
  Rational largest = 0;
  for (const Json& one : layers) {
    ATTNCERT_TRY(RoundingClaim layer, layer_of(one));
    if (layer.epsilon > largest) largest = layer.epsilon;
    claim.layers.push_back(std::move(layer));
  }
  if (claim.layers.empty()) {
    return fail(ErrorCode::LayerMissing, "'layers' must name a sublayer");
  }
  ATTNCERT_TRY(claim.epsilon, epsilon_of(value));
  if (claim.epsilon == largest) return Judgement(std::move(claim));
  return fail(ErrorCode::EpsilonNotMaximum, "epsilon must be the largest of the layers'");
}

}  // namespace attncert
