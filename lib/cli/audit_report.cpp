#include "audit_report.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <iostream>

namespace attncert::cli {
namespace {

constexpr int kDigits = 4;
constexpr int kJsonDigits = 12;

struct Share {
  const char* name;
  const char* key;
  Rational RoundingClaim::*of;
};
constexpr std::array<Share, 5> kShares{
    {{"approximation", "approximation", &RoundingClaim::approximation},
     {"weights", "weights", &RoundingClaim::weights},
     {"mask leakage", "leak", &RoundingClaim::leak},
     {"original's rounding", "original_rounding", &RoundingClaim::original_rounding},
     {"converted's rounding", "converted_rounding", &RoundingClaim::converted_rounding}}};

std::string shown(const Rational& q, int digits = kDigits) {
  return q == 0 ? "0" : to_scientific(q, digits, Direction::up);
}

const Share& largest_share(const RoundingClaim& claim) {
  return *std::max_element(kShares.begin(), kShares.end(), [&](const Share& a, const Share& b) {
    return claim.*a.of < claim.*b.of;
  });
}

// In one word: why nothing is proved of a sublayer.
std::string_view verdict_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::RoundingUseless: return "useless";
    case ErrorCode::RoundingOverflow: return "overflow";
    case ErrorCode::MaskTooWeak: return "mask too weak";
    case ErrorCode::MaskRowEmpty: return "fully masked row";
    case ErrorCode::EnclosureUnbounded: return "unbounded";
    default: return "not audited";
  }
}

const RoundingClaim* worst_of(const Audit& audit) {
  const RoundingClaim* worst = nullptr;
  for (const AuditedLayer& layer : audit.layers) {
    if (!layer.refusal && (worst == nullptr || layer.claim.epsilon > worst->epsilon)) {
      worst = &layer.claim;
    }
  }
  return worst;
}

Json to_json(const AuditedLayer& layer) {
  const RoundingClaim& claim = layer.claim;
  if (layer.refusal) {
    return {{"name", claim.name},
            {"verdict", verdict_of(*layer.refusal)},
            {"code", name_of(layer.refusal->code)},
            {"message", layer.refusal->message}};
  }
  Json json{{"name", claim.name},
            {"verdict", layer.is_useless() ? "useless" : "proved"},
            {"size", shown(layer.size, kJsonDigits)},
            {"inputs", attncert::to_json(claim.inputs)},
            {"epsilon", shown(claim.epsilon, kJsonDigits)},
            {"largest_share", largest_share(claim).key}};
  for (const Share& share : kShares) json[share.key] = shown(claim.*share.of, kJsonDigits);
  return json;
}

void print_json(const AuditReport& report) {
  Json json{{"evaluation", attncert::to_json(report.evaluation)},
            {"layers", Json::array()},
            {"findings", Json::array()},
            {"proved", is_proved(report)}};
  for (const AuditedLayer& layer : report.audit.layers) json["layers"].push_back(to_json(layer));
  for (const VariantFinding& one : report.findings) {
    json["findings"].push_back({{"layer", one.layer},
                                {"activation", one.activation},
                                {"error", shown(one.error, kJsonDigits)},
                                {"closer", one.closer},
                                {"closer_error", shown(one.closer_error, kJsonDigits)}});
  }
  if (const RoundingClaim* worst = worst_of(report.audit)) {
    json["worst"] = {{"layer", worst->name},
                     {"cause", largest_share(*worst).key},
                     {"epsilon", shown(worst->epsilon, kJsonDigits)}};
  }
  if (!report.certificate.empty()) json["certificate"] = report.certificate;
  std::cout << json.dump() << "\n";
}

void print_table(const Audit& audit) {
  std::size_t width = std::string("sublayer").size();
  for (const AuditedLayer& layer : audit.layers) width = std::max(width, layer.claim.name.size());
  const auto line = [width](const std::string& name, const std::vector<std::string>& cells,
                            const std::string& last) {
    std::cout << std::left << std::setw(static_cast<int>(width) + 2) << name;
    for (const std::string& cell : cells) std::cout << std::setw(12) << cell;
    std::cout << last << "\n";
  };
  line("sublayer", {"epsilon", "approx.", "weights", "leakage", "original", "converted"},
       "most from");
  for (const AuditedLayer& layer : audit.layers) {
    if (layer.refusal) {
      std::cout << std::setw(static_cast<int>(width) + 2) << layer.claim.name
                << verdict_of(*layer.refusal) << ": " << layer.refusal->message << "\n";
      continue;
    }
    std::vector<std::string> cells{shown(layer.claim.epsilon)};
    for (const Share& share : kShares) cells.push_back(shown(layer.claim.*share.of));
    const std::string useless = layer.is_useless() ? " (useless: as large as the output)" : "";
    line(layer.claim.name, cells, largest_share(layer.claim).name + useless);
  }
}

void print_text(const AuditReport& report) {
  std::cout << "evaluation: " << in_words(report.evaluation) << "\n";
  print_table(report.audit);
  for (const VariantFinding& one : report.findings) {
    std::cout << "finding: " << one.layer << " computes " << one.activation
              << ", but its heads fit " << one.closer << " better: errors of " << shown(one.error)
              << " and " << shown(one.closer_error) << "\n";
  }
  const RoundingClaim* worst = worst_of(report.audit);
  if (worst != nullptr) {
    std::cout << "worst: " << worst->name << ", mostly from " << largest_share(*worst).name
              << "; the least epsilon that is proved: " << shown(worst->epsilon) << "\n";
  }
  if (report.epsilon) {
    std::cout << (is_proved(report) ? "proved" : "not proved") << ": epsilon "
              << to_string(*report.epsilon) << "\n";
  }
  if (!report.certificate.empty()) {
    std::cout << report.certificate << ": check it with: attncert-check " << report.certificate
              << "\n";
  }
}

}  // namespace

bool is_proved(const AuditReport& report) {
  return std::all_of(
      report.audit.layers.begin(), report.audit.layers.end(), [&](const AuditedLayer& layer) {
        return !layer.refusal && (!report.epsilon || layer.claim.epsilon <= *report.epsilon);
      });
}

void print(const AuditReport& report, bool json) {
  if (json) {
    print_json(report);
  } else {
    print_text(report);
  }
}

}  // namespace attncert::cli
