#include "attncert/statement/judgement.hpp"

namespace attncert {
namespace {

Json to_json(const ModelHashes& model) {
  return {{"network", model.network}, {"weights", model.weights}};
}

Json to_json(const LayerClaim& claim) {
  Json json{{"name", claim.name},
            {"activation", claim.activation},
            {"approximant", claim.approximant},
            {"layout", claim.layout},
            {"norm", claim.norm},
            {"norm_epsilon", to_string(claim.norm_epsilon)},
            {"epsilon", to_string(claim.epsilon)}};
  if (claim.omega) json["omega"] = to_string(*claim.omega);
  return json;
}

Json to_json(const MaskClaim& claim) {
  return {{"name", claim.name},
          {"mask", claim.mask},
          {"omega", to_string(claim.omega)},
          {"epsilon", to_string(claim.epsilon)}};
}

Json to_json(const RoundingClaim& claim) {
  Json json{{"name", claim.name},
            {"inputs", to_json(claim.inputs)},
            {"norm", claim.norm},
            {"norm_epsilon", to_string(claim.norm_epsilon)},
            {"approximation", to_string(claim.approximation)},
            {"weights", to_string(claim.weights)},
            {"leak", to_string(claim.leak)},
            {"original_rounding", to_string(claim.original_rounding)},
            {"converted_rounding", to_string(claim.converted_rounding)},
            {"epsilon", to_string(claim.epsilon)}};
  if (claim.tokens) json["tokens"] = *claim.tokens;
  if (claim.activation.empty()) return json;
  json["activation"] = claim.activation;
  json["approximant"] = claim.approximant;
  return json;
}

Json to_json(const RoundedClaim& claim) {
  return {{"name", claim.name}, {"epsilon", to_string(claim.epsilon)}};
}

// The members of each judgement, but for the pair.

void put(Json& json, const SupError& j) {
  json["domain"] = to_json(j.domain);
  json["epsilon"] = to_string(j.epsilon);
}

void put(Json& json, const WellDefined& j) { json["domain"] = to_json(j.domain); }

void put(Json& json, const PointValue& j) {
  json["at"] = to_string(j.at);
  json["within"] = {to_string(j.lower), to_string(j.upper)};
}

void put(Json& json, const LowerBound& j) {
  json["domain"] = to_json(j.domain);
  json["epsilon"] = to_string(j.epsilon);
}

void put(Json& json, const Unbounded& j) { json["domain"] = to_json(j.domain); }

void put(Json& json, const Instance& j) { json["layer"] = j.layer; }

void put(Json& json, const PreactivationRange& j) {
  json["layer"] = j.layer;
  json["inputs"] = to_json(j.inputs);
  json["ranges"] = Json::array();
  for (const Domain& range : j.ranges) json["ranges"].push_back(to_json(range));
}

// Judgements of a sublayer, its inputs and an epsilon.
template <class J>
void put_bound(Json& json, const J& j) {
  json["layer"] = j.layer;
  json["inputs"] = to_json(j.inputs);
  json["epsilon"] = to_string(j.epsilon);
}

void put(Json& json, const LayerError& j) {
  put_bound(json, j);
  if (j.exact_masks) json["masks"] = "exact";
}

void put(Json& json, const ConversionError& j) {
  json["inputs"] = to_json(j.inputs);
  json["original"] = to_json(j.original);
  json["converted"] = to_json(j.converted);
  json["layers"] = Json::array();
  for (const LayerClaim& layer : j.layers) json["layers"].push_back(to_json(layer));
  for (const MaskClaim& mask : j.masks) json["masks"].push_back(to_json(mask));
  for (const RoundedClaim& claim : j.rounded) json["rounded"].push_back(to_json(claim));
  json["epsilon"] = to_string(j.epsilon);
}

void put(Json& json, const Identity& j) {
  json["original"] = to_json(j.original);
  json["converted"] = to_json(j.converted);
}

void put(Json& json, const MaskError& j) {
  json["tokens"] = j.tokens;
  json["mask"] = to_json(j.mask);
  json["score_bound"] = to_string(j.score_bound);
  json["value_bound"] = to_string(j.value_bound);
  json["omega"] = to_string(j.omega);
  json["epsilon"] = to_string(j.epsilon);
}

void put(Json& json, const ScoreBound& j) {
  json["layer"] = j.layer;
  json["inputs"] = to_json(j.inputs);
  json["bound"] = to_string(j.bound);
}

void put(Json& json, const MaskLeak& j) { put_bound(json, j); }

void put(Json& json, const Perturbation& j) { put_bound(json, j); }

void put(Json& json, const SameArgmax& j) {
  json["original"] = to_json(j.original);
  json["converted"] = to_json(j.converted);
  json["prompts"] = j.prompts;
  json["count"] = j.count;
  json["generate"] = j.generate;
  json["except"] = j.except;
  if (j.evaluation) json["evaluation"] = to_json(*j.evaluation);
  if (j.difference) json["difference"] = to_string(*j.difference);
}

void put(Json& json, const ArgmaxShard& j) {
  json["first"] = j.first;
  json["last"] = j.last;
  json["generate"] = j.generate;
  json["except"] = j.except;
  if (j.evaluation) json["evaluation"] = to_json(*j.evaluation);
  if (j.difference) json["difference"] = to_string(*j.difference);
}

void put(Json& json, const Rounding& j) {
  put_bound(json, j);
  if (j.tokens) json["tokens"] = *j.tokens;
  json["side"] = j.converted ? "converted" : "original";
  json["evaluation"] = to_json(j.evaluation);
}

void put(Json& json, const RoundingError& j) {
  json["original"] = to_json(j.original);
  json["converted"] = to_json(j.converted);
  json["evaluation"] = to_json(j.evaluation);
  json["layers"] = Json::array();
  for (const RoundingClaim& layer : j.layers) json["layers"].push_back(to_json(layer));
  json["epsilon"] = to_string(j.epsilon);
}

}  // namespace

std::string_view kind_of(const Judgement& judgement) {
  constexpr std::string_view kinds[] = {
      "sup-error",    "well-defined", "value",           "lower-bound", "unbounded",
      "instance",     "range",        "one-layer-error", "layer-error", "identity",
      "mask-error",   "score-bound",  "mask-leak",       "same-argmax", "argmax-shard",
      "perturbation", "rounding",     "rounding-error"};
  return kinds[judgement.index()];
}

Json to_json(const Judgement& judgement, const Pair* inherited) {
  Json json{{"judgement", kind_of(judgement)}};
  const Pair* pair = pair_of(judgement);
  if (pair != nullptr && (inherited == nullptr || *inherited != *pair)) {
    json["target"] = pair->target;
    json["approximant"] = pair->approximant;
  }
  std::visit([&json](const auto& j) { put(json, j); }, judgement);
  return json;
}

const Pair* pair_of(const Judgement& judgement) {
  return std::visit(
      [](const auto& j) -> const Pair* {
        if constexpr (requires { j.pair; }) {
          return &j.pair;
        } else {
          return nullptr;
        }
      },
      judgement);
}

std::optional<std::pair<const ModelHashes*, const ModelHashes*>> models_of(
    const Judgement& judgement) {
  using Models = std::optional<std::pair<const ModelHashes*, const ModelHashes*>>;
  return std::visit(
      [](const auto& j) -> Models {
        if constexpr (requires { j.converted.weights; }) {
          return std::make_pair(&j.original, &j.converted);
        } else {
          return std::nullopt;
        }
      },
      judgement);
}

}  // namespace attncert
