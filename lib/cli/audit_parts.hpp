// What text and JSON of `attncert audit` share (private to the module).
#pragma once

#include <array>

#include "attncert/model/decimal.hpp"
#include "audit_report.hpp"

namespace attncert::cli {

/// A share of a sublayer's epsilon.
struct Share {
  const char* name;
  const char* key;    // in JSON
  const char* title;  // of a column, and in one word
  Rational RoundingClaim::*of;
};
inline constexpr std::array<Share, 5> kShares{
    {{"approximation", "approximation", "approx.", &RoundingClaim::approximation},
     {"weights", "weights", "weights", &RoundingClaim::weights},
     {"mask leakage", "leak", "leakage", &RoundingClaim::leak},
     {"original's rounding", "original_rounding", "original", &RoundingClaim::original_rounding},
     {"converted's rounding", "converted_rounding", "converted",
      &RoundingClaim::converted_rounding}}};

const Share& largest_share(const RoundingClaim& claim);

/// In one word: why nothing is proved of a sublayer.
std::string_view verdict_of(const Error& error);

/// Whether computed numbers may overflow, and become NaN: "impossible", "possible", "unknown".
std::string_view overflow_of(const AuditedLayer& layer);

/// The largest epsilon proved, useless ones only if there is no other; nullptr if there is none.
const AuditedLayer* worst_of(const Audit& audit);

/// The least epsilon that all sublayers keep to; nothing where one is refused.
std::optional<Rational> least_epsilon(const Audit& audit);

/// Rounded up.
std::string shown(const Rational& q, int digits);

void print_audit_text(const AuditReport& report);
void print_audit_json(const AuditReport& report);

}  // namespace attncert::cli
