#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Pair kPair{"x", "0"};

SupError sup(std::string_view lower, std::string_view upper, long epsilon) {
  return {kPair, domain(lower, upper), epsilon};
}

// A derivation of |x| <= 2 on [0, 2] from two pieces; tests change a part of it.
struct Derivation {
  SupError claim = sup("0", "2", 2);
  std::vector<Step> steps;
  long end = 3;

  Derivation() {
    steps = {computing(Rule::enclose, sup("0", "1", 1)), computing(Rule::enclose, sup("1", "2", 2)),
             structural(Rule::cover, claim)};
    steps[2].premises = {1, 2};
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].number = long(i) + 1;
  }
  std::string run() const {
    Kernel kernel(claim, {});
    for (const Step& step : steps) {
      if (const Status status = kernel.check(step); !status) return outcome(status);
    }
    return outcome(kernel.finish(end));
  }
};

}  // namespace

TEST_CASE("kernel: a derivation of the claim is accepted") { CHECK(Derivation().run() == "ok"); }

TEST_CASE("kernel: steps are numbered 1, 2, 3, ...") {
  for (const auto& [index, number] : {std::pair{0, 0L}, {0, 2L}, {1, 1L}, {1, 3L}, {2, -3L}}) {
    Derivation d;
    d.steps[std::size_t(index)].number = number;
    CHECK(d.run() == name(ErrorCode::StepNumber));
  }
}

TEST_CASE("kernel: premises are earlier steps that are not used up") {
  const std::string unknown = name(ErrorCode::PremiseUnknown);
  for (const std::vector<long>& premises : {std::vector<long>{1, 3}, {1, 4}, {0, 1}, {-1, 2}}) {
    Derivation d;
    d.steps[2].premises = premises;
    CHECK(d.run() == unknown);
  }
  Derivation again;  // step 4 uses step 1, which step 3 used up
  again.steps.push_back(structural(Rule::weaken, sup("0", "1", 1)));
  again.steps[3].number = 4;
  again.steps[3].premises = {1};
  CHECK(again.run() == unknown);
  again.steps[2].keep = {1};
  CHECK(again.run() == "ok");
  again.steps[2].keep = {2};
  CHECK(again.run() == unknown);
}

TEST_CASE("kernel: premises differ, and only premises can be kept, each once") {
  const std::string repeated = name(ErrorCode::PremiseRepeated);
  for (const std::vector<long>& premises :
       {std::vector<long>{1, 1}, {1, 2, 2}, {1, 2, 1}, {7, 7}}) {
    Derivation d;
    d.steps[2].premises = premises;
    CHECK(d.run() == repeated);
    d.steps[2].keep = {1};
    CHECK(d.run() == repeated);
  }
  for (const std::vector<long>& keep : {std::vector<long>{3}, {0}, {1, 2, 1}, {1, 2, 3}}) {
    Derivation d;
    d.steps[2].keep = keep;
    CHECK(d.run() == repeated);
  }
  Derivation d;
  d.steps[2].keep = {2, 1};
  CHECK(d.run() == "ok");
  d.steps[0].keep = {1};
  CHECK(d.run() == repeated);
}

TEST_CASE("kernel: a refused step proves nothing") {
  Kernel kernel(sup("0", "1", 1), {});
  Step wrong = computing(Rule::enclose, sup("0", "1", 0));
  wrong.number = 1;
  CHECK(outcome(kernel.check(wrong)) == name(ErrorCode::BoundExceeded));
  CHECK(outcome(kernel.finish(1)) == name(ErrorCode::PremiseUnknown));
  Step user = structural(Rule::weaken, sup("0", "1", 1));
  user.number = 2;
  user.premises = {1};
  CHECK(outcome(kernel.check(user)) == name(ErrorCode::PremiseUnknown));
}

TEST_CASE("kernel: the conclusion is exactly the claim") {
  const std::string other = name(ErrorCode::ConclusionIsNotClaim);
  Derivation d;
  d.claim = sup("0", "2", 3);  // implied, but not what was concluded
  CHECK(d.run() == other);
  d.claim = sup("0", "1", 2);
  CHECK(d.run() == other);
  d.claim.pair = {"x", "(- x x)"};
  CHECK(d.run() == other);
  Kernel kernel(LowerBound{kPair, domain("0", "1"), 1}, {});
  Step step = computing(Rule::enclose, sup("0", "1", 1));
  step.number = 1;
  CHECK(outcome(kernel.check(step)) == "ok");
  CHECK(outcome(kernel.finish(1)) == other);
}

TEST_CASE("kernel: the end is a live step") {
  for (const long end : {0L, 1L, 2L, 4L, -3L}) {
    Derivation d;
    d.end = end;
    CHECK(d.run() == name(ErrorCode::PremiseUnknown));
  }
  Derivation kept;
  kept.steps[2].keep = {2};
  kept.end = 2;
  CHECK(kept.run() == name(ErrorCode::ConclusionIsNotClaim));
}

TEST_CASE("kernel: rules by name") {
  for (int i = 0; i <= static_cast<int>(Rule::every_layer); ++i) {
    const Rule rule = static_cast<Rule>(i);
    CHECK(rule_named(name_of(rule)).value() == rule);
  }
  for (const char* wrong : {"", "Enclose", "mean_value", "every-layer ", "axiom"}) {
    CHECK(outcome(rule_named(wrong)) == name(ErrorCode::UnknownRule));
  }
}

TEST_CASE("kernel: rules about models need them") {
  const std::string missing = name(ErrorCode::SubjectMissing);
  CHECK(checked(structural(Rule::instance, Instance{"m"})) == missing);
  CHECK(checked(computing(Rule::ball, PreactivationRange{"m", {}, {}})) == missing);
  CHECK(checked(structural(Rule::lift, LayerError{"m", {}, 1}),
                {Instance{"m"}, PreactivationRange{"m", {}, {}}}) == missing);
  CHECK(checked(structural(Rule::every_layer, ConversionError{})) == missing);
}
