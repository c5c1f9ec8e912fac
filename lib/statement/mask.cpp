#include "attncert/statement/mask.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

namespace attncert {
namespace {

using Kind = MaskPattern::Kind;

// In the order of Kind; a size follows the colon.
constexpr std::array<std::string_view, 5> kNames{"full", "causal", "window:", "block:", "self"};
constexpr std::string_view kDigits = "0123456789abcdef";
constexpr long kBits = 4;  // of a digit

Error syntax(const std::string& what) { return fail(ErrorCode::MaskSyntax, "mask: " + what); }

Result<long> size_of(std::string_view digits) {
  long size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (size >= 1 && std::to_string(size) == digits) return size;
  return syntax("a window's or block's size must be a number from 1, such as window:8");
}

// How many ones a row has.
Result<long> ones_of(const std::string& row, long tokens) {
  const auto digits = static_cast<std::size_t>((tokens + kBits - 1) / kBits);
  if (row.size() != digits || row.find_first_not_of(kDigits) != row.npos) {
    return syntax("a row of " + std::to_string(tokens) + " bits must be " + std::to_string(digits) +
                  " lower-case hexadecimal digits");
  }
  long ones = 0;
  for (const char c : row) ones += std::popcount(kDigits.find(c));
  const long spare = static_cast<long>(digits) * kBits - tokens;
  if (std::countr_zero(kDigits.find(row.back()) | std::size_t{1} << kBits) >= spare) return ones;
  return syntax("the bits of a row's last digit beyond the last token must be 0");
}

Result<long> fewest_ones(const std::vector<std::string>& rows, long tokens) {
  if (static_cast<long>(rows.size()) != tokens || tokens > kMostMaskRows) {
    return syntax(std::to_string(rows.size()) + " rows for " + std::to_string(tokens) +
                  " tokens: there must be one each, and at most " + std::to_string(kMostMaskRows));
  }
  long fewest = tokens;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ATTNCERT_TRY(const long ones, ones_of(rows[i], tokens));
    if (ones == 0) {
      const std::string token = "mask: token " + std::to_string(i);
      return fail(ErrorCode::MaskRowEmpty, token + " may attend to no token: allow it one");
    }
    fewest = std::min(fewest, ones);
  }
  return fewest;
}

Result<MaskPattern> rows_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a mask", {"rows"}));
  ATTNCERT_TRY(const Json rows, array_of(value, "rows"));
  MaskPattern mask{Kind::rows, 0, {}};
  for (const Json& row : rows) {
    if (!row.is_string()) return syntax("rows must be texts of hexadecimal digits");
    mask.rows.push_back(row.get<std::string>());
  }
  ATTNCERT_CHECK(fewest_allowed(mask, static_cast<long>(mask.rows.size())));
  return mask;
}

}  // namespace

bool MaskPattern::allows(long i, long j) const {
  switch (kind) {
    case Kind::full: return true;
    case Kind::causal: return j <= i;
    case Kind::window: return i - size < j && j <= i;
    case Kind::block: return i / size == j / size;
    case Kind::self: return i == j;
    case Kind::rows: break;
  }
  const char digit = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j / kBits)];
  return (kDigits.find(digit) >> static_cast<unsigned>(kBits - 1 - j % kBits) & 1U) != 0;
}

Result<MaskPattern> mask_of(const Json& value) {
  if (value.is_object()) return rows_of(value);
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  for (std::size_t k = 0; k < kNames.size(); ++k) {
    MaskPattern mask{static_cast<Kind>(k), 0, {}};
    if (text == kNames.at(k) && !text.ends_with(':')) return mask;
    if (!text.starts_with(kNames.at(k)) || !kNames.at(k).ends_with(':')) continue;
    ATTNCERT_TRY(mask.size, size_of(std::string_view(text).substr(kNames.at(k).size())));
    return mask;
  }
  return syntax("write full, causal, window:W, block:B, self, or {\"rows\":[...]}");
}

Json to_json(const MaskPattern& mask) {
  if (mask.kind == Kind::rows) return {{"rows", mask.rows}};
  return std::string(kNames.at(static_cast<std::size_t>(mask.kind))) +
         (mask.size > 0 ? std::to_string(mask.size) : "");
}

std::string in_words(const MaskPattern& mask) {
  const std::string size = std::to_string(mask.size);
  const std::string count = std::to_string(mask.rows.size());
  switch (mask.kind) {
    case Kind::full: return "the full mask (every token attends to every token)";
    case Kind::causal: return "the causal mask (token i attends to every j <= i)";
    case Kind::window:
      return "a window mask (token i attends to every j, i - " + size + " < j <= i)";
    case Kind::block:
      return "a block mask (tokens attend within consecutive blocks of " + size + ")";
    case Kind::self: return "the mask self (every token attends to itself only)";
    case Kind::rows: break;
  }
  return "the mask of the statement's " + count +
         " rows (token i attends to j where row i has a 1)";
}

Result<long> fewest_allowed(const MaskPattern& mask, long tokens) {
  const bool sized = mask.kind == Kind::window || mask.kind == Kind::block;
  if (tokens < 1 || (sized && mask.size < 1)) return syntax("tokens and sizes must be at least 1");
  switch (mask.kind) {
    case Kind::full: return tokens;
    case Kind::block: return tokens % mask.size == 0 ? mask.size : tokens % mask.size;
    case Kind::rows: return fewest_ones(mask.rows, tokens);
    default: return 1L;  // token 0 sees itself only
  }
}

}  // namespace attncert
