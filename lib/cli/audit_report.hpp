// What `attncert audit` prints (private to the module).
#pragma once

#include "attncert/prover/audit.hpp"
#include "common.hpp"

namespace attncert::cli {

/// Heads that fit another activation of the zoo better than the original's own.
struct VariantFinding {
  std::string layer;
  std::string activation;
  Rational error;  // of the heads' function for it, at most
  std::string closer;
  Rational closer_error;
};

struct AuditReport {
  const Audit& audit;
  const Evaluation& evaluation;
  const std::vector<VariantFinding>& findings;
  const std::optional<Rational>& epsilon;  // asked for
  std::string certificate;                 // written, or empty
};

/// Whether all sublayers are proved, and within the epsilon asked for, if one was.
bool is_proved(const AuditReport& report);

/// Text or one JSON object on standard output.
void print(const AuditReport& report, bool json);

}  // namespace attncert::cli
