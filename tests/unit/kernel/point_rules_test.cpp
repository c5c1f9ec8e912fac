#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Pair kPair{"silu", "relu"};

std::string value_step(std::string_view f, std::string_view at, const Rational& lower,
                       const Rational& upper, long precision = 64) {
  const PointValue goal{{std::string(f), "0"}, real(at), lower, upper};
  return checked(computing(Rule::value, goal, precision));
}

std::string tail_step(const Pair& pair, std::string_view lower, std::string_view upper,
                      std::string_view epsilon) {
  return checked(computing(Rule::tail, SupError{pair, domain(lower, upper), real(epsilon)}));
}

std::string divergence_step(const Pair& pair, std::string_view lower, std::string_view upper) {
  return checked(computing(Rule::divergence, Unbounded{pair, domain(lower, upper)}));
}

std::string witness_step(const PointValue& premise, const Judgement& goal) {
  return checked(structural(Rule::witness, goal), {premise});
}

}  // namespace

TEST_CASE("rule value") {
  const Interval third = enclose(Rational(1, 3), 64);
  const Rational lower = lower_rational(third);
  const Rational upper = upper_rational(third);
  const Rational unit = power_of_two(-200);
  const std::string outside = name(ErrorCode::ValueNotContained);
  CHECK(value_step("x", "1/3", lower, upper) == "ok");
  CHECK(value_step("x", "1/3", Rational(lower + unit), upper) == outside);
  CHECK(value_step("x", "1/3", lower, Rational(upper - unit)) == outside);
  CHECK(value_step("x", "1/3", Rational(1, 3), Rational(1, 3)) == outside);
  CHECK(value_step("x", "3", 3, 3) == "ok");
  CHECK(value_step("(exp x)", "1", real("2.7182818284590452"), real("2.7182818284590453")) == "ok");
  CHECK(value_step("(exp x)", "1", real("2.7182818284590453"), real("2.7182818284590454")) ==
        outside);
  CHECK(value_step("(log x)", "0", -9, 9) == name(ErrorCode::LogOfNonPositive));
  CHECK(value_step("(exp (exp x))", "50", 0, real("1e300")) == name(ErrorCode::EnclosureUnbounded));
  CHECK(value_step("x", "3", 3, 3, 23) == name(ErrorCode::PrecisionOutOfRange));
  const PointValue goal{kPair, 0, 0, 0};
  CHECK(checked(computing(Rule::value, goal), {goal}) == name(ErrorCode::PremiseCount));
  CHECK(checked(computing(Rule::value, LowerBound{kPair, {}, 0})) ==
        name(ErrorCode::ConclusionJudgement));
}

TEST_CASE("rule witness") {
  const PointValue negative{kPair, 1, Rational(-3), Rational(-2)};
  const PointValue positive{kPair, 1, 2, 3};
  const PointValue either{kPair, 1, Rational(-3), 3};
  const auto goal = [](const char* lower, const char* upper, const Rational& epsilon) {
    return LowerBound{kPair, domain(lower, upper), epsilon};
  };
  const Rational above(2 + power_of_two(-60));
  for (const PointValue& point : {negative, positive}) {
    CHECK(witness_step(point, goal("0", "1", 2)) == "ok");
    CHECK(witness_step(point, goal("-inf", "inf", 0)) == "ok");
    CHECK(witness_step(point, goal("0", "1", above)) == name(ErrorCode::BoundExceeded));
    CHECK(witness_step(point, goal("0x1.000000000000001p0", "2", 2)) ==
          name(ErrorCode::WitnessOutsideDomain));
    CHECK(witness_step(point, goal("0", "0x0.fffffffffffffffp0", 2)) ==
          name(ErrorCode::WitnessOutsideDomain));
    CHECK(witness_step(point, LowerBound{{"gelu", "relu"}, {}, 2}) ==
          name(ErrorCode::PairMismatch));
    CHECK(witness_step(point, SupError{kPair, {}, 2}) == name(ErrorCode::ConclusionJudgement));
  }
  CHECK(witness_step(either, goal("0", "1", power_of_two(-60))) == name(ErrorCode::BoundExceeded));
  const Step step = structural(Rule::witness, goal("0", "1", 2));
  CHECK(checked(step) == name(ErrorCode::PremiseCount));
  CHECK(checked(step, {positive, positive}) == name(ErrorCode::PremiseCount));
  CHECK(checked(step, {goal("0", "1", 2)}) == name(ErrorCode::PremiseJudgement));
}

TEST_CASE("rule tail") {
  const Pair decay{"(exp (- x))", "0"};
  const std::string half_line = name(ErrorCode::HalfLineExpected);
  // e^-1 = 0.36787944117144232159...
  CHECK(tail_step(decay, "1", "inf", "0.3678794411714423216") == "ok");
  CHECK(tail_step(decay, "1", "inf", "0.3678794411714423215") == name(ErrorCode::BoundExceeded));
  CHECK(tail_step({"5", "3"}, "1", "inf", "2") == "ok");
  CHECK(tail_step({"5", "3"}, "-inf", "-1", "0x1.fffffffffffffffp0") ==
        name(ErrorCode::BoundExceeded));
  CHECK(tail_step(kPair, "-inf", "-20", "1e-7") == "ok");
  CHECK(tail_step(decay, "-inf", "-1", "1e300") == name(ErrorCode::TailDiverges));
  CHECK(tail_step({"silu", "0"}, "9", "inf", "1e300") == name(ErrorCode::TailDiverges));
  CHECK(tail_step({"(/ 1 x)", "0"}, "1", "inf", "1") == name(ErrorCode::TailUnsupported));
  CHECK(tail_step(kPair, "1/2", "inf", "1") == name(ErrorCode::TailNotDecreasing));
  CHECK(tail_step(decay, "0", "inf", "1") == half_line);
  CHECK(tail_step(decay, "-1", "inf", "9") == half_line);
  CHECK(tail_step(decay, "-inf", "1", "9") == half_line);
  CHECK(tail_step(decay, "1", "2", "9") == half_line);
  CHECK(tail_step(decay, "-inf", "inf", "9") == half_line);
}

TEST_CASE("rule tail: definedness") {
  const auto defined = [](std::string_view f, std::string_view lower, std::string_view upper) {
    const WellDefined goal{{std::string(f), "0"}, domain(lower, upper)};
    return checked(computing(Rule::tail, goal));
  };
  CHECK(defined("(log (+ 1 (exp x)))", "-inf", "-3") == "ok");
  CHECK(defined("(exp x)", "1", "inf") == "ok");  // defined, though it diverges
  CHECK(defined("(log (- (exp x)))", "1", "inf") == name(ErrorCode::LogOfNonPositive));
  CHECK(defined("(log (- 1 (* 2 (exp (- x)))))", "1", "inf") == "ok");
  CHECK(defined("(log (- 1 (* 2 (exp (- x)))))", "1/2", "inf") ==
        name(ErrorCode::TailNotDecreasing));
  CHECK(defined("x", "-1", "inf") == name(ErrorCode::HalfLineExpected));
  const SupError goal{kPair, domain("20", "inf"), 1};
  CHECK(checked(computing(Rule::tail, goal), {goal}) == name(ErrorCode::PremiseCount));
  CHECK(checked(computing(Rule::tail, LowerBound{kPair, domain("20", "inf"), 1})) ==
        name(ErrorCode::ConclusionJudgement));
}

TEST_CASE("rule divergence") {
  CHECK(divergence_step({"silu", "0"}, "9", "inf") == "ok");
  CHECK(divergence_step({"relu", "x"}, "-inf", "-1") == "ok");
  CHECK(divergence_step({"relu", "x"}, "1", "inf") == name(ErrorCode::TailDoesNotDiverge));
  CHECK(divergence_step(kPair, "20", "inf") == name(ErrorCode::TailDoesNotDiverge));
  CHECK(divergence_step({"silu", "0"}, "-9", "inf") == name(ErrorCode::HalfLineExpected));
  CHECK(divergence_step({"silu", "0"}, "-inf", "inf") == name(ErrorCode::HalfLineExpected));
  CHECK(divergence_step({"(sqrt x)", "0"}, "1", "inf") == name(ErrorCode::TailUnsupported));
  const Unbounded goal{{"silu", "0"}, domain("9", "inf")};
  CHECK(checked(computing(Rule::divergence, goal), {goal}) == name(ErrorCode::PremiseCount));
  CHECK(checked(computing(Rule::divergence, SupError{goal.pair, goal.domain, 1})) ==
        name(ErrorCode::ConclusionJudgement));
}
