// Rules round-mlp, round-attention, round-total: bounds against sublayers computed with rounding.
#include "attncert/kernel/rounding.hpp"
#include "unit/kernel/rounded_sublayers.hpp"
#include "unit/kernel/rounding_adder.hpp"
#include "unit/kernel/rounding_comparison.hpp"

using namespace attncert;
using namespace attncert::testing;

TEST_CASE("rule round-mlp: computed MLPs are not farther off than certified") {
  const Adder adder;
  const Model& model = adder.original();
  const auto& mlp = *sublayer_named<MlpSublayer>(model.network, kMlp).value();
  const Affine aim = mlp_scores(model, mlp).value();
  for (const Evaluation& machine : evaluations()) {
    const auto bound = mlp_rounding(model, false, kMlp, computed(1), machine, 64);
    REQUIRE(outcome(bound) == "ok");
    compare(
        "MLP", machine, bound.value().error, aim,
        [&](const auto& m, const Vector& n) { return computed_mlp(m, model, mlp, n); },
        [&](const Vector& n) { return exact_mlp(model, mlp, n); });
  }
}

TEST_CASE("rule round-mlp: computed neuron heads are not farther off than certified") {
  const Gates shifted{{"1.25", {{"1.702", "0.5"}}}, {"-0.25", {{"1", "-1"}, {"2", "0.25"}}}};
  for (const Gates& gates : {one_gate("1.702"), shifted}) {
    const Adder adder({}, gates);
    const Model& model = adder.converted();
    const auto& heads = *sublayer_named<NeuronHeads>(model.network, kMlp).value();
    const Affine aim = rows_as_map(model, heads.query, heads.neurons);
    for (Evaluation machine : evaluations()) {
      for (const bool subtract : {true, false}) {
        machine.max_subtraction = subtract;
        const auto bound = mlp_rounding(model, true, kMlp, computed(1), machine, 64);
        if (!subtract && machine.compute.name == "fp16") {
          CHECK(outcome(bound) == name(ErrorCode::RoundingOverflow));
          continue;
        }
        REQUIRE(outcome(bound) == "ok");
        compare(
            "neuron heads", machine, bound.value().error, aim,
            [&](const auto& m, const Vector& n) { return computed_heads(m, model, heads, n); },
            [&](const Vector& n) { return exact_heads(model, heads, n); });
      }
    }
  }
}

namespace {

void compare_attention(const char* what, const Model& model, bool converted) {
  const AttentionMaps maps =
      converted
          ? maps_of(model, *sublayer_named<TokenHeads>(model.network, kAttention).value())
          : maps_of(model, *sublayer_named<AttentionSublayer>(model.network, kAttention).value());
  const auto width = static_cast<std::size_t>(model.network.d_model);
  const auto within = [width](Vector result) {
    result.resize(width);
    return result;
  };
  for (const Evaluation& machine : evaluations()) {
    const auto bound =
        attention_rounding(model, converted, kAttention, computed(1), machine, {}, 64);
    REQUIRE(outcome(bound) == "ok");
    std::vector<Vector> rows;
    compare(
        what, machine, bound.value().error, maps.key,
        [&](const auto& m, const Vector& n) {
          rows.push_back(n);
          if (rows.size() > 6) rows.erase(rows.begin());
          return within(computed_attention(m, maps, rows));
        },
        [&](const Vector&) { return within(exact_attention(maps, rows)); });
  }
}

}  // namespace

TEST_CASE("rule round-attention: computed attention is not farther off than certified") {
  const Adder adder;
  compare_attention("attention", adder.original(), false);
  compare_attention("token heads", adder.converted(), true);
  Model turning = adder.original();
  for (Sublayer& sublayer : turning.network.sublayers) {
    if (auto* layer = std::get_if<AttentionSublayer>(&sublayer)) {
      layer->shape.rotary = Rotary{10000, true};
    }
  }
  compare_attention("attention with rotary positions", turning, false);
  const auto error = [](const Model& model) {
    return attention_rounding(model, false, kAttention, computed(1), evaluations().front(), {}, 64)
        .value()
        .error;
  };
  CHECK(error(turning) > error(adder.original()));
}

TEST_CASE("rule round-mlp: where everything underflows, the bound is of that size") {
  for (const Underflow underflow : {Underflow::gradual, Underflow::flush}) {
    Parts parts = tiny_original();
    for (double& gain : parts.tensors["gain"].values) gain = 0x1.8p-120;
    for (double& weight : parts.tensors["in"].values) weight *= 0x1p-20;
    for (const char* bias : {"in_bias", "out_bias"}) {
      for (double& number : parts.tensors[bias].values) number = 0;
    }
    std::string bytes;
    const Model model = parts.model(bytes);
    const auto& mlp = *sublayer_named<MlpSublayer>(model.network, "m").value();
    const Evaluation machine = evaluation("fp32", "fp32", "any", underflow);
    const auto bound = mlp_rounding(model, false, "m", computed(1), machine, 64);
    REQUIRE(outcome(bound) == "ok");
    CHECK(bound.value().error < power_of_two(-100));
    compare(
        "underflow", machine, bound.value().error, mlp_scores(model, mlp).value(),
        [&](const auto& m, const Vector& n) { return computed_mlp(m, model, mlp, n); },
        [&](const Vector& n) { return exact_mlp(model, mlp, n); });
  }
}
