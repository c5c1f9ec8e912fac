// The least Omega that stands in for a mask, with its certificate.
#pragma once

#include "attncert/prover/document.hpp"

namespace attncert {

/// What is known of the least Omega.
struct MaskBound {
  Rational omega;           // sufficient, by the certificate; at most 20 significant digits
  long allowed = 0;         // of the most restricted row
  long masked = 0;          // likewise
  bool sharp = true;        // omega <= (1 + 1e-18) times the least one
  Certificate certificate;  // claims mask-error
};

/// Finds the least Omega for the claim's other members, rounded up; the claim's own is ignored.
/// Maths    max(0, 2 B + ln(n_M / n_S) + ln((2 V - E) / E)), n_M / n_S that of the most restricted
///          row; 0 when E >= 2 V or no row masks anything
/// Requires tokens and mask that fit (MaskSyntax, MaskRowEmpty); epsilon > 0 (EpsilonNegative);
///          bounds that are not negative (BoundNegative)
/// Status   rigorous
/// Source   docs/formulas.md#mask
Result<MaskBound> certify_mask(MaskError claim);

}  // namespace attncert
