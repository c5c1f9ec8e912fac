// Gates for activations: what the prover certifies of them, not what the search believes.
#include "attncert/construction/approximation.hpp"

#include "attncert/expression/zoo.hpp"
#include "attncert/prover/supremum.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct TableCase {
  const char* target;
  int heads;
  const char* promised;
  const char* magnitude;  // at most this sum of |c_i|
};

constexpr TableCase kTables[] = {
    {"gelu", 1, "1.3923e-2", "1"},      {"gelu", 2, "4.209e-3", "1"},
    {"gelu", 3, "2.77e-4", "1.67"},     {"gelu", 4, "4.02e-5", "1.41"},
    {"gelu", 5, "2.02e-6", "3.84"},     {"gelu", 6, "8.3e-7", "2.83"},
    {"gelu_tanh", 1, "1.422e-2", "1"},  {"gelu_tanh", 2, "4.52e-3", "1"},
    {"gelu_tanh", 3, "2.22e-4", "1.6"}, {"gelu_tanh", 4, "4.83e-5", "1.16"},
    {"gelu_tanh", 5, "7.6e-6", "2.28"}, {"gelu_tanh", 6, "4.6e-6", "1.5"},
};

Approximation found(const Result<Approximation>& result) {
  REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
  return result.value();
}

Rational sum(const Gates& gates, bool magnitudes) {
  Rational total = 0;
  for (const Gate& gate : gates) {
    const Rational c = real(gate.coefficient);
    total += magnitudes ? Rational(abs(c)) : c;
  }
  return total;
}

SupremumBound proved(const std::string& target, const Gates& gates) {
  const auto function = neuron_function(gates);
  REQUIRE(function);
  auto bound = bound_supremum({target, function.value()}, Domain{}, real("1e-9"));
  REQUIRE_MESSAGE(bound, (bound ? "" : bound.error().message));
  REQUIRE(bound.value().kind != SupremumBound::Kind::unbounded);
  CHECK_FALSE(check_certificate(write_certificate(bound.value().above), ".").refusal);
  return std::move(bound).value();
}

}  // namespace

TEST_CASE("approximation: the tables' certified errors over all reals") {
  for (const TableCase& row : kTables) {
    CAPTURE(row.target);
    CAPTURE(row.heads);
    const Approximation table = found(approximation_for(row.target, row.heads, {}));
    CHECK(table.gates.size() == static_cast<std::size_t>(row.heads));
    CHECK(sum(table.gates, false) == 1);
    CHECK(sum(table.gates, true) <= real(row.magnitude));
    for (const Gate& gate : table.gates) CHECK(gate.scores.size() == 1);
    const SupremumBound bound = proved(row.target, table.gates);
    CHECK(bound.upper <= real(row.promised));
    // what construction states is an upper bound, and a close one
    CHECK(bound.upper <= Rational(table.approx_error));
    CHECK(bound.lower >= Rational(table.approx_error * (1 - 1e-5)));
    CHECK_FALSE(table.exact);
  }
}

TEST_CASE("approximation: seven heads are no worse than six") {
  for (const char* target : {"gelu", "gelu_tanh"}) {
    const double six = found(approximation_for(target, 6, {})).approx_error;
    CHECK(found(approximation_for(target, 7, {})).approx_error <= six);
  }
}

TEST_CASE("approximation: exact activations are exact") {
  struct Case {
    const char* target;
    int heads;
    const char* slope;
  };
  for (const Case& one :
       {Case{"silu", 1, "1"}, Case{"silu", 6, "1"}, Case{"quick_gelu", 1, "1.702"},
        Case{"quick_gelu", 3, "1.702"}, Case{"silu:k=2.5", 1, "2.5"}, Case{"silu:k=-3", 1, "-3"}}) {
    CAPTURE(one.target);
    const Approximation exact = found(approximation_for(one.target, one.heads, {}));
    CHECK(exact.exact);
    CHECK(exact.approx_error == 0);
    CHECK(exact.gates == Gates{{"1", {{one.slope, "0"}}}});
    CHECK(proved(one.target, exact.gates).kind == SupremumBound::Kind::equal);
  }
  const Approximation mish = found(approximation_for("mish", 2, {}));
  CHECK(mish.exact);
  CHECK(mish.gates == Gates{{"1", {{"1", "(- (log 2))"}, {"2", "(- (log 2))"}}},
                            {"1", {{"-1", "(log 2)"}, {"1", "0"}}}});
  const auto function = neuron_function(mish.gates);
  REQUIRE(function);
  const auto tiny = certify_supremum({"mish", function.value()}, Domain{}, real("1e-14"));
  REQUIRE(tiny);
  CHECK(tiny.value().kind == CertifyOutcome::Kind::proved);
}

TEST_CASE("approximation: mish by one head is not exact, and epsilon takes two") {
  const Approximation one = found(approximation_for("mish", 1, {}));
  CHECK_FALSE(one.exact);
  const SupremumBound bound = proved("mish", one.gates);
  CHECK(bound.upper < real("0.05"));
  CHECK(found(approximation_for("mish", {}, real("1e-9"))).exact);
  CHECK(found(approximation_for("mish", {}, real("0.05"))).gates.size() == 1);
}

TEST_CASE("approximation: relu's power of two is the least that gives epsilon") {
  struct Case {
    const char* epsilon;
    const char* slope;
  };
  // W(1/e) = 0.27846454276107379510935873902...
  for (const Case& one : {Case{"0.278464542761073795109358739023", "1"},
                          Case{"0.278464542761073795109358739022", "2"}, Case{"0.3", "1"},
                          Case{"1e-3", "512"}, Case{"1", "0.5"}, Case{"2.66e-7", "1048576"}}) {
    CAPTURE(one.epsilon);
    const Approximation relu = found(approximation_for("relu", {}, real(one.epsilon)));
    CHECK(relu.gates == Gates{{"1", {{one.slope, "0"}}}});
    CHECK(Rational(relu.approx_error) <= real(one.epsilon) * (1 + power_of_ten(-12)));
  }
  for (const int heads : {1, 3}) {
    CHECK(found(approximation_for("relu", heads, {})).gates == Gates{{"1", {{"1048576", "0"}}}});
  }
  CHECK(outcome(approximation_for("relu", {}, power_of_ten(-400))) ==
        name(ErrorCode::EpsilonUnreached));
}

TEST_CASE("approximation: as few heads as epsilon takes") {
  struct Case {
    const char* epsilon;
    std::size_t heads;
  };
  for (const Case& one : {Case{"1", 1}, Case{"0.01393", 1}, Case{"0.0139", 2}, Case{"1e-3", 3},
                          Case{"4.1e-5", 4}, Case{"4e-5", 5}, Case{"1e-6", 6}, Case{"8e-7", 8}}) {
    CAPTURE(one.epsilon);
    const Approximation gelu = found(approximation_for("gelu", {}, real(one.epsilon)));
    CHECK(gelu.gates.size() == one.heads);
    CHECK(proved("gelu", gelu.gates).upper <= real(one.epsilon));
  }
  CHECK(found(approximation_for("gelu", {}, {})).gates.size() == 1);
}

TEST_CASE("approximation: the search finds the tables again") {
  for (const TableCase& row : kTables) {
    if (row.heads > 2) continue;
    CAPTURE(row.target);
    CAPTURE(row.heads);
    const Approximation once = found(optimise_gates(row.target, row.heads));
    if (row.heads == 2) CHECK(once.gates == found(optimise_gates(row.target, 2)).gates);
    CHECK(sum(once.gates, false) == 1);
    CHECK(proved(row.target, once.gates).upper <= real(row.promised));
  }
}

TEST_CASE("approximation: other functions, by search") {
  struct Case {
    const char* target;
    int heads;
    const char* upper;
  };
  for (const Case& one :
       {Case{"(* 3 (* x (/ (erfc (- (/ x (sqrt 2)))) 2)))", 2, "0.01263"},  // 3 gelu
        Case{"(* x (/ (erfc (- (* 50 x))) 2))", 2, "6e-5"},                 // steep
        Case{"(* x (/ (erfc (- (/ x 300))) 2))", 1, "3"},                   // flat
        Case{"(* x (tanh x))", 2, "1e-20"},                                 // -x and x
        Case{"(fmax (* 0.25 x) x)", 2, "2.0e-7"},                           // a leaky relu
        Case{"(fabs x)", 2, "5.4e-7"}, Case{"(* 0.5 x)", 1, "1e-20"}, Case{"0", 1, "1e-20"},
        Case{"softplus", 1, "0.694"}}) {
    CAPTURE(one.target);
    const Approximation gates = found(approximation_for(one.target, one.heads, {}));
    CHECK(gates.gates.size() <= static_cast<std::size_t>(one.heads));
    const auto target = canonical_function(one.target);
    REQUIRE(target);
    CHECK(proved(target.value(), gates.gates).upper <= real(one.upper));
  }
}

TEST_CASE("approximation: progress goes from one head to the last") {
  int last = 0;
  const auto watch = [&last](int heads, double share) {
    CHECK(heads >= last);
    CHECK((0 <= share && share < 1));
    last = heads;
  };
  CHECK(optimise_gates("gelu", 2, watch));
  CHECK(last == 2);
}

TEST_CASE("approximation: what is refused") {
  struct Case {
    const char* target;
    std::optional<int> heads;
    const char* epsilon;
    ErrorCode code;
  };
  for (const Case& one : {
           Case{"gelu", 0, "", ErrorCode::HeadsOutOfRange},
           Case{"gelu", -1, "", ErrorCode::HeadsOutOfRange},
           Case{"gelu", kMostHeads + 1, "", ErrorCode::HeadsOutOfRange},
           Case{"(fmax (* 0.25 x) x)", 1, "", ErrorCode::HeadsOutOfRange},
           Case{"gelu", {}, "0", ErrorCode::EpsilonNegative},
           Case{"gelu", {}, "1e-9", ErrorCode::EpsilonUnreached},
           Case{"(fabs x)", {}, "1e-9", ErrorCode::EpsilonUnreached},
           Case{"tanh", 1, "", ErrorCode::TailUnsupported},
           Case{"sigmoid", 1, "", ErrorCode::TailUnsupported},
           Case{"elu", 1, "", ErrorCode::TailUnsupported},
           Case{"(* x x)", 1, "", ErrorCode::TailUnsupported},
           Case{"(exp x)", 1, "", ErrorCode::TailUnsupported},
           Case{"(/ x 3)", 1, "", ErrorCode::TailUnsupported},
           Case{"(/ (* x x) (- x 1))", 1, "", ErrorCode::TailUnsupported},
           Case{"(sqrt x)", 1, "", ErrorCode::TailUnsupported},
           Case{"gelu2", 1, "", ErrorCode::UnknownActivation},
           Case{"silu:k=0", 1, "", ErrorCode::ActivationParameter},
           Case{"(+ x", 1, "", ErrorCode::TermSyntax},
       }) {
    CAPTURE(one.target);
    std::optional<Rational> epsilon;
    if (*one.epsilon != 0) epsilon = real(one.epsilon);
    CHECK(outcome(approximation_for(one.target, one.heads, epsilon)) == name(one.code));
  }
  CHECK(outcome(optimise_gates("gelu", 0)) == name(ErrorCode::HeadsOutOfRange));
}
