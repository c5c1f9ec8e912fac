#include "attncert/expression/tail.hpp"

#include "attncert/interval/functions.hpp"
#include "attncert/model/decimal.hpp"
#include "unit/expression/terms.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

using Side = HalfLine::Side;
constexpr Precision kPrecision = 96;

Result<TailBehaviour> tail_of(const Difference& d, Side side, const Rational& from) {
  return bound_tail(d.program, d.difference, {side, from}, kPrecision);
}

Difference difference(std::string_view f, std::string_view g) {
  auto read = read_difference(f, g);
  REQUIRE_MESSAGE(read, std::string(f) << " - " << std::string(g));
  return std::move(read).value();
}

// Points from the end of the half-line to far beyond it.
std::vector<Rational> points(Side side, const Rational& from, Random& random) {
  std::vector<Rational> result{from};
  for (const double share : {0.001, 0.03, 0.3, 1.0, 3.0, 10.0, 100.0}) {
    result.emplace_back(from + random.rational(0, share));
    result.emplace_back(from * (1 + random.rational(0, share)));
  }
  for (const char* far : {"1e3", "1e6", "1e30"}) result.emplace_back(from + real(far));
  if (side == Side::left) {
    for (Rational& x : result) x = -x;
  }
  return result;
}

// |f(x)| <= bound, at points, by intervals of much higher precision.
void check_bound(const Difference& d, const TailBehaviour& tail, Side side, const Rational& from,
                 Random& random) {
  REQUIRE(is_bounded(tail.bound));
  const Rational bound = upper_rational(tail.bound);
  for (const Rational& x : points(side, from, random)) {
    const auto value = evaluate(d.program, d.difference, enclose(x, 400), 400);
    CAPTURE(to_scientific(x, 6, Direction::down));
    if (!value) continue;  // beyond MPFR's exponents
    REQUIRE(lower_rational(abs(value.value())) <= bound);
  }
}

void check_growth(const Difference& d, Side side, const Rational& from) {
  Rational least = 0;
  for (const char* far : {"1e2", "1e3", "1e4"}) {
    const Rational x(from + real(far));
    const auto value = evaluate(d.program, d.difference,
                                enclose(side == Side::right ? x : Rational(-x), 400), 400);
    if (!value) continue;
    REQUIRE(upper_rational(abs(value.value())) > least);
    least = lower_rational(abs(value.value()));
  }
  REQUIRE(least > 10);
}

struct Row {
  std::string_view f;
  std::string_view g;
  Side side;
  std::string_view from;
  std::string_view outcome;  // "bounded", "diverges", or an error's name
  std::string_view at_most;  // for bounded: the bound is no more than this
};

constexpr std::string_view kUnsupported = name_of(ErrorCode::TailUnsupported);
constexpr std::string_view kEarly = name_of(ErrorCode::TailNotDecreasing);

constexpr Row kRows[] = {
    {"silu", "relu", Side::right, "20", "bounded", "5e-8"},
    {"silu", "relu", Side::left, "20", "bounded", "5e-8"},
    {"gelu", "relu", Side::right, "8", "bounded", "1e-10"},
    {"gelu", "relu", Side::left, "8", "bounded", "1e-10"},
    {"gelu_tanh", "gelu", Side::left, "10", "bounded", "1e-10"},
    {"quick_gelu", "gelu", Side::right, "20", "bounded", "1e-10"},
    {"mish", "relu", Side::left, "40", "bounded", "1e-10"},
    {"softplus", "relu", Side::right, "40", "bounded", "1e-10"},
    {"sigmoid", "0", Side::left, "40", "bounded", "1e-10"},
    {"sigmoid", "1", Side::right, "40", "bounded", "1e-10"},
    {"tanh", "-1", Side::left, "40", "bounded", "1e-10"},
    {"elu", "-1", Side::left, "40", "bounded", "1e-10"},
    {"(erf x)", "1", Side::right, "8", "bounded", "1e-10"},
    {"(erfc x)", "2", Side::left, "8", "bounded", "1e-10"},
    {"(exp (- (* x x)))", "0", Side::left, "8", "bounded", "1e-10"},
    {"7", "5", Side::right, "1/1000", "bounded", "2"},
    {"(sqrt (+ 4 (exp x)))", "2", Side::left, "40", "bounded", "1e-10"},
    {"(pow (tanh x) -2)", "1", Side::right, "40", "bounded", "1e-10"},
    {"(/ (exp x) (+ 1 (exp x)))", "1", Side::right, "40", "bounded", "1e-10"},
    // decays of different powers where x^m is less than 1; arguments that start below their slope
    {"(+ (* x (exp (- (* 8 x)))) (exp (- (* 9 x))))", "0", Side::right, "1/4", "bounded", "0.3"},
    {"(erf (- x 3))", "1", Side::right, "4", "bounded", "0.4"},
    {"(tanh (- x (* 3 (exp (- x)))))", "1", Side::right, "1", "bounded", "3"},
    // e^-32 at 4: a negative coefficient between the others
    {"(exp (- (+ (* 4 x) (- (pow x 3) (* 3 (pow x 2))))))", "0", Side::right, "4", "bounded",
     "2e-14"},
    {"(erfc (+ x 3))", "2", Side::left, "4", "bounded", "0.4"},
    {"(erf (+ x 3))", "1", Side::right, "1", "bounded", "1e-6"},
    {"(erfc (- (* 2 x) 7))", "0", Side::right, "4", "bounded", "0.4"},
    {"(fabs x)", "x", Side::right, "1", "bounded", "0"},
    {"(fmin x (* 2 x))", "x", Side::right, "1", "bounded", "0"},
    {"(log (+ (exp x) (exp (- x))))", "(fabs x)", Side::right, "40", "bounded", "1e-10"},
    {"silu", "0", Side::right, "5", "diverges", ""},
    {"silu", "0", Side::left, "5", "bounded", "1"},
    {"relu", "(* 2 x)", Side::left, "1", "diverges", ""},
    {"elu", "tanh", Side::right, "30", "diverges", ""},
    {"silu", "elu", Side::left, "30", "bounded", "1.1"},
    {"(exp x)", "0", Side::right, "1", "diverges", ""},
    {"x", "(exp x)", Side::right, "30", "diverges", ""},
    {"(pow x 3)", "x", Side::left, "2", "diverges", ""},
    {"silu:k=-2", "relu", Side::right, "30", "diverges", ""},
    {"(sqrt x)", "0", Side::right, "1", kUnsupported, ""},
    {"(log x)", "0", Side::right, "1", kUnsupported, ""},
    {"(log (tanh x))", "0", Side::left, "30", kUnsupported, ""},
    {"(log (- (exp x)))", "0", Side::right, "1", name_of(ErrorCode::LogOfNonPositive), ""},
    {"(/ 1 x)", "0", Side::right, "1", kUnsupported, ""},
    {"(/ 1 (- (tanh x) 1))", "0", Side::right, "30", kUnsupported, ""},
    {"(/ 1 0)", "0", Side::right, "30", kUnsupported, ""},
    {"(sqrt (tanh x))", "0", Side::left, "30", kUnsupported, ""},
    {"(exp (exp x))", "0", Side::right, "1", kUnsupported, ""},
    {"(- (exp x) (exp x))", "0", Side::right, "1", kUnsupported, ""},
    {"(* x (exp x))", "0", Side::right, "1", kUnsupported, ""},
    {"(* (- PI PI) x)", "0", Side::right, "1", kUnsupported, ""},
    {"(pow x 65)", "0", Side::right, "1", kUnsupported, ""},
    {"(fmax 0 (- (tanh x) 1))", "0", Side::right, "30", kUnsupported, ""},
    {"silu", "relu", Side::right, "1/2", kEarly, ""},
    {"gelu_tanh", "relu", Side::left, "1/10", kEarly, ""},
    {"(exp (- x (* x x)))", "0", Side::right, "1/2", kEarly, ""},
    {"(fmax 5 x)", "x", Side::right, "4", kEarly, ""},
    {"(fmax 5 x)", "x", Side::right, "5", "bounded", "0"},
    {"(/ 1 (- 1 (* 2 (exp (- x)))))", "1", Side::right, "1/2", kEarly, ""},
    {"(sqrt (- 1 (* 2 (exp (- x)))))", "1", Side::right, "1/2", kEarly, ""},
    {"(log (- 1 (* 2 (exp (- x)))))", "0", Side::right, "1/2", kEarly, ""},
};

std::string summary(const Result<TailBehaviour>& tail) {
  if (!tail) return outcome(tail);
  return tail.value().diverges ? "diverges" : "bounded";
}

}  // namespace

TEST_CASE("tail: what is bounded, what diverges, and what is refused") {
  Random random("tail rows");
  for (const Row& row : kRows) {
    CAPTURE(row.f);
    CAPTURE(row.g);
    CAPTURE(row.from);
    const Difference d = difference(row.f, row.g);
    const auto tail = tail_of(d, row.side, real(row.from));
    CHECK(summary(tail) == row.outcome);
    if (!tail) continue;
    if (tail.value().diverges) {
      check_growth(d, row.side, real(row.from));
    } else {
      check_bound(d, tail.value(), row.side, real(row.from), random);
      if (!row.at_most.empty()) CHECK(upper_rational(tail.value().bound) <= real(row.at_most));
    }
  }
}

TEST_CASE("tail: a half-line must begin beyond 0") {
  const Difference d = difference("silu", "relu");
  for (const std::string_view from : {"0", "-1", "-1e-300"}) {
    CHECK(summary(tail_of(d, Side::right, real(from))) == kEarly);
  }
}

TEST_CASE("tail: bounds of every pair of the zoo hold wherever they are given") {
  Random random("tail pairs");
  int bounded = 0;
  int diverging = 0;
  for (const std::string_view f : kZooAndScaled) {
    for (const std::string_view g : kZooAndScaled) {
      CAPTURE(f);
      CAPTURE(g);
      const Difference d = difference(f, g);
      for (const Side side : {Side::left, Side::right}) {
        for (const double from : {0.1, 1.5, 4.0, 12.0, 40.0}) {
          const Rational start = random.rational(from, 2 * from);
          const auto tail = tail_of(d, side, start);
          CAPTURE(to_string(start));
          if (!tail) continue;
          if (tail.value().diverges) {
            ++diverging;
            check_growth(d, side, start);
          } else if (random.integer(0, 2) == 0) {
            ++bounded;
            check_bound(d, tail.value(), side, start, random);
          }
        }
      }
    }
  }
  CHECK(bounded > 100);
  CHECK(diverging > 100);
}

TEST_CASE("tail: every member of the zoo has a bound or diverges, far enough out") {
  for (const std::string_view f : kZooAndScaled) {
    CAPTURE(f);
    for (const Side side : {Side::left, Side::right}) {
      CHECK_FALSE(tail_of(difference(f, "0"), side, 64).value().bound.upper() > real("1.1"));
    }
  }
}

TEST_CASE("tail: random decaying terms stay below their bounds") {
  Random random("tail terms");
  constexpr std::string_view decaying[] = {"(exp (- x))",
                                           "(exp (- (* x x)))",
                                           "(- 1 (tanh x))",
                                           "(erfc x)",
                                           "(- 1 (erf (/ x 2)))",
                                           "(erfc (- x 2))",
                                           "(exp (- (* 8 x)))",
                                           "(* x (exp (- (* 9 x))))",
                                           "(erfc (+ x 1))",
                                           "(/ 1 (+ 1 (exp x)))",
                                           "(/ x (+ 1 (exp (* 2 x))))",
                                           "(- (log (+ 1 (exp x))) x)"};
  constexpr std::string_view growing[] = {"x", "(+ 1 (* 2 x))", "(- (pow x 2) x)", "3", "(- x)"};
  int checked = 0;
  for (int i = 0; i < 300; ++i) {
    const auto some = [&](const auto& list) {
      return std::string(list[size_t(random.integer(0, long(std::size(list)) - 1))]);
    };
    const auto product = [&] { return "(* " + some(growing) + " " + some(decaying) + ")"; };
    const std::string wrappers[] = {"(exp ", "(tanh ", "(erf ", "(pow (+ 2 ", "(sqrt (+ 1 "};
    const long kind = random.integer(0, 4);
    const std::string sum = "(+ " + product() + " " + product() + ")";
    const std::string text = kind == 3   ? "(pow (+ 2 " + sum + ") -3)"
                             : kind == 4 ? "(sqrt (+ 1 " + sum + "))"
                                         : wrappers[kind] + sum + ")";
    CAPTURE(text);
    const Difference d = difference(text, "1/3");
    const Rational from = random.rational(0.1, random.integer(0, 1) == 0 ? 2 : 30);
    CAPTURE(to_string(from));
    const auto tail = tail_of(d, Side::right, from);
    if (!tail || tail.value().diverges) continue;
    ++checked;
    check_bound(d, tail.value(), Side::right, from, random);
  }
  CHECK(checked > 100);
}
