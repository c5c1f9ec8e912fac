#include "attncert/expression/taylor.hpp"

#include "attncert/interval/functions.hpp"
#include "unit/expression/terms.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr Precision kPrecision = 100;

Result<Series> expand(const Function& f, const Interval& at, const Interval& piece, unsigned order,
                      Precision precision = kPrecision) {
  const auto branches = resolve_branches(f.program(), f.root, piece, precision);
  if (!branches) return branches.error();
  return taylor_coefficients(f.program(), f.root, at, order, precision, branches.value());
}

Result<Series> expand(std::string_view text, const Interval& piece, unsigned order) {
  const Function f(text);
  return expand(f, piece, piece, order);
}

std::string outcome_of(std::string_view text, const Interval& piece, unsigned order) {
  return outcome(expand(text, piece, order));
}

Interval piece(const Rational& lower, const Rational& upper) {
  return enclose(lower, upper, kPrecision);
}

Interval coefficient(const Series& series, std::size_t k) {
  return k < series.size() ? series[k] : integer(0, kPrecision);
}

struct Known {
  std::string_view text;
  std::string_view at;
  std::initializer_list<std::string_view> coefficients;  // exact
};

const Known kKnown[] = {
    {"5", "7", {"5", "0", "0", "0"}},
    {"x", "1/3", {"1/3", "1", "0", "0"}},
    {"(* x (* x x))", "2", {"8", "12", "6", "1", "0"}},
    {"(pow x 5)", "-1", {"-1", "5", "-10", "10", "-5", "1", "0"}},
    {"(pow x 0)", "0", {"1", "0", "0"}},
    {"(pow x -2)", "1", {"1", "-2", "3", "-4", "5"}},
    {"(pow (+ x 1) 3)", "0", {"1", "3", "3", "1", "0"}},
    {"(/ 1 (- 1 x))", "0", {"1", "1", "1", "1", "1", "1"}},
    {"(/ x (+ 2 x))", "0", {"0", "1/2", "-1/4", "1/8", "-1/16"}},
    {"(/ x 4)", "1", {"1/4", "1/4", "0", "0"}},
    {"(- (* 3 x))", "1", {"-3", "-3", "0"}},
    {"(exp x)", "0", {"1", "1", "1/2", "1/6", "1/24", "1/120", "1/720"}},
    {"(exp (* x x))", "0", {"1", "0", "1", "0", "1/2", "0", "1/6"}},
    {"(log (+ 1 x))", "0", {"0", "1", "-1/2", "1/3", "-1/4", "1/5"}},
    {"(sqrt (+ 1 x))", "0", {"1", "1/2", "-1/8", "1/16", "-5/128", "7/256"}},
    {"(tanh x)", "0", {"0", "1", "0", "-1/3", "0", "2/15", "0", "-17/315", "0", "62/2835"}},
    {"(/ 1 (+ 1 (exp (- x))))", "0", {"1/2", "1/4", "0", "-1/48", "0", "1/480", "0", "-17/80640"}},
    {"(* (/ (sqrt PI) 2) (erf x))", "0", {"0", "1", "0", "-1/3", "0", "1/10", "0", "-1/42"}},
    {"(* (/ (sqrt PI) 2) (- (erfc x) 1))", "0", {"0", "-1", "0", "1/3", "0", "-1/10", "0", "1/42"}},
    {"(fabs x)", "-3", {"3", "-1", "0", "0"}},
    {"(fmax x (* x x))", "3", {"9", "6", "1", "0"}},
    {"(fmin x (* x x))", "3", {"3", "1", "0", "0"}},
    {"(fmin (* x x) x)", "3", {"3", "1", "0", "0"}},
    {"relu", "2", {"2", "1", "0", "0"}},
    {"relu", "-2", {"0", "0", "0", "0"}},
    {"(sqrt 4)", "0", {"2", "0", "0"}},
    {"(let ([z (- x x)]) (exp z))", "5", {"1", "0", "0", "0"}},
};

struct Refusal {
  std::string_view text;
  std::string_view lower;
  std::string_view upper;
  unsigned order;
  ErrorCode code;
};

constexpr Refusal kRefused[] = {
    {"(/ 1 x)", "-1", "1", 0, ErrorCode::DivisorContainsZero},
    {"(/ 1 x)", "0", "1", 3, ErrorCode::DivisorContainsZero},
    {"(/ x x)", "0", "0", 2, ErrorCode::DivisorContainsZero},
    {"(/ 1 (- x x))", "1", "2", 0, ErrorCode::DivisorContainsZero},
    {"(* 0 (/ 1 x))", "-1", "1", 0, ErrorCode::DivisorContainsZero},
    {"(pow x -1)", "-1", "1", 0, ErrorCode::DivisorContainsZero},
    {"(sqrt x)", "-1", "1", 0, ErrorCode::SqrtOfNegative},
    {"(sqrt x)", "-1", "-1/2", 4, ErrorCode::SqrtOfNegative},
    {"(fmax 1 (sqrt x))", "-1", "1", 1, ErrorCode::SqrtOfNegative},
    {"(fmin (sqrt x) -1)", "-1", "1", 1, ErrorCode::SqrtOfNegative},
    {"(log x)", "0", "1", 0, ErrorCode::LogOfNonPositive},
    {"(log x)", "-1", "1", 2, ErrorCode::LogOfNonPositive},
    {"(* 0 (log x))", "-2", "-1", 0, ErrorCode::LogOfNonPositive},
    {"(sqrt x)", "0", "1", 1, ErrorCode::NotDifferentiable},
    {"(sqrt (* x x))", "-1", "1", 1, ErrorCode::SqrtOfNegative},
    {"(sqrt (pow x 2))", "-1", "1", 1, ErrorCode::NotDifferentiable},
    {"(fabs x)", "-1", "1", 2, ErrorCode::NotDifferentiable},
    {"relu", "-1", "2", 5, ErrorCode::NotDifferentiable},
    {"elu", "-1/1000000", "1", 2, ErrorCode::NotDifferentiable},
    {"(fmin x (- 1 x))", "0", "1", 2, ErrorCode::NotDifferentiable},
    {"(exp (exp (exp x)))", "50", "60", 0, ErrorCode::EnclosureUnbounded},
    {"(exp (exp x))", "0", "50", 2, ErrorCode::EnclosureUnbounded},
};

// f(m + t) lies in c0 + c1 t + ... + C_n t^n for every m + t in the piece.
void check_expansion(const Function& f, const Rational& lower, const Rational& upper,
                     const Rational& centre, unsigned order, Random& random) {
  const Interval whole = piece(lower, upper);
  const auto at_centre = expand(f, enclose(centre, kPrecision), whole, order - 1);
  const auto remainder = expand(f, whole, whole, order);
  CAPTURE(to_string(lower));
  CAPTURE(to_string(upper));
  CAPTURE(order);
  REQUIRE(outcome(at_centre) == "ok");
  REQUIRE(outcome(remainder) == "ok");
  for (int i = 0; i < 4; ++i) {
    const Rational x(lower + (upper - lower) * Rational(random.integer(0, 64), 64));
    const Interval t = enclose(Rational(x - centre), kPrecision);
    Interval sum = coefficient(remainder.value(), order);
    for (unsigned k = order; k-- > 0;) sum = coefficient(at_centre.value(), k) + sum * t;
    const auto exact = f.at(x, 4 * kPrecision);
    REQUIRE(exact);
    REQUIRE(encloses(sum, exact.value()));
  }
}

}  // namespace

TEST_CASE("taylor: coefficients of known functions") {
  for (const Known& row : kKnown) {
    CAPTURE(row.text);
    const Function f(row.text);
    const Interval at = enclose(real(row.at), kPrecision);
    const auto series = expand(f, at, at, unsigned(row.coefficients.size()) - 1);
    REQUIRE(outcome(series) == "ok");
    std::size_t k = 0;
    for (const std::string_view exact : row.coefficients) {
      CAPTURE(k);
      const Interval found = coefficient(series.value(), k++);
      CHECK(encloses(found, real(exact)));
      CHECK(upper_rational(found) - lower_rational(found) <= power_of_two(-80));
    }
    CHECK(series.value().size() <= row.coefficients.size());
  }
}

TEST_CASE("taylor: undefined and undifferentiable terms are refused, with their cause") {
  for (const Refusal& row : kRefused) {
    CAPTURE(row.text);
    CAPTURE(row.order);
    CHECK(outcome_of(row.text, piece(real(row.lower), real(row.upper)), row.order) ==
          name(row.code));
  }
  CHECK(outcome_of("(sqrt x)", piece(0, 1), 0) == "ok");
  CHECK(outcome_of("(fabs x)", piece(-1, 1), 1) == "ok");
  CHECK(outcome_of("(sqrt 0)", piece(-1, 1), 6) == "ok");
  CHECK(outcome_of("(exp x)", Interval(integer(0, 64).lower(), NanChecking::pos_inf()), 0) ==
        name(ErrorCode::EnclosureUnbounded));
  CHECK(outcome_of("x", Interval::empty(), 0) == name(ErrorCode::EnclosureUnbounded));
  CHECK(outcome_of("(log x)", Interval::empty(), 0) == name(ErrorCode::LogOfNonPositive));
  CHECK(outcome_of("(sqrt x)", Interval::empty(), 0) == name(ErrorCode::SqrtOfNegative));
  CHECK(outcome_of("(/ 1 x)", Interval::empty(), 0) == name(ErrorCode::DivisorContainsZero));
}

TEST_CASE("taylor: values of a term over an interval") {
  const Function f("(fmin (fmax 0 x) (sqrt (+ 1 x)))");
  const auto value = f.over(piece(-1, 3), 64);
  REQUIRE(value);
  CHECK(encloses(value.value(), enclose(Rational(0), Rational(2), 64)));
  CHECK(outcome(f.over(piece(-2, 3), 64)) == name(ErrorCode::SqrtOfNegative));
  CHECK(outcome(Function("(exp (exp x))").over(piece(0, 100), 64)) ==
        name(ErrorCode::EnclosureUnbounded));
}

TEST_CASE("taylor: branches of kinks on a piece") {
  const auto branch = [](std::string_view text, const Interval& on) {
    const Function f(text);
    const auto branches = resolve_branches(f.program(), f.root, on, 64);
    REQUIRE(branches);
    return branches.value()[f.root];
  };
  CHECK(branch("(fabs x)", piece(1, 2)) == Branch::first);
  CHECK(branch("(fabs x)", piece(0, 2)) == Branch::first);
  CHECK(branch("(fabs x)", piece(-2, 0)) == Branch::second);
  CHECK(branch("(fabs x)", piece(-1, 2)) == Branch::open);
  CHECK(branch("(fmax 0 x)", piece(1, 2)) == Branch::second);
  CHECK(branch("(fmax 0 x)", piece(-2, 0)) == Branch::first);
  CHECK(branch("(fmax 0 x)", piece(Rational(-power_of_two(-60)), 2)) == Branch::open);
  CHECK(branch("(fmin 0 x)", piece(1, 2)) == Branch::first);
  CHECK(branch("(fmin 0 x)", piece(-2, -1)) == Branch::second);
  CHECK(branch("(fmin 0 x)", piece(-2, 1)) == Branch::open);
}

TEST_CASE("taylor: an open kink's slope contains both slopes and those in between") {
  const auto slope = [](std::string_view text) {
    const auto series = expand(text, piece(-1, 2), 1);
    REQUIRE(outcome(series) == "ok");
    return coefficient(series.value(), 1);
  };
  const auto hull_of = [](long lower, long upper) { return piece(lower, upper); };
  CHECK(encloses(slope("relu"), hull_of(0, 1)));
  CHECK(encloses(slope("(fabs x)"), hull_of(-1, 1)));
  CHECK(encloses(slope("(fmin 0 x)"), hull_of(0, 1)));
  CHECK(encloses(slope("(fmax (* 3 x) (* -2 x))"), hull_of(-2, 3)));
  CHECK(encloses(slope("(* 5 (fmax 0 x))"), hull_of(0, 5)));
  CHECK(encloses(slope("(- x (fmax 0 x))"), hull_of(0, 1)));
  CHECK(lower_rational(slope("relu")) == 0);
  CHECK(upper_rational(slope("relu")) == 1);
}

TEST_CASE("taylor: expansions of the zoo contain the function, orders 2 to 12") {
  Random random("taylor expansions");
  for (const std::string_view name : kZooAndScaled) {
    CAPTURE(name);
    const Function f(name);
    const bool kinked = name == "relu" || name == "elu";
    for (unsigned order = 2; order <= 12; ++order) {
      const Rational centre = random.rational(-6, 6);
      const Rational radius = random.rational(0.001, 0.3);
      const bool crosses = abs(centre) <= radius;
      if (kinked && crosses) continue;
      check_expansion(f, Rational(centre - radius), Rational(centre + radius), centre, order,
                      random);
      // an expansion point at an end of the piece
      check_expansion(f, Rational(centre - radius), Rational(centre + radius),
                      Rational(centre + radius), order, random);
    }
    // order 1 is the mean value form: kinks are allowed
    check_expansion(f, -1, Rational(1, 2), Rational(1, 4), 1, random);
    check_expansion(f, -2, 3, -2, 1, random);
  }
}

TEST_CASE("taylor: expansions at 0 and with exact zeros among the coefficients") {
  Random random("taylor at zero");
  for (const std::string_view text :
       {"(erf x)", "(erfc (- x))", "(tanh (pow x 3))", "(exp (- (* x x)))",
        "(sqrt (+ 1 (pow x 4)))", "(log (+ 1 (* x x)))", "(/ x (+ 1 (* x x)))", "(pow (tanh x) 4)",
        "(pow (+ 2 x) -3)", "(* (erf (tanh x)) (exp (sqrt (+ 2 x))))"}) {
    CAPTURE(text);
    const Function f(text);
    for (unsigned order = 1; order <= 12; ++order) {
      check_expansion(f, Rational(-1, 8), Rational(1, 4), 0, order, random);
    }
  }
}
