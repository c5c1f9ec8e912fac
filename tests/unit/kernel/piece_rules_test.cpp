#include "attncert/expression/taylor.hpp"
#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr std::string_view kOk = "ok";
constexpr std::string_view kExceeded = name_of(ErrorCode::BoundExceeded);
constexpr std::string_view kUnbounded = name_of(ErrorCode::PieceUnbounded);
constexpr std::string_view kCentre = name_of(ErrorCode::CentreOutsidePiece);
constexpr std::string_view kOrder = name_of(ErrorCode::OrderOutOfRange);
constexpr std::string_view kKink = name_of(ErrorCode::NotDifferentiable);
constexpr std::string_view kDivisor = name_of(ErrorCode::DivisorContainsZero);
constexpr std::string_view kInfinite = name_of(ErrorCode::EnclosureUnbounded);
constexpr std::string_view kActivation = name_of(ErrorCode::UnknownActivation);

struct Row {
  std::string_view f;
  std::string_view g;
  std::string_view lower;
  std::string_view upper;
  std::string_view epsilon;
  std::string_view outcome;
};

constexpr Row kEnclose[] = {
    {"x", "0", "-3", "2", "3", kOk},
    {"x", "0", "-3", "2", "0x2.fffffffffffffffp0", kExceeded},
    {"x", "5", "5", "5", "0", kOk},
    {"relu", "0", "-3", "2", "2", kOk},
    {"relu", "0", "-3", "2", "0x1.fffffffffffffffp0", kExceeded},
    {"silu", "relu", "-1", "-1", "0.26894142136999512075", kOk},
    {"silu", "relu", "-1", "-1", "0.26894142136999512074", kExceeded},
    {"silu", "relu", "1", "inf", "5", kUnbounded},
    {"silu", "relu", "-inf", "1", "5", kUnbounded},
    {"(/ 1 x)", "0", "-1", "1", "1e300", kDivisor},
    {"(exp (exp x))", "0", "0", "50", "1e300", kInfinite},
    {"swish", "0", "0", "1", "1", kActivation},
};

struct CentredRow {
  std::string_view f;
  std::string_view g;
  std::string_view lower;
  std::string_view upper;
  std::string_view centre;
  long order;  // taylor only
  std::string_view epsilon;
  std::string_view outcome;
};

// |d(centre)| + sup |d'| sup |t|, exactly
constexpr CentredRow kMeanValue[] = {
    {"(* x x)", "0", "0", "1", "1/2", 0, "1.25", kOk},
    {"(* x x)", "0", "0", "1", "1/2", 0, "0x1.3ffffffffffffffp0", kExceeded},
    {"(* x x)", "0", "0", "1", "1", 0, "3", kOk},
    {"(* x x)", "0", "0", "1", "1", 0, "0x2.fffffffffffffffp0", kExceeded},
    {"(* x x)", "0", "0", "1", "0x1.0000000000000001p0", 0, "9", kCentre},
    {"(* x x)", "0", "0", "1", "-0x1p-60", 0, "9", kCentre},
    {"relu", "0", "-1", "1", "0", 0, "1", kOk},
    {"relu", "0", "-1", "1", "0", 0, "0x0.fffffffffffffffp0", kExceeded},
    {"(fabs x)", "0", "-1", "2", "-1", 0, "4", kOk},
    {"(fabs x)", "0", "-1", "2", "-1", 0, "0x3.fffffffffffffffp0", kExceeded},
    {"5", "3", "-1", "2", "0", 0, "2", kOk},
    {"5", "3", "-1", "2", "0", 0, "0x1.fffffffffffffffp0", kExceeded},
    {"(sqrt x)", "0", "0", "1", "1/2", 0, "9", kKink},
    {"x", "0", "0", "inf", "1", 0, "9", kUnbounded},
};

constexpr CentredRow kTaylor[] = {
    // convex: the greater end
    {"(* x x)", "0", "0", "1", "1/2", 2, "1", kOk},
    {"(* x x)", "0", "0", "1", "1/2", 2, "0x0.fffffffffffffffp0", kExceeded},
    {"(* x x)", "0", "-2", "1", "0", 2, "4", kOk},
    {"(* x x)", "0", "-2", "1", "0", 2, "0x3.fffffffffffffffp0", kExceeded},
    // concave, with its vertex inside, to the right or to the left of the centre
    {"(- x (* x x))", "0", "0", "1", "0", 2, "1/4", kOk},
    {"(- x (* x x))", "0", "0", "1", "0", 2, "0x3.fffffffffffffffp-4", kExceeded},
    {"(- x (* x x))", "0", "0", "1", "1", 2, "1/4", kOk},
    {"(- x (* x x))", "0", "0", "1", "1", 2, "0x3.fffffffffffffffp-4", kExceeded},
    // concave and still rising at the end
    {"(- x (* x x))", "0", "0", "1/4", "0", 2, "3/16", kOk},
    {"(- x (* x x))", "0", "0", "1/4", "0", 2, "0x2.fffffffffffffffp-4", kExceeded},
    // the negative side
    {"(* x x)", "(* 2 x)", "0", "2", "1", 2, "1", kOk},
    {"(* x x)", "(* 2 x)", "0", "2", "1", 2, "0x0.fffffffffffffffp0", kExceeded},
    // constants, and degrees below and above the order
    {"5", "3", "-1", "2", "0", 9, "2", kOk},
    {"5", "3", "-1", "2", "0", 9, "0x1.fffffffffffffffp0", kExceeded},
    {"(* x (* x x))", "0", "-1", "1", "0", 8, "1", kOk},
    {"(* x (* x x))", "0", "-1", "1", "0", 8, "0x0.fffffffffffffffp0", kExceeded},
    // W(1/e) = 0.278464542761073795109..., at 1 + W(1/e), to its twentieth digit
    {"silu", "relu", "1.25", "1.3125", "1.2784645427610737951", 8, "0.27846454276107379511", kOk},
    {"silu", "relu", "1.25", "1.3125", "1.2784645427610737951", 8, "0.27846454276107379510",
     kExceeded},
    {"relu", "silu", "-1.3125", "-1.25", "-1.2784645427610737951", 8, "0.27846454276107379511",
     kOk},
    {"relu", "silu", "-1.3125", "-1.25", "-1.2784645427610737951", 8, "0.27846454276107379510",
     kExceeded},
    {"silu", "relu", "-1/1000", "1", "1/2", 8, "9", kKink},
    {"silu", "relu", "0", "1", "1/2", 8, "9", kOk},
    {"(/ 1 x)", "0", "0", "1", "1/2", 4, "1e300", kDivisor},
    {"(exp (exp x))", "0", "0", "50", "1", 4, "1e300", kInfinite},
    {"(* x x)", "0", "0", "1", "0x1.0000000000000001p0", 2, "9", kCentre},
    {"(* x x)", "0", "0", "1", "-0x1p-60", 2, "9", kCentre},
    {"(* x x)", "0", "-inf", "1", "0", 2, "9", kUnbounded},
    {"(* x x)", "0", "0", "1", "1/2", 1, "9", kOrder},
    {"(* x x)", "0", "0", "1", "1/2", 0, "9", kOrder},
    {"(* x x)", "0", "0", "1", "1/2", -8, "9", kOrder},
    {"(* x x)", "0", "0", "1", "1/2", 40, "1", kOk},
    {"(* x x)", "0", "0", "1", "1/2", 41, "9", kOrder},
    {"(* x x)", "0", "0", "1", "1/2", 4294967298, "9", kOrder},
};

template <class R>
SupError claim_of_row(const R& row) {
  return {
      {std::string(row.f), std::string(row.g)}, domain(row.lower, row.upper), real(row.epsilon)};
}

const SupError kEasy{{"x", "0"}, {Rational(0), Rational(1)}, 2};

}  // namespace

TEST_CASE("rule enclose") {
  for (const Row& row : kEnclose) {
    CAPTURE(row.f);
    CAPTURE(row.epsilon);
    CHECK(checked(computing(Rule::enclose, claim_of_row(row))) == row.outcome);
  }
}

TEST_CASE("rule mean-value") {
  for (const CentredRow& row : kMeanValue) {
    CAPTURE(row.f);
    CAPTURE(row.epsilon);
    CHECK(checked(mean_value_step(claim_of_row(row), real(row.centre))) == row.outcome);
  }
}

TEST_CASE("rule taylor") {
  for (const CentredRow& row : kTaylor) {
    CAPTURE(row.f);
    CAPTURE(row.epsilon);
    CAPTURE(row.order);
    CHECK(checked(taylor_step(claim_of_row(row), row.order, real(row.centre))) == row.outcome);
  }
}

TEST_CASE("rule taylor: an accepted bound is above the difference at every point tried") {
  Random random("taylor bounds");
  constexpr std::string_view pairs[][2] = {
      {"silu", "gelu"}, {"gelu_tanh", "gelu"}, {"mish", "softplus"}, {"tanh", "(erf x)"}};
  for (const auto& [f, g] : pairs) {
    const Pair pair{std::string(f), std::string(g)};
    Context context(Subjects{});
    const Difference& d = *context.difference(pair).value();
    for (int i = 0; i < 12; ++i) {
      const Rational centre = random.rational(-4, 4);
      const Domain piece{Rational(centre - random.rational(0, 0.5)),
                         Rational(centre + random.rational(0, 0.5))};
      const long order = random.integer(2, 10);
      Rational low = 0;  // the least epsilon accepted, by bisection
      Rational high = 64;
      for (int k = 0; k < 30; ++k) {
        const Rational middle((low + high) / 2);
        const Step step = taylor_step(SupError{pair, piece, middle}, order, centre);
        (check_step(context, step, {}) ? high : low) = middle;
      }
      for (int k = 0; k <= 16; ++k) {
        const Rational x(*piece.lower + (*piece.upper - *piece.lower) * Rational(k, 16));
        const auto value = evaluate(d.program, d.difference, enclose(x, 300), 300);
        REQUIRE(value);
        REQUIRE(lower_rational(abs(value.value())) <= high);
      }
    }
  }
}

TEST_CASE("rule well-defined") {
  const auto check = [](std::string_view f, std::string_view lower, std::string_view upper) {
    const WellDefined goal{{std::string(f), "0"}, domain(lower, upper)};
    return checked(computing(Rule::well_defined, goal));
  };
  CHECK(check("(log x)", "0x1p-60", "1") == kOk);
  CHECK(check("(log x)", "0", "1") == name(ErrorCode::LogOfNonPositive));
  CHECK(check("(sqrt x)", "0", "1") == kOk);
  CHECK(check("(sqrt x)", "-0x1p-60", "1") == name(ErrorCode::SqrtOfNegative));
  CHECK(check("(/ 1 x)", "0x1p-60", "1") == kOk);
  CHECK(check("(/ 1 x)", "0", "1") == kDivisor);
  CHECK(check("(fabs x)", "-1", "1") == kOk);
  CHECK(check("x", "0", "inf") == kUnbounded);
  CHECK(check("x", "-inf", "inf") == kUnbounded);
}

TEST_CASE("rules on pieces: precision from 24 to 8192 bits") {
  for (const long precision : {24L, 8192L}) {
    CHECK(checked(computing(Rule::enclose, kEasy, precision)) == kOk);
    CHECK(checked(taylor_step(kEasy, 3, 0, precision)) == kOk);
  }
  for (const long precision : {23L, 8193L, 0L, -96L, 4294967392L}) {
    CAPTURE(precision);
    const std::string expected = name(ErrorCode::PrecisionOutOfRange);
    CHECK(checked(computing(Rule::enclose, kEasy, precision)) == expected);
    CHECK(checked(taylor_step(kEasy, 3, 0, precision)) == expected);
    CHECK(checked(mean_value_step(kEasy, 0, precision)) == expected);
    CHECK(checked(computing(Rule::tail, kEasy, precision)) == expected);
    CHECK(checked(computing(Rule::divergence, kEasy, precision)) == expected);
    CHECK(checked(computing(Rule::value, kEasy, precision)) == expected);
    CHECK(checked(computing(Rule::well_defined, kEasy, precision)) == expected);
    CHECK(checked(computing(Rule::ball, kEasy, precision)) == expected);
  }
}

TEST_CASE("rules on pieces: work that would take too long is refused") {
  std::string text = "x";
  for (int i = 1; i <= 100; ++i) text = "(+ " + std::to_string(i) + " " + text + ")";
  const SupError goal{{text, "0"}, {Rational(0), Rational(1)}, real("1e9")};
  CHECK(checked(taylor_step(goal, 40, 0, 4096)) == "ok");
  CHECK(checked(taylor_step(goal, 40, 0, 8192)) == name(ErrorCode::EffortTooLarge));
  CHECK(checked(taylor_step(goal, 20, 0, 8192)) == "ok");
}

TEST_CASE("rules on pieces: data are those the rule reads, no more and no less") {
  const std::string expected = name(ErrorCode::DataMismatch);
  Step step = computing(Rule::enclose, kEasy);
  step.centre = 0;
  CHECK(checked(step) == expected);
  step.centre.reset();
  step.order = 3;
  CHECK(checked(step) == expected);
  step = taylor_step(kEasy, 3, 0);
  step.order.reset();
  CHECK(checked(step) == expected);
  step = taylor_step(kEasy, 3, 0);
  step.centre.reset();
  CHECK(checked(step) == expected);
  step = mean_value_step(kEasy, 0);
  step.order = 3;
  CHECK(checked(step) == expected);
  step = structural(Rule::cover, kEasy);
  step.centre = 0;
  CHECK(checked(step, {kEasy}) == expected);
}

TEST_CASE("rules on pieces: no premises, and a bound as conclusion") {
  const Step steps[] = {computing(Rule::enclose, kEasy), mean_value_step(kEasy, 0),
                        taylor_step(kEasy, 3, 0)};
  for (Step step : steps) {
    CHECK(checked(step, {kEasy}) == name(ErrorCode::PremiseCount));
    for (const Judgement& other :
         {Judgement(LowerBound{kEasy.pair, kEasy.domain, 0}),
          Judgement(WellDefined{kEasy.pair, kEasy.domain}), Judgement(Instance{"m"})}) {
      step.conclusion = other;
      CHECK(checked(step) == name(ErrorCode::ConclusionJudgement));
    }
  }
  const Step defined = computing(Rule::well_defined, kEasy);
  CHECK(checked(defined) == name(ErrorCode::ConclusionJudgement));
  CHECK(checked(defined, {kEasy}) == name(ErrorCode::PremiseCount));
}
