// Masks drawn by hand: text files of zeros and ones.
#pragma once

#include <string_view>

#include "attncert/statement/mask.hpp"

namespace attncert {

/// Reads one line for each token: 1 where it may attend, 0 where not; blanks between are ignored.
/// Requires `tokens` lines of `tokens` entries, at most kMostMaskRows (MaskSyntax); a 1 in every
///          line (MaskRowEmpty); messages name the line, counted from 1
Result<MaskPattern> parse_mask_file(std::string_view text, long tokens);

}  // namespace attncert
