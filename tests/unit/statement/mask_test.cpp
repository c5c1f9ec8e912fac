#include "attncert/statement/mask.hpp"

#include <set>

#include "attncert/statement/judgement.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Json parsed(std::string_view text) {
  auto json = parse_json(text);
  REQUIRE_MESSAGE(json, std::string(text));
  return std::move(json).value();
}

MaskPattern mask(std::string_view json_text) {
  auto read = mask_of(parsed(json_text));
  REQUIRE_MESSAGE(read, std::string(json_text));
  return std::move(read).value();
}

// Row by row, as a definition would.
long counted(const MaskPattern& pattern, long tokens) {
  long fewest = tokens;
  for (long i = 0; i < tokens; ++i) {
    long allowed = 0;
    for (long j = 0; j < tokens; ++j) allowed += pattern.allows(i, j) ? 1 : 0;
    fewest = std::min(fewest, allowed);
  }
  return fewest;
}

constexpr std::string_view kPatterns[] = {
    R"("full")",
    R"("causal")",
    R"("self")",
    R"("window:1")",
    R"("window:8")",
    R"("window:9223372036854775807")",
    R"("block:1")",
    R"("block:64")",
    R"({"rows":["8"]})",
    R"({"rows":["8","c"]})",
    R"({"rows":["f","9","6","1"]})",
    R"({"rows":["08","40","f8","c0","88"]})",
};

struct Rejection {
  std::string_view text;
  ErrorCode code;
};

constexpr Rejection kRejected[] = {
    {R"("")", ErrorCode::MaskSyntax},
    {R"("Causal")", ErrorCode::MaskSyntax},
    {R"("causal ")", ErrorCode::MaskSyntax},
    {R"("causal:8")", ErrorCode::MaskSyntax},
    {R"("window")", ErrorCode::MaskSyntax},
    {R"("window:")", ErrorCode::MaskSyntax},
    {R"("window:0")", ErrorCode::MaskSyntax},
    {R"("window:-8")", ErrorCode::MaskSyntax},
    {R"("window:+8")", ErrorCode::MaskSyntax},
    {R"("window:08")", ErrorCode::MaskSyntax},
    {R"("window: 8")", ErrorCode::MaskSyntax},
    {R"("window:8 ")", ErrorCode::MaskSyntax},
    {R"("window:8.0")", ErrorCode::MaskSyntax},
    {R"("window:0x8")", ErrorCode::MaskSyntax},
    {R"("window:9223372036854775808")", ErrorCode::MaskSyntax},
    {R"("block:")", ErrorCode::MaskSyntax},
    {R"("block:0")", ErrorCode::MaskSyntax},
    {R"("rows")", ErrorCode::MaskSyntax},
    {R"(8)", ErrorCode::MaskSyntax},
    {R"(["8","c"])", ErrorCode::MaskSyntax},
    {R"({})", ErrorCode::JsonMissingKey},
    {R"({"rows":["8"],"size":1})", ErrorCode::JsonUnknownKey},
    {R"({"rows":"8"})", ErrorCode::JsonWrongType},
    {R"({"rows":[]})", ErrorCode::MaskSyntax},
    {R"({"rows":[8]})", ErrorCode::MaskSyntax},
    {R"({"rows":["80"]})", ErrorCode::MaskSyntax},
    {R"({"rows":["8","c0"]})", ErrorCode::MaskSyntax},
    {R"({"rows":["8",""]})", ErrorCode::MaskSyntax},
    {R"({"rows":["8","C"]})", ErrorCode::MaskSyntax},
    {R"({"rows":["8","g"]})", ErrorCode::MaskSyntax},
    {R"({"rows":["c"]})", ErrorCode::MaskSyntax},      // a bit beyond the last token
    {R"({"rows":["8","e"]})", ErrorCode::MaskSyntax},  // likewise
    {R"({"rows":["8","d"]})", ErrorCode::MaskSyntax},  // likewise
    {R"({"rows":["0"]})", ErrorCode::MaskRowEmpty},
    {R"({"rows":["8","0"]})", ErrorCode::MaskRowEmpty},
    {R"({"rows":["f","9","0","1"]})", ErrorCode::MaskRowEmpty},
};

std::string claim_with(const std::string& key, const Json& value) {
  Json json = to_json(Judgement(MaskError{8, mask(R"("causal")"), 10, Rational(1, 2), 30, 1}));
  json[key] = value;
  return outcome(judgement_of(json, nullptr));
}

}  // namespace

TEST_CASE("mask: patterns round-trip, and every one has its own words") {
  std::set<std::string> words;
  for (const std::string_view text : kPatterns) {
    CAPTURE(text);
    const MaskPattern pattern = mask(text);
    CHECK(to_json(pattern).dump() == text);
    CHECK(mask_of(to_json(pattern)).value() == pattern);
    words.insert(in_words(pattern));
  }
  CHECK(words.size() == std::size(kPatterns));
}

TEST_CASE("mask: what is not one is refused, with its cause") {
  for (const Rejection& row : kRejected) {
    CAPTURE(row.text);
    CHECK(outcome(mask_of(parsed(row.text))) == name(row.code));
  }
}

TEST_CASE("mask: which tokens are allowed") {
  CHECK(mask(R"("full")").allows(0, 7));
  CHECK(mask(R"("causal")").allows(3, 3));
  CHECK_FALSE(mask(R"("causal")").allows(3, 4));
  CHECK(mask(R"("window:3")").allows(5, 3));
  CHECK(mask(R"("window:3")").allows(5, 5));
  CHECK_FALSE(mask(R"("window:3")").allows(5, 2));
  CHECK_FALSE(mask(R"("window:3")").allows(5, 6));
  CHECK(mask(R"("window:9223372036854775807")").allows(5, 0));
  CHECK(mask(R"("block:4")").allows(4, 7));
  CHECK_FALSE(mask(R"("block:4")").allows(4, 3));
  CHECK(mask(R"("self")").allows(2, 2));
  CHECK_FALSE(mask(R"("self")").allows(2, 1));
  const MaskPattern rows = mask(R"({"rows":["08","40","f8","c0","88"]})");
  const std::string_view bits[] = {"00001", "01000", "11111", "11000", "10001"};
  for (long i = 0; i < 5; ++i) {
    for (long j = 0; j < 5; ++j) {
      CHECK(rows.allows(i, j) ==
            (bits[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] == '1'));
    }
  }
}

TEST_CASE("mask: the most restricted row, against counting") {
  for (const char* text :
       {R"("full")", R"("causal")", R"("self")", R"("window:1")", R"("window:3")", R"("window:20")",
        R"("block:1")", R"("block:2")", R"("block:3")", R"("block:5")", R"("block:20")"}) {
    const MaskPattern pattern = mask(text);
    for (long tokens = 1; tokens <= 13; ++tokens) {
      CAPTURE(text);
      CAPTURE(tokens);
      CHECK(fewest_allowed(pattern, tokens).value() == counted(pattern, tokens));
    }
  }
  for (const char* text : {R"({"rows":["8"]})", R"({"rows":["f","e","7","d"]})",
                           R"({"rows":["f8","c8","f8","e8","f8"]})"}) {
    const MaskPattern pattern = mask(text);
    const long tokens = static_cast<long>(pattern.rows.size());
    CAPTURE(text);
    CHECK(fewest_allowed(pattern, tokens).value() == counted(pattern, tokens));
    CHECK(outcome(fewest_allowed(pattern, tokens + 1)) == name(ErrorCode::MaskSyntax));
    CHECK(outcome(fewest_allowed(pattern, tokens - 1)) == name(ErrorCode::MaskSyntax));
  }
  CHECK(fewest_allowed(mask(R"("block:4")"), INT64_MAX).value() == 3);
  CHECK(outcome(fewest_allowed(mask(R"("full")"), 0)) == name(ErrorCode::MaskSyntax));
  CHECK(outcome(fewest_allowed(mask(R"("causal")"), -1)) == name(ErrorCode::MaskSyntax));
  CHECK(outcome(fewest_allowed({MaskPattern::Kind::block, 0, {}}, 8)) ==
        name(ErrorCode::MaskSyntax));
}

TEST_CASE("mask: at most so many rows") {
  const auto size = static_cast<std::size_t>(kMostMaskRows);
  MaskPattern most{MaskPattern::Kind::rows, 0, {size, std::string(size / 4, 'f')}};
  CHECK(mask_of(to_json(most)).value() == most);
  CHECK(fewest_allowed(most, kMostMaskRows).value() == kMostMaskRows);
  most.rows.assign(size + 1, std::string(size / 4, 'f') + "8");
  CHECK(outcome(mask_of(to_json(most))) == name(ErrorCode::MaskSyntax));
}

TEST_CASE("mask: statements about masks") {
  CHECK(claim_with("tokens", 1) == "ok");
  CHECK(claim_with("tokens", INT64_MAX) == "ok");
  CHECK(claim_with("tokens", 0) == name(ErrorCode::MaskSyntax));
  CHECK(claim_with("tokens", "8") == name(ErrorCode::JsonWrongType));
  CHECK(claim_with("mask", "window:8") == "ok");
  CHECK(claim_with("mask", "diagonal") == name(ErrorCode::MaskSyntax));
  CHECK(claim_with("mask", {{"rows", {"8", "c"}}}) == name(ErrorCode::MaskSyntax));
  CHECK(claim_with("mask", {{"rows", {"8", "0"}}}) == name(ErrorCode::MaskRowEmpty));
  for (const char* key : {"score_bound", "value_bound", "omega"}) {
    CAPTURE(key);
    CHECK(claim_with(key, "0") == "ok");
    CHECK(claim_with(key, "-1e-300") == name(ErrorCode::BoundNegative));
    CHECK(claim_with(key, 1) == name(ErrorCode::JsonWrongType));
    CHECK(claim_with(key, "inf") == name(ErrorCode::NumberSyntax));
  }
  CHECK(claim_with("epsilon", "-1e-300") == name(ErrorCode::EpsilonNegative));
  CHECK(claim_with("note", "x") == name(ErrorCode::JsonUnknownKey));
}
