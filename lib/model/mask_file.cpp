#include "attncert/model/mask_file.hpp"

namespace attncert {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::vector<std::string_view> lines_of(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || kBlanks.find(text.back()) != kBlanks.npos)) {
    text.remove_suffix(1);
  }
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Error at_line(std::size_t line, const std::string& what, ErrorCode code = ErrorCode::MaskSyntax) {
  return fail(code, "line " + std::to_string(line) + " " + what);
}

// "1100" as "c"; the last digit is filled up with zeros.
std::string hexadecimal(const std::string& bits) {
  std::string digits;
  for (std::size_t at = 0; at < bits.size(); at += 4) {
    std::size_t value = 0;
    for (std::size_t k = at; k < at + 4; ++k) {
      value = 2 * value + (k < bits.size() && bits[k] == '1' ? 1 : 0);
    }
    digits += "0123456789abcdef"[value];
  }
  return digits;
}

Result<std::string> row_of(std::string_view line, std::size_t number, long tokens) {
  std::string bits;
  for (const char c : line) {
    if (kBlanks.find(c) != kBlanks.npos) continue;
    if (c != '0' && c != '1') {
      return at_line(number, "has an entry other than 0 and 1: write 1 where the token may attend");
    }
    bits += c;
  }
  if (static_cast<long>(bits.size()) != tokens) {
    return at_line(number, "has " + std::to_string(bits.size()) + " entries: write " +
                               std::to_string(tokens) + ", one for each token");
  }
  if (bits.find('1') != bits.npos) return hexadecimal(bits);
  return at_line(number,
                 "allows no token, so that token's output is undefined: write at least one 1",
                 ErrorCode::MaskRowEmpty);
}

}  // namespace

Result<MaskPattern> parse_mask_file(std::string_view text, long tokens) {
  if (tokens > kMostMaskRows) {
    return fail(ErrorCode::MaskSyntax, "masks from files have at most " +
                                           std::to_string(kMostMaskRows) +
                                           " tokens: use causal, window:W, block:B or self");
  }
  const std::vector<std::string_view> lines = lines_of(text);
  if (static_cast<long>(lines.size()) != tokens) {
    return fail(ErrorCode::MaskSyntax, std::to_string(lines.size()) + " lines for " +
                                           std::to_string(tokens) +
                                           " tokens: write one line for each token");
  }
  MaskPattern mask{MaskPattern::Kind::rows, 0, {}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ATTNCERT_TRY(std::string row, row_of(lines[i], i + 1, tokens));
    mask.rows.push_back(std::move(row));
  }
  return mask;
}

}  // namespace attncert
