#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Pair kPair{"silu", "relu"};
const Pair kOther{"gelu", "relu"};
const Rational kUnit = power_of_two(-60);  // "one unit" below

SupError sup(std::string_view lower, std::string_view upper, const Rational& epsilon,
             const Pair& pair = kPair) {
  return {pair, domain(lower, upper), epsilon};
}

WellDefined defined(std::string_view lower, std::string_view upper, const Pair& pair = kPair) {
  return {pair, domain(lower, upper)};
}

std::string cover(const Judgement& goal, const std::vector<Judgement>& pieces) {
  return checked(structural(Rule::cover, goal), pieces);
}

std::string derive(Rule rule, const Judgement& premise, const Judgement& goal) {
  return checked(structural(rule, goal), {premise});
}

Pair scaled(std::string_view k) { return {"silu:k=" + std::string(k), "relu"}; }

}  // namespace

TEST_CASE("rule cover") {
  const std::string gap = name(ErrorCode::PiecesNotAdjacent);
  const std::string mismatch = name(ErrorCode::DomainMismatch);
  const SupError left = sup("0", "1", 2);
  const SupError right = sup("1", "3", 3);
  CHECK(cover(sup("0", "3", 3), {left, right}) == "ok");
  CHECK(cover(sup("0", "1", 2), {left}) == "ok");
  CHECK(cover(sup("0", "3", Rational(3 - kUnit)), {left, right}) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(cover(sup("0", "3", 3), {right, left}) != "ok");
  CHECK(cover(sup("0", "3", 3), {left, sup("0x1.000000000000001p0", "3", 3)}) == gap);
  CHECK(cover(sup("0", "3", 3), {left, sup("0x0.fffffffffffffffp0", "3", 3)}) == gap);
  CHECK(cover(sup("0", "3", 3), {left, left, right}) == gap);
  CHECK(cover(sup("-0x1p-60", "3", 3), {left, right}) == mismatch);
  CHECK(cover(sup("0", "0x3.000000000000001p0", 3), {left, right}) == mismatch);
  CHECK(cover(sup("0", "2", 3), {left, right}) == mismatch);
  CHECK(cover(sup("-inf", "3", 3), {left, right}) == mismatch);
  CHECK(cover(sup("0", "inf", 3), {left, right}) == mismatch);
  CHECK(cover(sup("0", "3", 3), {left, sup("1", "3", 3, kOther)}) == name(ErrorCode::PairMismatch));
  CHECK(cover(sup("0", "3", 3, kOther), {left, right}) == name(ErrorCode::PairMismatch));
  CHECK(cover(sup("0", "3", 3), {}) == name(ErrorCode::PremiseCount));
  CHECK(cover(sup("0", "3", 3), {left, defined("1", "3")}) == name(ErrorCode::PremiseJudgement));
  CHECK(cover(sup("0", "3", 3), {LowerBound{kPair, domain("0", "3"), 1}}) ==
        name(ErrorCode::PremiseJudgement));
  CHECK(cover(LowerBound{kPair, domain("0", "3"), 3}, {left, right}) ==
        name(ErrorCode::ConclusionJudgement));
}

TEST_CASE("rule cover: half-lines and definedness") {
  const SupError tail = sup("3", "inf", 1);
  CHECK(cover(sup("-inf", "inf", 2), {sup("-inf", "3", 2), tail}) == "ok");
  CHECK(cover(sup("-inf", "inf", 2), {tail, sup("-inf", "3", 2)}) != "ok");
  // two infinite ends are not one point where pieces meet
  CHECK(cover(sup("3", "inf", 2), {tail, sup("-inf", "inf", 1)}) ==
        name(ErrorCode::PiecesNotAdjacent));
  CHECK(cover(sup("3", "inf", 2), {tail, tail}) == name(ErrorCode::PiecesNotAdjacent));
  CHECK(cover(defined("0", "inf"), {defined("0", "3"), defined("3", "inf")}) == "ok");
  CHECK(cover(defined("0", "inf"), {defined("0", "3"), defined("2", "inf")}) ==
        name(ErrorCode::PiecesNotAdjacent));
  CHECK(cover(defined("0", "3"), {sup("0", "3", 1)}) == name(ErrorCode::PremiseJudgement));
}

TEST_CASE("rule even") {
  const std::string mismatch = name(ErrorCode::DomainMismatch);
  const SupError right = sup("1", "inf", 1);
  CHECK(derive(Rule::even, right, sup("-inf", "-1", 1)) == "ok");
  CHECK(derive(Rule::even, sup("-2", "1", 1), sup("-1", "2", 1)) == "ok");
  CHECK(derive(Rule::even, right, sup("-inf", "-1", Rational(1 - kUnit))) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(derive(Rule::even, right, sup("1", "inf", 1)) == mismatch);
  CHECK(derive(Rule::even, right, sup("-inf", "-0x0.fffffffffffffffp0", 1)) == mismatch);
  CHECK(derive(Rule::even, right, sup("-inf", "inf", 1)) == mismatch);
  CHECK(derive(Rule::even, right, sup("-inf", "-1", 1, kOther)) == name(ErrorCode::PairMismatch));
  for (const char* f : {"mish", "elu", "softplus", "(exp x)", "(* 0.5 x)"}) {
    const Pair pair{f, "relu"};
    CAPTURE(std::string(f));
    CHECK(derive(Rule::even, sup("1", "inf", 1, pair), sup("-inf", "-1", 1, pair)) ==
          name(ErrorCode::ParityNotProved));
  }
  CHECK(derive(Rule::even, defined("1", "inf"), sup("-inf", "-1", 1)) ==
        name(ErrorCode::PremiseJudgement));
  CHECK(derive(Rule::even, right, defined("-inf", "-1")) == name(ErrorCode::ConclusionJudgement));
  CHECK(checked(structural(Rule::even, sup("-inf", "-1", 1)), {right, right}) ==
        name(ErrorCode::PremiseCount));
  CHECK(checked(structural(Rule::even, sup("-inf", "-1", 1))) == name(ErrorCode::PremiseCount));
}

TEST_CASE("rule scale") {
  const std::string not_scalable = name(ErrorCode::NotScalable);
  const SupError known = sup("-4", "4", 1);
  const auto to = [&](const SupError& goal) { return derive(Rule::scale, known, goal); };
  CHECK(to(sup("-2", "2", Rational(1, 2), scaled("2"))) == "ok");
  CHECK(to(sup("-2", "2", Rational(Rational(1, 2) - kUnit), scaled("2"))) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(to(sup("-2", "0x2.000000000000001p0", 1, scaled("2"))) == name(ErrorCode::DomainMismatch));
  CHECK(to(sup("-0x2.000000000000001p0", "2", 1, scaled("2"))) == name(ErrorCode::DomainMismatch));
  CHECK(to(sup("-12", "12", 3, scaled("1/3"))) == "ok");
  CHECK(to(sup("-12", "12", Rational(3 - kUnit), scaled("1/3"))) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(to(sup("-4", "4", 1, scaled("1"))) == "ok");
  CHECK(to(sup("-2", "2", 1, {"relu", "silu:k=2"})) == "ok");
  CHECK(to(sup("-2", "2", 1, scaled("-2"))) == not_scalable);
  CHECK(to(sup("-2", "2", 1, kOther)) == not_scalable);
  CHECK(to(sup("-2", "2", 1, {"silu:k=2", "gelu"})) == not_scalable);
  CHECK(to(sup("-2", "2", 1, {"silu:k=2", "silu"})) == not_scalable);
  CHECK(to(sup("-2", "2", 1, {"relu", "relu"})) == not_scalable);
  CHECK(derive(Rule::scale, sup("-4", "4", 1, kOther), sup("-4", "4", 1)) == not_scalable);
  CHECK(derive(Rule::scale, sup("-inf", "inf", 1, scaled("3")), sup("-inf", "inf", 3, kPair)) ==
        "ok");
  CHECK(derive(Rule::scale, sup("-inf", "inf", 1, scaled("3")),
               sup("-inf", "inf", Rational(3 - kUnit), kPair)) == name(ErrorCode::PremiseTooWeak));
  CHECK(to(sup("-inf", "inf", 1, scaled("2"))) == name(ErrorCode::DomainMismatch));
  CHECK(derive(Rule::scale, defined("-4", "4"), sup("-2", "2", 1, scaled("2"))) ==
        name(ErrorCode::PremiseJudgement));
  CHECK(derive(Rule::scale, known, defined("-2", "2", scaled("2"))) ==
        name(ErrorCode::ConclusionJudgement));
}

TEST_CASE("rule identical") {
  const Pair same{"silu", "silu:k=1"};
  const Pair written{"relu", "(fmax 0 x)"};
  CHECK(derive(Rule::identical, defined("-1", "1", same), sup("-1", "1", 0, same)) == "ok");
  CHECK(derive(Rule::identical, defined("-inf", "inf", written), sup("-1", "1", 0, written)) ==
        "ok");
  CHECK(derive(Rule::identical, defined("-1", "1", same),
               sup("-1", "0x1.000000000000001p0", 0, same)) == name(ErrorCode::DomainMismatch));
  CHECK(derive(Rule::identical, defined("-1", "1"), sup("-1", "1", 9)) ==
        name(ErrorCode::NotIdentical));
  CHECK(derive(Rule::identical, defined("-1", "1", same), sup("-1", "1", 0, written)) ==
        name(ErrorCode::PairMismatch));
  CHECK(derive(Rule::identical, sup("-1", "1", 0, same), sup("-1", "1", 0, same)) ==
        name(ErrorCode::PremiseJudgement));
  CHECK(checked(structural(Rule::identical, sup("-1", "1", 0, same))) ==
        name(ErrorCode::PremiseCount));
}

TEST_CASE("rule weaken: bounds") {
  const SupError known = sup("0", "2", 1);
  const auto to = [&](const Judgement& goal) { return derive(Rule::weaken, known, goal); };
  CHECK(to(known) == "ok");
  CHECK(to(sup("1", "1", 2)) == "ok");
  CHECK(to(sup("0", "2", Rational(1 - kUnit))) == name(ErrorCode::PremiseTooWeak));
  CHECK(to(sup("0", "0x2.000000000000001p0", 1)) == name(ErrorCode::DomainMismatch));
  CHECK(to(sup("0", "inf", 1)) == name(ErrorCode::DomainMismatch));
  CHECK(to(sup("0", "2", 1, kOther)) == name(ErrorCode::PairMismatch));
  CHECK(to(sup("0", "2", 1, {"relu", "silu"})) == name(ErrorCode::PairMismatch));
  CHECK(to(LowerBound{kPair, domain("0", "2"), 1}) == name(ErrorCode::ConclusionJudgement));
  CHECK(derive(Rule::weaken, defined("0", "2"), known) == name(ErrorCode::PremiseJudgement));
  CHECK(checked(structural(Rule::weaken, known)) == name(ErrorCode::PremiseCount));
  CHECK(checked(structural(Rule::weaken, known), {known, known}) == name(ErrorCode::PremiseCount));
}

TEST_CASE("rule weaken: lower bounds and unboundedness go the other way") {
  const LowerBound low{kPair, domain("0", "2"), 1};
  const auto to = [&](const Judgement& goal) { return derive(Rule::weaken, low, goal); };
  CHECK(to(LowerBound{kPair, domain("0", "inf"), Rational(1, 2)}) == "ok");
  CHECK(to(LowerBound{kPair, domain("0", "2"), Rational(1 + kUnit)}) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(to(LowerBound{kPair, domain("0", "1"), 1}) == name(ErrorCode::DomainMismatch));
  CHECK(to(LowerBound{kOther, domain("0", "2"), 1}) == name(ErrorCode::PairMismatch));
  CHECK(to(sup("0", "2", 1)) == name(ErrorCode::ConclusionJudgement));
  const Unbounded wild{kPair, domain("5", "inf")};
  CHECK(derive(Rule::weaken, wild, Unbounded{kPair, {}}) == "ok");
  CHECK(derive(Rule::weaken, wild, Unbounded{kPair, domain("6", "inf")}) ==
        name(ErrorCode::DomainMismatch));
  CHECK(derive(Rule::weaken, wild, Unbounded{kOther, {}}) == name(ErrorCode::PairMismatch));
  CHECK(derive(Rule::weaken, wild, LowerBound{kPair, {}, 1}) ==
        name(ErrorCode::ConclusionJudgement));
}
