// What `attncert formats` chooses, computed on every input of the small formats.
#include "attncert/prover/format_choice.hpp"

#include <cmath>
#include <limits>

#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr Precision kPrecision = 80;

Format named(std::string_view name) { return format_named(name).value(); }

struct Activation {
  const char* name;
  int heads;
};
constexpr Activation kActivations[] = {{"relu", 1},      {"gelu", 1}, {"gelu", 2},
                                       {"gelu_tanh", 3}, {"silu", 1}, {"quick_gelu", 1},
                                       {"mish", 2}};

// The largest |computed - target(z)| over the format's numbers within +-reach, rounded up.
double measured(const std::string& target, const std::vector<StoredGate>& gates,
                const Format& format, double reach) {
  ProgramBuilder builder;
  const auto root = read_function(target, builder);
  REQUIRE(root);
  double largest = 0;
  for (const double z : finite_numbers(format)) {
    if (std::fabs(z) > reach) continue;
    const auto exact =
        evaluate(builder.program(), root.value(), enclose(Rational(z), kPrecision), kPrecision);
    REQUIRE(exact);
    for (const ExpResult result : {ExpResult::nearest, ExpResult::below, ExpResult::above}) {
      const Machine machine{.format = format, .exp_result = result};
      const double computed = neuron_output(machine, gates, z);
      if (!std::isfinite(computed)) return std::numeric_limits<double>::infinity();
      const Interval error = abs(enclose(Rational(computed), kPrecision) - exact.value());
      largest = std::max(largest, upper_double(error));
    }
  }
  return largest;
}

Rational sum_of_coefficients(const Gates& gates) {
  Rational sum = 0;
  for (const Gate& gate : gates) sum += real(gate.coefficient);
  return sum;
}

}  // namespace

TEST_CASE("formats: what is chosen holds for every input up to 16 of the small formats") {
  for (const char* name : {"fp16", "bf16", "e4m3", "e5m2"}) {
    const Format format = named(name);
    for (const Activation& activation : kActivations) {
      CAPTURE(name);
      CAPTURE(activation.name);
      const auto choice =
          best_in_format(activation.name, activation.heads, {format, Underflow::gradual, 1}, 16);
      REQUIRE(outcome(choice) == "ok");
      const auto gates = stored_gates(choice.value().gates, format);
      REQUIRE(gates);
      const double error = measured(activation.name, gates.value(), format, 16);
      const double bound = choice.value().total().convert_to<double>();
      CHECK(error <= bound);
      CHECK(error > 0);
      MESSAGE(std::string(name) << ", " << std::string(activation.name) << ", "
                                << gates.value().size() << " heads: measured " << error
                                << ", certified " << bound << ", ratio " << error / bound);
    }
  }
}

TEST_CASE("formats: rounded coefficients add up to what they did") {
  const Gates three{{"1.33464038", {{"1.31273326", "0"}}},
                    {"-0.16732019", {{"1.3642963", "2.30426767"}}},
                    {"-0.16732019", {{"1.3642963", "-2.30426767"}}}};
  const Gates pairs{{"0.6018565625", {{"1.459213763", "0.456566248"}}},
                    {"0.6018565625", {{"1.459213763", "-0.456566248"}}},
                    {"-0.1018565625", {{"1.486931917", "2.705181721"}}},
                    {"-0.1018565625", {{"1.486931917", "-2.705181721"}}}};
  for (const Format& format : formats()) {
    for (const Gates& gates : {three, pairs}) {
      const auto stored = rounded_gates(gates, format);
      CAPTURE(format.name);
      REQUIRE(stored);
      CHECK(sum_of_coefficients(stored.value()) == 1);
      CHECK(stored_gates(stored.value(), format));
    }
  }
}

TEST_CASE("formats: steep slopes only where scores have room") {
  const Format format = named("fp16");
  const auto choice = best_in_format("relu", 1, {format, Underflow::gradual, 1}, 16);
  REQUIRE(choice);
  CHECK(outcome(assess("relu", {{"1", {{"8192", "0"}}}}, {format, Underflow::gradual, 1}, 16)) ==
        name(ErrorCode::FormatOverflow));
  CHECK(outcome(assess("relu", {{"1", {{"1.702", "0"}}}}, {format, Underflow::gradual, 1}, 16)) ==
        name(ErrorCode::GatesSyntax));
  CHECK(outcome(neuron_rounding({{1, {{1, 0}}}}, {format, Underflow::gradual, 1}, 0)) ==
        name(ErrorCode::EpsilonNegative));
  CHECK(outcome(neuron_rounding({{1, {{0x1p-20, 0}}}}, {format, Underflow::flush, 1}, 1)) ==
        name(ErrorCode::GatesSyntax));
}
