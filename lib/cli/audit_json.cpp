#include <iostream>

#include "audit_parts.hpp"

namespace attncert::cli {
namespace {

constexpr int kDigits = 12;

std::string up(const Rational& q) { return shown(q, kDigits); }
std::string up(Upper x) { return up(Rational(x.value())); }

Json range_of(const Domain& range) {
  const auto end = [](const std::optional<Rational>& x, Direction direction) {
    return x ? Json(to_scientific(*x, kDigits, direction)) : Json();
  };
  return {end(range.lower, Direction::down), end(range.upper, Direction::up)};
}

Json side_of(const NeuronRounding& side) {
  return {{"preactivation_error", up(side.preactivation_error)},
          {"activation_error", up(side.activation_error)},
          {"contribution", up(side.contribution)}};
}

Json neurons_of(const AuditedLayer& layer) {
  Json neurons = Json::array();
  for (std::size_t j = 0; j < layer.neurons.size(); ++j) {
    const AuditedNeuron& neuron = layer.neurons[j];
    neurons.push_back({{"neuron", j},
                       {"range", range_of(neuron.range)},
                       {"approximation",
                        {{"activation_error", up(neuron.approximation)},
                         {"contribution", up(neuron.approximation_contribution)}}},
                       {"original", side_of(neuron.original)},
                       {"converted", side_of(neuron.converted)}});
  }
  return neurons;
}

Json masks_of(const MaskNeeds& needs, const Evaluation& evaluation) {
  Json json{{"score_bound", up(needs.scores)},
            {"gap", up(needs.gap())},
            {"exp_zero", to_string(needs.exp_zero)},
            {"sufficient_constant", needs.least ? Json(up(*needs.least)) : Json()}};
  if (needs.may_win) {
    json["constant"] = to_string(*evaluation.mask_constant);
    json["masked_may_win"] = *needs.may_win ? "yes" : "no";
  }
  return json;
}

Json layer_json(const AuditedLayer& layer, const AuditReport& report) {
  const RoundingClaim& claim = layer.claim;
  Json json{{"name", claim.name}, {"overflow", overflow_of(layer)}, {"nan", overflow_of(layer)}};
  json["underflow"] = layer.refusal ? "unknown" : "included";
  if (layer.box) json["box"] = to_string(*layer.box);
  if (layer.masks) json["masks"] = masks_of(*layer.masks, report.evaluation);
  if (layer.refusal) {
    json["verdict"] = verdict_of(*layer.refusal);
    json["code"] = name_of(layer.refusal->code);
    json["message"] = layer.refusal->message;
    return json;
  }
  json["verdict"] = layer.is_useless() ? "useless" : "proved";
  json["size"] = up(layer.size);
  json["inputs"] = to_json(claim.inputs);
  json["epsilon"] = up(claim.epsilon);
  json["largest_share"] = largest_share(claim).key;
  for (const Share& share : kShares) json[share.key] = up(claim.*share.of);
  if (!layer.neurons.empty()) json["neurons"] = neurons_of(layer);
  return json;
}

Json finding_json(const VariantFinding& finding) {
  return {{"layer", finding.layer},
          {"activation", finding.activation},
          {"error", up(finding.error)},
          {"closer", finding.closer},
          {"closer_error", up(finding.closer_error)}};
}

}  // namespace

void print_audit_json(const AuditReport& report) {
  Json json{{"evaluation", to_json(report.evaluation)},
            {"layers", Json::array()},
            {"findings", Json::array()},
            {"proved", is_proved(report)}};
  for (const AuditedLayer& layer : report.audit.layers) {
    json["layers"].push_back(layer_json(layer, report));
  }
  for (const VariantFinding& one : report.findings) json["findings"].push_back(finding_json(one));
  if (const AuditedLayer* worst = worst_of(report.audit)) {
    json["worst"] = {{"layer", worst->claim.name},
                     {"cause", largest_share(worst->claim).key},
                     {"epsilon", up(worst->claim.epsilon)},
                     {"useless", worst->is_useless()}};
  }
  const auto least = least_epsilon(report.audit);
  json["least_epsilon"] = least ? Json(up(*least)) : Json();
  if (!report.certificate.empty()) json["certificate"] = report.certificate;
  std::cout << json.dump() << "\n";
}

}  // namespace attncert::cli
