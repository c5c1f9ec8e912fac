// Two-sided bounds of sup |f - g|, each with a derivation the kernel accepts.
#pragma once

#include "attncert/prover/document.hpp"
#include "attncert/prover/pieces.hpp"

namespace attncert {

/// What is known of the supremum of |target - approximant| over a domain.
struct SupremumBound {
  enum class Kind { enclosed, equal, unbounded };
  Kind kind = Kind::enclosed;
  Rational lower;                   // proved by `below` (0 needs no proof)
  Rational upper;                   // proved by `above`; absent meaning when unbounded
  std::optional<Rational> witness;  // |d(witness)| >= lower
  std::size_t pieces = 0;
  bool gap_reached = true;           // upper <= lower (1 + gap)
  Certificate above;                 // claims sup-error with epsilon = upper, or unbounded
  std::optional<Certificate> below;  // claims lower-bound with epsilon = lower
};

/// Encloses the supremum.
/// Requires canonical function texts; gap > 0
/// Ensures  lower <= sup <= upper, both accepted by the kernel
/// Errors   where a function is not defined on the domain, or has no known bound at infinity
/// Status   rigorous
Result<SupremumBound> bound_supremum(const Pair& pair, const Domain& domain, const Rational& gap,
                                     const Progress& progress = {});

/// Either a proof of sup |f - g| <= epsilon, or a refutation, or how far it got.
struct CertifyOutcome {
  enum class Kind { proved, refuted, unbounded, unproved };
  Kind kind = Kind::unproved;
  Certificate certificate;          // proved; or refuted: of lower-bound; or unbounded
  std::optional<Rational> witness;  // refuted: |d(witness)| >= lower > epsilon
  Rational lower = 0;
  std::size_t pieces = 0;
};

/// Proves or refutes one epsilon. Requires epsilon > 0. Errors as above.
Result<CertifyOutcome> certify_supremum(const Pair& pair, const Domain& domain,
                                        const Rational& epsilon, const Progress& progress = {});

}  // namespace attncert
