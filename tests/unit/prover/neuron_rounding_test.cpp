// What machines really do, over every input of the small formats, against what is certified.
#include "attncert/prover/neuron_rounding.hpp"

#include <cmath>
#include <limits>

#include "attncert/interval/functions.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr Precision kPrecision = 192;     // numbers up to 2^128, errors down to 2^-20
constexpr Precision kNearPrecision = 80;  // numbers up to 16

Format named(std::string_view name) { return format_named(name).value(); }

// 1 / (1 + sum_k e^-(b_k z + beta_k)); MPFR takes long for powers it can just hold.
Interval exact_weight(const StoredGate& gate, const Interval& z, Precision precision) {
  constexpr int far = 3000;
  const Interval tiny = enclose(Rational(0), power_of_two(-far), precision);
  Interval sum = integer(1, precision);
  for (const StoredScore& score : gate.scores) {
    const Interval exponent = -(enclose(Rational(score.slope), precision) * z +
                                enclose(Rational(score.shift), precision));
    if (is_at_least(exponent, far)) return tiny;
    sum = sum + (is_at_most(exponent, -far) ? tiny : exp(exponent, precision));
  }
  return integer(1, precision) / sum;
}

// sum_i c_i z / (1 + sum_k e^-(b_ik z + beta_ik))
Interval exact_output(const std::vector<StoredGate>& gates, double z) {
  const Precision precision = std::fabs(z) <= 16 ? kNearPrecision : kPrecision;
  const Interval at = enclose(Rational(z), precision);
  Interval output = integer(0, precision);
  for (const StoredGate& gate : gates) {
    const Interval value = enclose(Rational(gate.coefficient), precision) * at;
    output = output + value * exact_weight(gate, at, precision);
  }
  return output;
}

// Every machine of a format that rounds so: exp correctly rounded, or either neighbour.
std::vector<Machine> machines_of(const Format& format, Underflow underflow) {
  std::vector<Machine> machines;
  for (const ExpResult result : {ExpResult::nearest, ExpResult::below, ExpResult::above}) {
    machines.push_back({format, underflow, Overflow::unbounded, result});
  }
  return machines;
}

struct Measured {
  double largest = 0;
  double at = 0;
  std::size_t inputs = 0;
};

// The largest |computed - exact| over the inputs, rounded up; infinite where one is no number.
Measured measure(const std::vector<Machine>& machines, const std::vector<StoredGate>& gates,
                 const std::vector<double>& inputs) {
  Measured result{.inputs = inputs.size()};
  for (const double z : inputs) {
    const Interval exact = exact_output(gates, z);
    double before = std::numeric_limits<double>::quiet_NaN();
    for (const Machine& machine : machines) {
      const double computed = neuron_output(machine, gates, z);
      if (computed == before) continue;  // machines mostly agree
      before = computed;
      const double error = std::isfinite(computed)
                               ? upper_double(abs(enclose(Rational(computed), kPrecision) - exact))
                               : std::numeric_limits<double>::infinity();
      if (error > result.largest) {
        result.largest = error;
        result.at = z;
      }
    }
  }
  return result;
}

// Numbers of each format: SiLU(k z)/k; a mirrored pair; a third of larger coefficients; Mish.
struct Heads {
  std::string name;
  std::vector<StoredGate> gates;
};
const Heads kHeads[] = {
    {"SiLU", {{1, {{1, 0}}}}},
    {"SiLU(8 z)/8", {{1, {{8, 0}}}}},
    {"GELU by one head", {{1, {{1.75, 0}}}}},
    {"a shifted pair", {{0.5, {{2.25, 1.25}}}, {0.5, {{2.25, -1.25}}}}},
    {"three heads", {{1.25, {{1.25, 0}}}, {-0.125, {{1.375, 2.25}}}, {-0.125, {{1.375, -2.25}}}}},
    {"Mish", {{1, {{1, -0.6875}, {2, -0.6875}}}, {1, {{-1, 0.6875}, {1, 0}}}}},
    {"backwards", {{1, {{-1, 0.5}, {0.5, -3}, {-0.25, 2}}}}},
};

std::vector<double> inputs_within(const Format& format, const Rational& reach) {
  std::vector<double> inputs;
  for (const double z : finite_numbers(format)) {
    if (abs(Rational(z)) <= reach) inputs.push_back(z);
  }
  return inputs;
}

void compare(const Heads& heads, const Format& format, const Rational& reach,
             const std::vector<double>& inputs) {
  for (const Underflow underflow : {Underflow::gradual, Underflow::flush}) {
    const auto bound = neuron_rounding(heads.gates, {format, underflow}, reach);
    REQUIRE(bound);
    const Measured worst = measure(machines_of(format, underflow), heads.gates, inputs);
    const std::string flush = underflow == Underflow::flush ? " (flush)" : "";
    CAPTURE(worst.at);
    CHECK(worst.largest <= bound.value());
    CHECK(worst.largest > 0);
    MESSAGE(format.name << flush << ", " << heads.name << ", |z| <= " << reach.convert_to<double>()
                        << ", " << worst.inputs << " inputs: measured " << worst.largest
                        << ", certified " << bound.value().convert_to<double>() << ", ratio "
                        << worst.largest / bound.value().convert_to<double>());
  }
}

}  // namespace

TEST_CASE("rounding of neurons: every input of the 16-bit and 8-bit formats up to 16") {
  for (const char* name : {"fp16", "bf16", "e4m3", "e5m2"}) {
    const Format format = named(name);
    for (const Heads& heads : kHeads) {
      compare(heads, format, 16, inputs_within(format, 16));
    }
  }
}

TEST_CASE("rounding of neurons: every finite input, where the score is the input itself") {
  for (const char* name : {"fp16", "bf16", "e4m3", "e5m2"}) {
    const Format format = named(name);
    compare(kHeads[0], format, largest_finite(format), finite_numbers(format));
  }
}
