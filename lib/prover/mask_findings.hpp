// What is wrong with masks that are weights, told from the weights alone (private to the module).
#pragma once

#include "attncert/kernel/weights.hpp"

namespace attncert {

/// A sublayer's masks, and how its scores compare.
struct MaskedScores {
  std::string layer;
  const MaskWeights& masks;
  Rational scores;   // of what a token may attend to, and may not: in [-scores, scores]
  long outnumbered;  // most masked tokens for each allowed one
};

/// Whether every row of a mask lets its token attend to what is allowed, and to that above all.
/// Maths    a row's gap is its largest number less the next smaller one; from 2 B + ln N on, masked
///          tokens together get at most half of the weight, scores in [-B, B], N of them masked for
///          each allowed one
/// Errors   MaskRowEmpty: a row of a real token without a gap, that is without any mask;
///          MaskTooWeak: a gap of at most 2 B + ln N; tensor errors
/// Status   approx: ln in double, rounded up
Status check_mask_rows(const Model& converted, const MaskedScores& masked);

}  // namespace attncert
