// Masks as numbers added to scores, in a number format: which encoding, and which Omega.
#pragma once

#include <array>

#include "attncert/format/format.hpp"
#include "attncert/kernel/kernel.hpp"
#include "attncert/statement/judgement.hpp"

namespace attncert {

/// How a score says whether a token is allowed.
enum class ScoreEncoding {
  subtract_after,  // Omega is taken from masked scores, once they are computed
  add_after,       // Omega is added to allowed scores, once they are computed
  add_inside       // Omega is one more term of the dot products of allowed scores (T6)
};

/// "-Omega after the score, on masked ones", ...
std::string in_words(ScoreEncoding encoding);

/// What masks in a format are judged by.
struct MaskSetting {
  Format format;
  Underflow underflow = Underflow::gradual;
  Rational ratio;        // the largest n_M / n_S of a row; 0 where nothing is masked
  Rational score_bound;  // computed scores, and each one's sum of absolute products, are at most B
  Rational spread;       // two values of one coordinate differ by at most so much
  long terms = 1;        // products in a score, Omega's not counted
};

/// What is known of one encoding. Without omega it cannot be used: numbers may overflow.
struct EncodingBound {
  ScoreEncoding encoding;
  std::optional<Rational> omega;      // a number of the format, with the least error found
  Rational error;                     // of every coordinate of the means of values
  std::optional<Rational> zero_from;  // from this number on masked weights are exactly 0
};

struct MaskFormats {
  Rational exp_zero;  // e^t is computed as 0 for t <= -exp_zero, rounded up
  std::array<EncodingBound, 3> encodings;
  std::size_t recommended = 0;  // of the least error
  bool useless = false;         // even that is all that values can differ by
};

/// Compares encodings by what they add to the error of attention computed with a true mask; what
/// both do alike, rounding of scores (without Omega), softmax and means, is left out.
/// Maths    add: allowed scores move by delta, half a unit in the last place at Omega + B (terms
///          times that inside the dot product), so means move by spread tanh(delta/2); masked
///          tokens keep tau = t/(1+t), t = n_M/n_S e^-gap, or 0 where the computed gap is exp_zero
/// Requires exp correctly rounded, so 0 from exp_zero on; softmax with max-subtraction;
///          score_bound, spread >= 0 (BoundNegative); terms >= 1
/// Errors   FormatOverflow where scores alone exceed the format
/// Status   rigorous
/// Source   docs/formulas.md#masks-in-formats
Result<MaskFormats> masks_in_format(const MaskSetting& setting);

/// Bounds of an attention sublayer's scores and values, from its weights.
struct AttentionBounds {
  Rational scores;  // |score| <= scores, as rule spectral has it
  Rational spread;  // two values of one coordinate differ by at most so much
};

/// Over every input, or over input rows with |x_i| <= box.
/// Maths    spread: max_r 2 sqrt(D) |gamma w_r - mu 1|, mu the mean after LayerNorm and 0 after
///          RMSNorm; over a box 2 R sum |...|
/// Errors   EnclosureUnbounded where the norm bounds nothing, LayerMissing, LayerKind, Tensor...
/// Status   rigorous
/// Source   docs/formulas.md#masks-in-formats
Result<AttentionBounds> attention_bounds(const Model& model, const std::string& layer,
                                         const std::optional<Rational>& box);

}  // namespace attncert
