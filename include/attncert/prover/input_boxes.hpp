// Boxes of sublayers' inputs, from recorded ranges.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "attncert/statement/network.hpp"

namespace attncert {

/// For each sublayer R such that its input rows have |x_i| <= R.
struct InputBoxes {
  std::map<std::string, Rational> by_name;
  std::optional<Rational> others;  // of sublayers without an entry

  std::optional<Rational> of(const std::string& sublayer) const;
};

/// Reads {"NAME": R, "NAME": [[lo, hi], ...], "default": R}: R a number > 0, or one pair for each
/// input coordinate. Numbers are JSON numbers or strings, and mean what is written, exactly.
/// Ensures  R is the smallest that holds all pairs
/// Errors   Json..., NumberSyntax, NumberTooLong; LayerMissing (no such sublayer, or no entry at all),
///          RangeCount (not one pair for each coordinate), DomainReversed (lo > hi, R not positive);
///          messages name the entry
/// Status   approx; R is part of what is stated
Result<InputBoxes> read_input_boxes(std::string_view text, const Network& network);

}  // namespace attncert
