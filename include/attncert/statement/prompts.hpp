// Prompts: the sequences of tokens that a claim lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attncert/core/result.hpp"

namespace attncert {

using Prompt = std::vector<long>;

/// A prompts file, named by its hash.
struct Prompts {
  std::vector<Prompt> prompts;
  std::string sha256;
};

/// Reads one prompt a line: tokens as decimal numbers, by commas; every line ends with a newline.
/// Requires at least one line, no empty ones, no blanks, signs or leading zeros (PromptsSyntax)
/// Status   trusted
Result<std::vector<Prompt>> parse_prompts(std::string_view text);

}  // namespace attncert
