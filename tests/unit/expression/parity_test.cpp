#include "attncert/expression/parity.hpp"

#include "attncert/expression/fpcore.hpp"
#include "unit/expression/terms.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Row {
  std::string_view f;
  std::string_view g;
  bool even;
};

constexpr Row kRows[] = {
    {"silu", "relu", true},
    {"relu", "silu", true},
    {"silu:k=30", "relu", true},
    {"silu:k=-2", "relu", true},
    {"gelu", "relu", true},
    {"gelu_tanh", "gelu", true},
    {"quick_gelu", "gelu", true},
    {"gelu", "silu:k=1.702", true},
    {"silu", "x", false},
    {"tanh", "x", true},
    {"sigmoid", "1/2", true},
    {"sigmoid", "0", false},
    {"sigmoid", "1", false},
    {"softplus", "relu", false},  // even, but not seen to be
    {"mish", "relu", false},
    {"elu", "relu", false},
    {"silu", "gelu_tanh", true},
    {"silu", "(* 1/2 x)", false},  // even, but not seen to be
    {"silu", "(* 0.51 x)", false},
    {"(* x x)", "7", true},
    {"(* x x)", "x", false},
    {"(pow x 3)", "0", true},
    {"(pow x 3)", "1", false},
    {"(pow x 4)", "1", true},
    {"(pow x -3)", "x", true},
    {"(fabs x)", "1", true},
    {"(fabs (+ x 1))", "0", false},
    {"(exp x)", "0", false},
    {"(exp (fabs x))", "0", true},
    {"(erf x)", "0", true},
    {"(erfc x)", "1", true},
    {"(erfc x)", "2", false},
    {"(tanh (* x x))", "0", true},
    {"(sqrt (+ 1 (* x x)))", "PI", true},
    {"(* x PI)", "0", true},
    {"x", "PI", false},
    {"(fmax 1 x)", "0", false},
    {"(fmax 0 x)", "(fmin 0 x)", true},
    {"(/ x (+ 1 (exp (- (* x x)))))", "0", true},
    {"(/ x (+ 2 (exp (- x))))", "(* 1/2 x)", false},
    {"(/ x (+ 1 (exp (- 1 x))))", "(* 1/2 x)", false},
    {"(log (+ 1 x))", "0", false},
    {"(sqrt x)", "0", false},
    {"1", "2", true},
};

// Both values, or both undefined, at x and -x.
void check_symmetry(const Program& program, NodeIndex root, const Rational& x) {
  const auto right = evaluate(program, root, enclose(x, 256), 256);
  const auto left = evaluate(program, root, enclose(Rational(-x), 256), 256);
  CAPTURE(to_string(x));
  REQUIRE(bool(right) == bool(left));
  if (right) REQUIRE(overlaps(abs(right.value()), abs(left.value())));
}

NodeIndex random_term(ProgramBuilder& builder, Random& random) {
  constexpr Op unary[] = {Op::neg, Op::fabs, Op::sqrt, Op::exp,
                          Op::log, Op::tanh, Op::erf,  Op::erfc};
  constexpr Op binary[] = {Op::add, Op::sub, Op::mul, Op::div, Op::fmax, Op::fmin};
  std::vector<NodeIndex> nodes{builder.variable(), builder.constant(0), builder.constant(1)};
  const auto any = [&] {
    // recent nodes more often: deeper terms
    const long last = long(nodes.size()) - 1;
    return nodes[size_t(std::max(random.integer(0, last), random.integer(0, last)))];
  };
  const long length = random.integer(2, 9);
  for (long i = 0; i < length; ++i) {
    const long kind = random.integer(0, 9);
    if (kind == 0) {
      nodes.push_back(builder.constant(Rational(random.integer(-4, 4), 2)));
    } else if (kind == 1) {
      nodes.push_back(builder.power(any(), int(random.integer(-3, 4))));
    } else if (kind == 2) {  // a logistic gate, which the rules know
      const NodeIndex e = builder.unary(Op::exp, builder.unary(Op::neg, any()));
      nodes.push_back(
          builder.binary(Op::div, any(), builder.binary(Op::add, builder.constant(1), e)));
    } else if (kind < 6) {
      nodes.push_back(builder.unary(unary[random.integer(0, 7)], any()));
    } else {
      nodes.push_back(builder.binary(binary[random.integer(0, 5)], any(), any()));
    }
  }
  return nodes.back();
}

}  // namespace

TEST_CASE("parity: known differences") {
  Random random("parity rows");
  for (const Row& row : kRows) {
    CAPTURE(row.f);
    CAPTURE(row.g);
    const auto d = read_difference(row.f, row.g);
    REQUIRE(d);
    const bool even = is_even_in_magnitude(d.value().program, d.value().difference);
    CHECK(even == row.even);
    for (int i = 0; even && i < 20; ++i) {
      check_symmetry(d.value().program, d.value().difference, random.rational(-8, 8));
    }
  }
}

TEST_CASE("parity: no false claims about pairs of the zoo") {
  Random random("parity pairs");
  for (const std::string_view f : kZooAndScaled) {
    for (const std::string_view g : kZooAndScaled) {
      CAPTURE(f);
      CAPTURE(g);
      const auto d = read_difference(f, g);
      REQUIRE(d);
      if (!is_even_in_magnitude(d.value().program, d.value().difference)) continue;
      for (int i = 0; i < 10; ++i) {
        check_symmetry(d.value().program, d.value().difference, random.rational(-9, 9));
      }
    }
  }
}

TEST_CASE("parity: no false claims about random terms") {
  Random random("parity terms");
  int claimed = 0;
  for (int i = 0; i < 6000; ++i) {
    ProgramBuilder builder;
    const NodeIndex whole = random_term(builder, random);
    // read again, so that nothing but the term's own operations can be undefined
    const Function term("(* 1 " + write_fpcore(builder.program(), whole) + ")");
    if (!is_even_in_magnitude(term.program(), term.root)) continue;
    ++claimed;
    CAPTURE(write_fpcore(term.program(), term.root));
    for (const double reach : {0.75, 3.0}) {
      // few bits, so that both sides round alike where a term is at the edge of its domain
      check_symmetry(term.program(), term.root,
                     Rational(long(random.uniform(0, reach) * 1024) * 2 + 1, 2048));
    }
  }
  CHECK(claimed > 500);
}
