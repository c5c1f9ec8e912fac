// What neurons contribute to a rounding bound, and which mask constant suffices.
#include "attncert/kernel/neurons.hpp"

#include "unit/kernel/rounding_adder.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Inputs inputs() { return computed(real("1.01")); }

std::vector<NeuronRounding> neurons_of(const Model& model, bool converted,
                                       const Evaluation& machine) {
  const auto neurons = neuron_roundings(model, converted, kMlp, inputs(), machine, 64);
  REQUIRE(neurons);
  return neurons.value();
}

}  // namespace

TEST_CASE("neurons: contributions add up to the bound, and none is above it") {
  const Adder adder;
  for (const Evaluation& machine : {evaluation("fp32", "fp32"), evaluation("bf16", "fp32")}) {
    for (const bool converted : {false, true}) {
      CAPTURE(converted);
      const Model& model = converted ? adder.converted() : adder.original();
      const auto bound = mlp_rounding(model, converted, kMlp, inputs(), machine, 64);
      REQUIRE(bound);
      const double error = bound.value().error.convert_to<double>();
      double sum = 0;
      for (const NeuronRounding& neuron : neurons_of(model, converted, machine)) {
        const double contribution = neuron.contribution.value();
        CHECK(contribution > 0);
        CHECK(contribution < error);
        CHECK(neuron.preactivation_error.value() > 0);
        CHECK(neuron.preactivation_error.is_at_most(neuron.preactivation.value()));
        sum += contribution;
      }
      // besides them: the output bias and underflow
      CHECK(sum > 0.9 * error);
    }
  }
}

TEST_CASE("mask constants: the least that suffices is accepted, and nothing less") {
  const Adder adder;
  for (const bool converted : {false, true}) {
    const Model& model = converted ? adder.converted() : adder.original();
    const auto bound = [&](const Evaluation& machine) {
      return attention_rounding(model, converted, kAttention, inputs(), machine, {}, 64);
    };
    Evaluation machine = evaluation("fp32", "fp32");
    const auto unmasked = bound(machine);
    REQUIRE(unmasked);
    CHECK(unmasked.value().scores > 1);
    machine.exp_zero = Rational(104);
    const Rational least = sufficient_mask_constant(machine, unmasked.value().scores, 104);
    CHECK(least > 2 * unmasked.value().scores + 104);
    machine.mask_constant = least;
    CHECK(outcome(bound(machine)) == "ok");
    machine.mask_constant = Rational(least - power_of_two(-40));
    CHECK(outcome(bound(machine)) == name(ErrorCode::MaskTooWeak));
  }
}
