#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

MaskPattern mask(const Json& json) {
  auto read = mask_of(json);
  REQUIRE(read);
  return std::move(read).value();
}

struct Numbers {
  const char* score_bound = "10";
  const char* value_bound = "1/2";
  const char* epsilon = "1e-6";
};

MaskError claim(long tokens, const Json& pattern, const Numbers& numbers, const char* omega) {
  return {tokens,      mask(pattern),        real(numbers.score_bound), real(numbers.value_bound),
          real(omega), real(numbers.epsilon)};
}

std::string judged(const MaskError& goal, long precision = 128) {
  return checked(computing(Rule::mask_error, goal, precision));
}

const std::string kExceeded = name(ErrorCode::BoundExceeded);

// The least Omega lies between `below` and `above`, which differ by one unit in the 30th digit (from
// 80-digit decimal arithmetic).
struct Row {
  long tokens;
  const char* pattern;
  Numbers numbers;
  const char* above;
  const char* below;
};

constexpr Row kSharp[] = {
    {1024,
     "causal",
     {"10", "1/2", "1e-3"},
     "33.8372495446001799999401845213",
     "33.8372495446001799999401845212"},
    {1024,
     "causal",
     {"10", "1/2", "1e-6"},
     "40.7460043239154005851609682843",
     "40.7460043239154005851609682842"},
    {1024,
     "causal",
     {"10", "1/2", "1e-9"},
     "47.6537606018980376370482762313",
     "47.6537606018980376370482762312"},
    {1024,
     "causal",
     {"10", "1/2", "1e-12"},
     "54.5615158818791746896022500957",
     "54.5615158818791746896022500956"},
    {2,
     "self",
     {"0", "1/2", "1e-300"},
     "690.775527898213705205397436406",
     "690.775527898213705205397436405"},
    {1000003,
     "window:64",
     {"1/3", "7", "0.01"},
     "21.7256921992944219488338484306",
     "21.7256921992944219488338484305"},
    {1000000,
     "block:1000",
     {"2/7", "1e300", "1/3"},
     "700.045470717518885153335173717",
     "700.045470717518885153335173716"},
};

}  // namespace

TEST_CASE("rule mask-error: sharp on both sides") {
  for (const Row& row : kSharp) {
    CAPTURE(row.tokens);
    CAPTURE(row.pattern);
    const Rational above = real(row.above);
    const Rational below = real(row.below);
    const Rational unit = power_of_ten(-10);
    MaskError goal = claim(row.tokens, row.pattern, row.numbers, row.above);
    CHECK(judged(goal) == "ok");
    goal.omega = Rational(above + unit);
    CHECK(judged(goal) == "ok");
    CHECK(judged(goal, 64) == "ok");
    goal.omega = Rational(below - unit);
    CHECK(judged(goal) == kExceeded);
    goal.omega = below;
    CHECK(judged(goal) == kExceeded);
    CHECK(judged(goal, 1024) == kExceeded);
    goal.omega = above;
    goal.epsilon *= Rational(1 - power_of_ten(-20));
    CHECK(judged(goal) == kExceeded);
    goal.epsilon = real(row.numbers.epsilon);
    goal.tokens += 1;
    CHECK(judged(goal) == kExceeded);
    goal.tokens -= 1;
    goal.score_bound += power_of_ten(-20);
    CHECK(judged(goal) == kExceeded);
    goal.score_bound = real(row.numbers.score_bound);
    goal.value_bound *= Rational(1 + power_of_ten(-20));
    CHECK(judged(goal) == kExceeded);
  }
}

TEST_CASE("rule mask-error: rows are counted") {
  // n_M / n_S = 1 at worst, B = 0, 2V - E = E: exactly 0
  const Numbers even{"0", "1", "1"};
  CHECK(judged(claim(4, {{"rows", {"c", "c", "7", "f"}}}, even, "0")) == "ok");
  CHECK(judged(claim(4, {{"rows", {"c", "c", "4", "f"}}}, even, "0")) == kExceeded);
  CHECK(judged(claim(4, "block:2", even, "0")) == "ok");
  CHECK(judged(claim(3, "block:2", even, "0")) == kExceeded);
  const Numbers less{"0", "1", "0.99999999999999999999"};
  CHECK(judged(claim(4, "block:2", less, "0")) == kExceeded);
  const Numbers more{"1e-20", "1", "1"};
  CHECK(judged(claim(4, "block:2", more, "0")) == kExceeded);
  CHECK(judged(claim(4, "block:2", more, "2e-20")) == "ok");
}

TEST_CASE("rule mask-error: nothing to compute") {
  CHECK(judged(claim(8, "full", {"1e5000", "1e5000", "0"}, "0")) == "ok");
  CHECK(judged(claim(1, "causal", {"10", "1", "0"}, "0")) == "ok");
  CHECK(judged(claim(8, "block:8", {"10", "1", "0"}, "0")) == "ok");
  CHECK(judged(claim(8, "causal", {"10", "1", "2"}, "0")) == "ok");
  CHECK(judged(claim(8, "causal", {"10", "1", "1.9999"}, "0")) == kExceeded);
  CHECK(judged(claim(8, "causal", {"10", "0", "0"}, "0")) == "ok");
  CHECK(judged(claim(8, "causal", {"10", "1", "0"}, "1e5000")) == kExceeded);
}

TEST_CASE("rule mask-error: extreme numbers") {
  const Numbers huge{"1e5000", "1e5000", "1e-5000"};
  CHECK(judged(claim(INT64_MAX, "causal", huge, "0")) == kExceeded);
  CHECK(judged(claim(INT64_MAX, "causal", huge, "1e5000")) == kExceeded);
  CHECK(judged(claim(INT64_MAX, "causal", huge, "2e5000")) == kExceeded);
  MaskError goal = claim(INT64_MAX, "causal", huge, "2e5000");
  goal.omega += 24000;  // 10000 ln 10 + ln 2^64 is about 23070
  CHECK(judged(goal) == "ok");
  goal.omega -= 1000;
  CHECK(judged(goal) == kExceeded);
}

TEST_CASE("rule mask-error: misuse") {
  const MaskError goal = claim(8, "causal", {}, "50");
  CHECK(judged(goal) == "ok");
  CHECK(judged(goal, 23) == name(ErrorCode::PrecisionOutOfRange));
  CHECK(checked(computing(Rule::mask_error, goal), {goal}) == name(ErrorCode::PremiseCount));
  CHECK(checked(computing(Rule::mask_error, Instance{"h"})) ==
        name(ErrorCode::ConclusionJudgement));
  CHECK(checked(computing(Rule::enclose, goal)) == name(ErrorCode::ConclusionJudgement));
  MaskError unfit = goal;
  unfit.tokens = 0;
  CHECK(judged(unfit) == name(ErrorCode::MaskSyntax));
  unfit = goal;
  unfit.mask = {MaskPattern::Kind::rows, 0, {"8", "0"}};
  CHECK(judged(unfit) == name(ErrorCode::MaskSyntax));
  unfit.tokens = 2;
  CHECK(judged(unfit) == name(ErrorCode::MaskRowEmpty));
}
