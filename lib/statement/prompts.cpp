#include "attncert/statement/prompts.hpp"

#include <charconv>

namespace attncert {
namespace {

constexpr std::size_t kMostDigits = 9;

Result<long> token_of(std::string_view text) {
  long token = 0;
  const bool digits = !text.empty() && text.size() <= kMostDigits &&
                      text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && (text.size() == 1 || text.front() != '0')) {
    std::from_chars(text.data(), text.data() + text.size(), token);
    return token;
  }
  return fail(ErrorCode::PromptsSyntax,
              "'" + std::string(text.substr(0, 40)) + "' is not a token: 0, 1, 2, ...");
}

Result<Prompt> prompt_of(std::string_view line) {
  Prompt prompt;
  while (true) {
    const std::size_t comma = line.find(',');
    ATTNCERT_TRY(const long token, token_of(line.substr(0, comma)));
    prompt.push_back(token);
    if (comma == std::string_view::npos) return prompt;
    line.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<std::vector<Prompt>> parse_prompts(std::string_view text) {
  std::vector<Prompt> prompts;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return fail(ErrorCode::PromptsSyntax, "the last prompt does not end with a newline");
    }
    auto prompt = prompt_of(text.substr(0, end));
    if (!prompt) {
      return fail(ErrorCode::PromptsSyntax, "prompts, line " + std::to_string(prompts.size() + 1) +
                                                ": " + prompt.error().message);
    }
    prompts.push_back(std::move(prompt).value());
    text.remove_prefix(end + 1);
  }
  if (!prompts.empty()) return prompts;
  return fail(ErrorCode::PromptsSyntax, "no prompts: one a line, tokens by commas");
}

}  // namespace attncert
