// `attncert audit --domain prompts:FILE`: both models end to end on prompts.
#pragma once

#include "prompts_proof.hpp"

namespace attncert::cli {

/// Proves, prints, and writes options.output where all is proved; the exit code.
Result<int> audit_prompts(const PromptsOptions& options, const Evaluation& evaluation,
                          const std::optional<Rational>& epsilon, bool json);

}  // namespace attncert::cli
