#include "audit_report.hpp"

#include <algorithm>

#include "audit_parts.hpp"

namespace attncert::cli {

const Share& largest_share(const RoundingClaim& claim) {
  return *std::max_element(kShares.begin(), kShares.end(), [&](const Share& a, const Share& b) {
    return claim.*a.of < claim.*b.of;
  });
}

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

std::string_view overflow_of(const AuditedLayer& layer) {
  if (!layer.refusal) return "impossible";
  return layer.refusal->code == ErrorCode::RoundingOverflow ? "possible" : "unknown";
}

const AuditedLayer* worst_of(const Audit& audit) {
  const AuditedLayer* worst = nullptr;
  const auto is_worse = [&](const AuditedLayer& layer) {
    if (worst == nullptr) return true;
    if (layer.is_useless() != worst->is_useless()) return worst->is_useless();
    return layer.claim.epsilon > worst->claim.epsilon;
  };
  for (const AuditedLayer& layer : audit.layers) {
    if (!layer.refusal && is_worse(layer)) worst = &layer;
  }
  return worst;
}

std::optional<Rational> least_epsilon(const Audit& audit) {
  Rational least = 0;
  for (const AuditedLayer& layer : audit.layers) {
    if (layer.refusal) return std::nullopt;
    least = std::max(least, layer.claim.epsilon);
  }
  return least;
}

std::string shown(const Rational& q, int digits) {
  return q == 0 ? "0" : to_scientific(q, digits, Direction::up);
}

bool is_proved(const AuditReport& report) {
  const auto least = least_epsilon(report.audit);
  return least && (!report.epsilon || *least <= *report.epsilon);
}

void print(const AuditReport& report, bool json) {
  if (json) {
    print_audit_json(report);
  } else {
    print_audit_text(report);
  }
}

}  // namespace attncert::cli
