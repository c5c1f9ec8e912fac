#include "attncert/expression/fpcore.hpp"

#include "unit/expression/terms.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

std::string read(std::string_view text) {
  ProgramBuilder builder;
  return outcome(read_fpcore(text, builder));
}

// What the text means, written canonically.
std::string rewritten(std::string_view text) {
  ProgramBuilder builder;
  const auto root = read_fpcore(text, builder);
  REQUIRE_MESSAGE(root, std::string(text));
  return write_fpcore(builder.program(), root.value());
}

std::string repeated(std::string_view open, int times, std::string_view middle,
                     std::string_view close) {
  std::string text;
  for (int i = 0; i < times; ++i) text += open;
  text += middle;
  for (int i = 0; i < times; ++i) text += close;
  return text;
}

// A balanced sum of different numbers: 2 `leaves` - 1 operations.
std::string sum_of(int first, int leaves) {
  if (leaves == 1) return std::to_string(first);
  const int half = leaves / 2;
  return "(+ " + sum_of(first, half) + " " + sum_of(first + half, leaves - half) + ")";
}

// (let* ([a0 (exp x)] [a1 (exp a0)] ...) last): deep in meaning, flat in text.
std::string chain(int length) {
  std::string text = "(let* ([a0 (sqrt x)]";
  for (int i = 1; i < length; ++i) {
    text += " [a" + std::to_string(i) + " (sqrt a" + std::to_string(i - 1) + ")]";
  }
  return text + ") a" + std::to_string(length - 1) + ")";
}

struct Row {
  std::string_view text;
  std::string_view canonical;
};

constexpr Row kRewritten[] = {
    {"x", "x"},
    {"  x ; the variable\n", "x"},
    {"PI", "PI"},
    {"1.50", "1.5"},
    {"-2/4", "-0.5"},
    {"0x1p-3", "0.125"},
    {"(+ 1 x)", "(+ 1 x)"},
    {"( + 1\n\tx )", "(+ 1 x)"},
    {"(- x)", "(- x)"},
    {"(- x 1)", "(- x 1)"},
    {"(* x (/ x 2))", "(* x (/ x 2))"},
    {"(fabs (fmax x (fmin 1 x)))", "(fabs (fmax x (fmin 1 x)))"},
    {"(sqrt (exp (log (tanh (erf (erfc x))))))", "(sqrt (exp (log (tanh (erf (erfc x))))))"},
    {"(pow x -3)", "(pow x -3)"},
    {"(pow x 4096)", "(pow x 4096)"},
    {"(pow x 2.0)", "(pow x 2)"},
    {"(+ (exp x) (exp x))", "(let* ([t1 (exp x)]) (+ t1 t1))"},
    {"(let ([y (exp x)]) (* y y))", "(let* ([t1 (exp x)]) (* t1 t1))"},
    {"(let ((y (exp x))) (* y y))", "(let* ([t1 (exp x)]) (* t1 t1))"},
    {"(let* ([a (tanh x)] [b (exp a)]) (+ a (+ b b)))",
     "(let* ([t1 (tanh x)] [t2 (exp t1)]) (+ t1 (+ t2 t2)))"},
    {"(let ([x (+ x 1)]) (let ([x (* 2 x)]) x))", "(* 2 (+ x 1))"},
    {"(let ([x 1] [y x]) (+ x y))", "(+ 1 x)"},
    {"(let* ([x 1] [y x]) (+ x y))", "(+ 1 1)"},
    {"(let ([unused (log 0)]) x)", "x"},
    {"(let () x)", "x"},
    {"E", "(exp 1)"},
    {"(* 2 LN2)", "(* 2 (log 2))"},
    {"(FPCore (v) (exp v))", "(exp x)"},
    {"(FPCore (x) x)", "x"},
    {"(FPCore logistic (z) :name \"a (name) with ) in it\" :precision real (exp z))", "(exp x)"},
    {"(FPCore (v) :precision real :cite \"x\" (let ([w v]) (+ v w)))", "(+ x x)"},
};

struct Rejection {
  std::string_view text;
  ErrorCode code;
};

constexpr Rejection kRejected[] = {
    {"", ErrorCode::TermSyntax},
    {"()", ErrorCode::UnknownOperator},
    {"(+ 1 x", ErrorCode::TermSyntax},
    {"(+ 1 x))", ErrorCode::TermSyntax},
    {"x x", ErrorCode::TermSyntax},
    {"[+ 1 x]", ErrorCode::TermSyntax},
    {"(+ 1 ])", ErrorCode::TermSyntax},
    {"(let ([y 1) y)", ErrorCode::TermSyntax},
    {"(let ([ 1]) x)", ErrorCode::TermSyntax},
    {"(let y x)", ErrorCode::TermSyntax},
    {"(let ([y 1]) y y)", ErrorCode::TermSyntax},
    {"(! :precision real x)", ErrorCode::TermSyntax},
    {"(let ([PI 3]) PI)", ErrorCode::TermSyntax},
    {"(let* ([E 3]) E)", ErrorCode::TermSyntax},
    {"(let ([2 x]) 2)", ErrorCode::TermSyntax},
    {"(let ([-1.5 x]) x)", ErrorCode::TermSyntax},
    {"(FPCore (2) (* 2 2))", ErrorCode::TermSyntax},
    {"(FPCore (PI) PI)", ErrorCode::TermSyntax},
    {"(FPCore () 1)", ErrorCode::TermSyntax},
    {"(FPCore (a b) (+ a b))", ErrorCode::TermSyntax},
    {"(FPCore (v) v", ErrorCode::TermSyntax},
    {"(FPCore (v) v) v", ErrorCode::TermSyntax},
    {"(FPCore (v) :name \"open v)", ErrorCode::TermSyntax},
    {"(sin x)", ErrorCode::UnknownOperator},
    {"(if (< x 0) 0 x)", ErrorCode::UnknownOperator},
    {"(EXP x)", ErrorCode::UnknownOperator},
    {"((exp x))", ErrorCode::UnknownOperator},
    {"y", ErrorCode::UnboundName},
    {"(FPCore (v) x)", ErrorCode::UnboundName},
    {"(let ([a b] [b 1]) a)", ErrorCode::UnboundName},
    {"(+ (let ([y 1]) y) y)", ErrorCode::UnboundName},
    {"INFINITY", ErrorCode::UnboundName},
    {"NAN", ErrorCode::UnboundName},
    {"-x", ErrorCode::UnboundName},
    {"2^5", ErrorCode::UnboundName},
    {"1.2.3", ErrorCode::NumberSyntax},
    {"1e9999", ErrorCode::NumberTooLong},
    {"(+ 1)", ErrorCode::OperatorArity},
    {"(+ 1 2 3)", ErrorCode::OperatorArity},
    {"(- 1 2 3)", ErrorCode::OperatorArity},
    {"(exp x x)", ErrorCode::OperatorArity},
    {"(fmax x)", ErrorCode::OperatorArity},
    {"(pow x 0.5)", ErrorCode::ExponentNotInteger},
    {"(pow x x)", ErrorCode::ExponentNotInteger},
    {"(pow x)", ErrorCode::ExponentNotInteger},
    {"(pow x 4097)", ErrorCode::ExponentNotInteger},
    {"(pow x -4097)", ErrorCode::ExponentNotInteger},
    {"(pow x (+ 1 1))", ErrorCode::ExponentNotInteger},
    {"(FPCore (v) :precision binary64 v)", ErrorCode::PrecisionNotReal},
    {"(FPCore (v) :pre (< 0 v) v)", ErrorCode::UnsupportedProperty},
    {"(FPCore (v) :round toZero v)", ErrorCode::UnsupportedProperty},
};

struct Constant {
  std::string_view name;
  std::string_view digits;  // truncated
};

constexpr Constant kConstants[] = {
    {"E", "2.71828182845904523536"},          {"LOG2E", "1.44269504088896340735"},
    {"LOG10E", "0.43429448190325182765"},     {"LN2", "0.69314718055994530941"},
    {"LN10", "2.30258509299404568401"},       {"PI", "3.14159265358979323846"},
    {"PI_2", "1.57079632679489661923"},       {"PI_4", "0.78539816339744830961"},
    {"M_1_PI", "0.31830988618379067153"},     {"M_2_PI", "0.63661977236758134307"},
    {"M_2_SQRTPI", "1.12837916709551257389"}, {"SQRT2", "1.41421356237309504880"},
    {"SQRT1_2", "0.70710678118654752440"},
};

}  // namespace

TEST_CASE("fpcore: terms are read, and written in one canonical way") {
  for (const Row& row : kRewritten) {
    CAPTURE(row.text);
    CHECK(rewritten(row.text) == row.canonical);
    CHECK(rewritten(row.canonical) == row.canonical);
  }
}

TEST_CASE("fpcore: what is not a supported term is refused, with its cause") {
  for (const Rejection& row : kRejected) {
    CAPTURE(row.text);
    CHECK(read(row.text) == name(row.code));
  }
}

TEST_CASE("fpcore: named constants") {
  for (const Constant& row : kConstants) {
    CAPTURE(row.name);
    ProgramBuilder builder;
    const auto root = read_fpcore(row.name, builder);
    REQUIRE(root);
    const auto value = evaluate(builder.program(), root.value(), integer(0, 64), 128);
    REQUIRE(value);
    CHECK(encloses(enclose(real(row.digits), Rational(real(row.digits) + real("1e-20")), 128),
                   value.value()));
  }
}

TEST_CASE("fpcore: depth and size are bounded") {
  CHECK(read(repeated("(exp ", 1000, "x", ")")) == "ok");
  CHECK(read(repeated("(exp ", 1001, "x", ")")) == name(ErrorCode::TermTooDeep));
  CHECK(read(repeated("(exp ", 100000, "x", ")")) == name(ErrorCode::TermTooDeep));
  CHECK(read(repeated("(+ 1 ", 100000, "x", ")")) == name(ErrorCode::TermTooDeep));
  CHECK(read(repeated("(let ([y x]) ", 50000, "y", ")")) == name(ErrorCode::TermTooDeep));
  CHECK(read(repeated("(let ([y ", 50000, "x", "]) y)")) == name(ErrorCode::TermTooDeep));
  CHECK(read(std::string(100000, '(')) == name(ErrorCode::UnknownOperator));
  CHECK(read(sum_of(0, 9990)) == "ok");
  CHECK(read(sum_of(0, 10100)) == name(ErrorCode::TermTooLarge));
  CHECK(read(chain(490)) == "ok");
  CHECK(read(chain(510)) == name(ErrorCode::TermTooLarge));
  CHECK(read(chain(21000)) == name(ErrorCode::TermTooLarge));
  CHECK(read("x" + std::string(1 << 20, ' ')) == name(ErrorCode::TermTooLarge));
  CHECK(read(repeated("(let ([x (+ x 1)]) ", 900, "x", ")")) == "ok");
}

TEST_CASE("fpcore: a canonical text can be read again, or there is none") {
  // (let* (...) one level below the limit, and a chain whose text would nest beyond it
  const std::string deep = repeated("(exp ", 997, "(+ (tanh x) (tanh x))", ")");
  for (const std::string& text : {deep, repeated("(exp ", 998, "(+ (tanh x) (tanh x))", ")"),
                                  chain(490), repeated("(let ([x (exp x)]) ", 999, "x", ")"),
                                  "(let ([x " + repeated("(exp ", 700, "x", ")") + "]) " +
                                      repeated("(exp ", 700, "x", ")") + ")"}) {
    CAPTURE(text.size());
    const auto canonical = canonical_function(text);
    if (!canonical) continue;
    const auto again = canonical_function(canonical.value());
    CHECK(outcome(again) == "ok");
    if (again) CHECK(again.value() == canonical.value());
  }
}

TEST_CASE("fpcore: random terms round-trip, program by program") {
  Random random("fpcore round trips");
  constexpr Op unary[] = {Op::neg, Op::fabs, Op::sqrt, Op::exp,
                          Op::log, Op::tanh, Op::erf,  Op::erfc};
  constexpr Op binary[] = {Op::add, Op::sub, Op::mul, Op::div, Op::fmax, Op::fmin};
  for (int round = 0; round < 500; ++round) {
    ProgramBuilder builder;
    std::vector<NodeIndex> nodes{builder.variable(), builder.pi(),
                                 builder.constant(Rational(random.integer(-9, 9), 7))};
    const auto any = [&] { return nodes[size_t(random.integer(0, long(nodes.size()) - 1))]; };
    for (int i = 0; i < 15; ++i) {
      const long kind = random.integer(0, 7);
      nodes.push_back(kind == 0   ? builder.power(any(), int(random.integer(-5, 5)))
                      : kind == 1 ? builder.constant(Rational(random.integer(-99, 99), 8))
                      : kind < 5  ? builder.unary(unary[random.integer(0, 7)], any())
                                  : builder.binary(binary[random.integer(0, 5)], any(), any()));
    }
    const std::string text = write_fpcore(builder.program(), nodes.back());
    CAPTURE(text);
    ProgramBuilder second;
    const auto root = read_fpcore(text, second);
    REQUIRE(root);
    REQUIRE(write_fpcore(second.program(), root.value()) == text);
    // Read into the first builder, the text is the very node it was written from.
    const auto same = read_fpcore(text, builder);
    REQUIRE(same);
    REQUIRE(same.value() == nodes.back());
  }
}
