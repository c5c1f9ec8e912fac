// Rules round-mlp, round-attention, round-total: bounds against sublayers computed with rounding.
#include "attncert/kernel/rounding.hpp"
#include "unit/kernel/rounded_sublayers.hpp"
#include "unit/kernel/rounding_adder.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const std::vector<Evaluation>& evaluations() {
  static const std::vector<Evaluation> all{
      evaluation("fp32", "fp32"),
      evaluation("fp32", "fp32", "pairwise"),
      evaluation("fp32", "fp32", "blocks:16", Underflow::flush),
      evaluation("bf16", "fp32", "sequential"),
      evaluation("fp16", "fp32", "blocks:8"),
      evaluation("tf32", "fp32", "any")};
  return all;
}

// A vector of the compute format, of length at most sqrt(D): random, with few entries, tiny, or such
// that a row of a map is large.
Vector some_row(Random& random, const RoundingMachine& machine, const Affine& aim, int kind) {
  const long width = aim.weight.columns;
  Vector n(static_cast<std::size_t>(width));
  for (double& x : n) x = random.uniform(-1, 1);
  if (kind % 5 == 4) {
    const auto row = aim.weight.row(random.integer(0, aim.weight.rows - 1));
    const double sign = random.integer(0, 1) == 0 ? 1 : -1;
    std::transform(row.begin(), row.end(), n.begin(), [sign](double w) { return sign * w; });
  }
  if (kind % 5 == 1) {
    for (double& x : n) x = random.uniform(0, 1) < 0.9 ? 0 : x;
    n[0] += 1e-3;
  }
  const double length = std::sqrt(std::inner_product(n.begin(), n.end(), n.begin(), 0.0));
  double scale = std::sqrt(static_cast<double>(width)) * 0.99 / length;
  if (kind % 5 == 2) scale *= 1e-6;
  if (kind % 5 == 3) scale *= std::ldexp(1.0, -130);
  for (double& x : n) x = machine.op(x * scale);
  return n;
}

// The largest measured error must not exceed the bound; the ratio is told.
template <class Computed, class Exact>
void compare(const char* what, const Evaluation& machine_model, const Rational& bound,
             const Affine& aim, Computed computed_by, Exact exact_by) {
  Random random(what);
  const RoundingMachine machine(machine_model, random);
  double measured = 0;
  for (int n = 0; n < 25; ++n) {
    const Vector row = some_row(random, machine, aim, n);
    const Vector found = computed_by(machine, row);
    measured = std::max(measured, largest_difference(found, exact_by(row)));
  }
  const auto certified = static_cast<double>(bound);
  MESSAGE(std::string(what) << ": " << in_words(machine_model) << ": measured/certified "
                            << measured / certified << ", certified " << certified);
  CHECK(measured <= certified);
  CHECK(measured > 0);
}

}  // namespace

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
