#include "attncert/statement/judgement.hpp"

namespace attncert {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

void add_pair(Json& json, const Pair& pair, const Pair* inherited) {
  if (inherited != nullptr && *inherited == pair) return;
  json["target"] = pair.target;
  json["approximant"] = pair.approximant;
}

Json hashes(const ModelHashes& model) {
  return {{"network", model.network}, {"weights", model.weights}};
}

Json layer_claim(const LayerClaim& claim) {
  return {{"name", claim.name},
          {"activation", claim.activation},
          {"approximant", claim.approximant},
          {"layout", claim.layout},
          {"norm", claim.norm},
          {"norm_epsilon", to_string(claim.norm_epsilon)},
          {"epsilon", to_string(claim.epsilon)}};
}

std::string both(const Pair& pair) { return pair.target + " - " + pair.approximant; }

std::string conversion_in_words(const ConversionError& claim) {
  std::string text =
      "In real arithmetic, for every input row of each MLP sublayer below, the same for both "
      "models, no output coordinate of the converted sublayer differs from the original's by "
      "more than epsilon:";
  for (const LayerClaim& layer : claim.layers) {
    text += "\n  " + layer.name + ": epsilon " + to_string(layer.epsilon) + " (" +
            layer.activation + " by heads computing " + layer.approximant + ", after " +
            layer.norm + ")";
  }
  return text;
}

}  // namespace

std::string_view kind_of(const Judgement& judgement) {
  constexpr std::string_view kinds[] = {"sup-error",   "well-defined",    "value",
                                        "lower-bound", "unbounded",       "instance",
                                        "range",       "one-layer-error", "layer-error"};
  return kinds[judgement.index()];
}

Json to_json(const Judgement& judgement, const Pair* inherited) {
  Json json{{"judgement", kind_of(judgement)}};
  if (const Pair* pair = pair_of(judgement)) add_pair(json, *pair, inherited);
  const auto bound = [&json](const auto& j) {
    json["domain"] = to_json(j.domain);
    json["epsilon"] = to_string(j.epsilon);
  };
  const auto on_domain = [&json](const auto& j) { json["domain"] = to_json(j.domain); };
  std::visit(
      Overloaded{[&](const SupError& j) { bound(j); }, [&](const LowerBound& j) { bound(j); },
                 [&](const WellDefined& j) { on_domain(j); },
                 [&](const Unbounded& j) { on_domain(j); },
                 [&](const PointValue& j) {
                   json["at"] = to_string(j.at);
                   json["within"] = {to_string(j.lower), to_string(j.upper)};
                 },
                 [&](const Instance& j) { json["layer"] = j.layer; },
                 [&](const PreactivationRange& j) {
                   json["layer"] = j.layer;
                   json["ranges"] = Json::array();
                   for (const Domain& range : j.ranges) json["ranges"].push_back(to_json(range));
                 },
                 [&](const LayerError& j) {
                   json["layer"] = j.layer;
                   json["epsilon"] = to_string(j.epsilon);
                 },
                 [&](const ConversionError& j) {
                   json["inputs"] = "every";
                   json["original"] = hashes(j.original);
                   json["converted"] = hashes(j.converted);
                   json["layers"] = Json::array();
                   for (const LayerClaim& layer : j.layers) {
                     json["layers"].push_back(layer_claim(layer));
                   }
                   json["epsilon"] = to_string(j.epsilon);
                 }},
      judgement);
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

std::string in_words(const Judgement& judgement) {
  return std::visit(
      Overloaded{[](const SupError& j) {
                   return "|" + both(j.pair) + "| <= " + to_string(j.epsilon) + " for " +
                          in_words(j.domain);
                 },
                 [](const WellDefined& j) {
                   return j.pair.target + " and " + j.pair.approximant + " are defined for " +
                          in_words(j.domain);
                 },
                 [](const PointValue& j) {
                   return both(j.pair) + " lies in [" + to_string(j.lower) + ", " +
                          to_string(j.upper) + "] at x = " + to_string(j.at);
                 },
                 [](const LowerBound& j) {
                   return "|" + both(j.pair) + "| >= " + to_string(j.epsilon) +
                          " for some x among " + in_words(j.domain);
                 },
                 [](const Unbounded& j) {
                   return "|" + both(j.pair) + "| has no bound over " + in_words(j.domain);
                 },
                 [](const Instance& j) {
                   return "the stored heads of " + j.layer + " are exactly the original's neurons";
                 },
                 [](const PreactivationRange& j) {
                   return "ranges of the " + std::to_string(j.ranges.size()) +
                          " pre-activations of " + j.layer + " over every input";
                 },
                 [](const LayerError& j) {
                   return "every output coordinate of " + j.layer + " is within " +
                          to_string(j.epsilon) + ", for every input";
                 },
                 [](const ConversionError& j) { return conversion_in_words(j); }},
      judgement);
}

}  // namespace attncert
