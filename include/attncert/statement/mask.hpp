// Masks: which tokens a token may attend to.
#pragma once

#include <string>
#include <vector>

#include "attncert/core/json.hpp"

namespace attncert {

/// Token i may attend to token j exactly if allows(i, j); tokens count from 0.
struct MaskPattern {
  enum class Kind { full, causal, window, block, self, rows };
  Kind kind = Kind::full;
  long size = 0;                  // window, block: tokens, at least 1
  std::vector<std::string> rows;  // rows: hexadecimal digits, the first bit for token 0

  bool operator==(const MaskPattern&) const = default;
  bool allows(long i, long j) const;
};

/// The most rows a mask given row by row may have.
constexpr long kMostMaskRows = 4096;

/// Reads "full", "causal", "window:W", "block:B", "self" or {"rows":["8","c",...]}.
/// Requires canonical text: sizes of at least 1 without leading zeros; as many bits in a row as
///          there are rows, filled up with zeros to whole lower-case digits (MaskSyntax); no row
///          without a one (MaskRowEmpty)
/// Status   trusted
Result<MaskPattern> mask_of(const Json& value);
Json to_json(const MaskPattern& mask);

/// "the causal mask (token i attends to every j <= i)", ...
std::string in_words(const MaskPattern& mask);

/// How many tokens the most restricted of `tokens` tokens may attend to.
/// Maths    min_i |{j : allows(i, j)}|, 0 <= i, j < tokens
/// Errors   MaskSyntax (no tokens, rows for another number of tokens, ...), MaskRowEmpty
/// Ensures  1 <= result <= tokens; constant time but for rows
/// Status   trusted
Result<long> fewest_allowed(const MaskPattern& mask, long tokens);

}  // namespace attncert
