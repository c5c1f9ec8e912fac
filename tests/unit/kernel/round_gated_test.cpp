// Rule round-mlp: MLPs gated by a sigmoid, and the heads of form "glu" that stand for them.
#include "attncert/prover/audit.hpp"
#include "unit/kernel/rounded_sublayers.hpp"
#include "unit/kernel/rounding_adder.hpp"
#include "unit/kernel/rounding_comparison.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Rational kUnit = power_of_two(-90);
const Evaluation kSingle = evaluation("fp32", "fp32");

Parts gated(long width = 16, long neurons = 12) {
  Random random("a gated MLP");
  Parts parts;
  parts.network.d_model = width;
  parts.network.sublayers.emplace_back(MlpSublayer{
      "m", Layout::out_in, neurons, "sigmoid", Norm{"layer-norm", real("1e-5"), "gain", "shift"},
      AffineMap{"in", "in_bias"}, AffineMap{"out", "out_bias"}, AffineMap{"gate", "gate_bias"}});
  const auto some = [&](const char* tensor, std::vector<long> shape, double size) {
    std::vector<double> values(
        static_cast<std::size_t>(shape.front() * (shape.size() > 1 ? shape.back() : 1)));
    for (double& x : values) x = static_cast<float>(random.uniform(-size, size));
    parts.tensors[tensor] = {std::move(shape), std::move(values)};
  };
  some("in", {neurons, width}, 1);
  some("in_bias", {neurons}, 1);
  some("gate", {neurons, width}, 0.5);
  some("gate_bias", {neurons}, 1);
  some("out", {width, neurons}, 1);
  some("out_bias", {width}, 1);
  some("gain", {width}, 2);
  some("shift", {width}, 1);
  return parts;
}

const MlpSublayer& mlp_of(const Model& model) {
  return std::get<MlpSublayer>(model.network.sublayers.at(0));
}

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

Vector computed_gated(const RoundingMachine& m, const Model& model, const Vector& n) {
  const MlpWeights w = mlp_weights(model, mlp_of(model)).value();
  const Vector y = m.normed(n, norm_weights(model, mlp_of(model).norm).value());
  const Vector gates = computed_map(m, *w.gate, y);
  Vector hidden = computed_map(m, w.in, y);
  for (std::size_t j = 0; j < hidden.size(); ++j) {
    hidden[j] = m.op(m.op(sigmoid(gates[j])) * hidden[j]);
  }
  return computed_map(m, w.out, hidden);
}

Vector exact_gated(const Model& model, const Vector& n) {
  const MlpWeights w = mlp_weights(model, mlp_of(model)).value();
  const Vector y = exact_normed(n, norm_weights(model, mlp_of(model).norm).value());
  const Vector gates = exact_map(*w.gate, y);
  Vector hidden = exact_map(w.in, y);
  for (std::size_t j = 0; j < hidden.size(); ++j) hidden[j] *= sigmoid(gates[j]);
  return exact_map(w.out, hidden);
}

Rational error_of(const Model& model, bool converted, const Evaluation& machine) {
  const auto bound = mlp_rounding(model, converted, "m", computed(1), machine, 64);
  REQUIRE(outcome(bound) == "ok");
  CHECK(bound.value().size > 0);
  return bound.value().error;
}

}  // namespace

TEST_CASE("rule round-mlp: computed gated MLPs are not farther off than certified") {
  const Parts parts = gated();
  const Parts heads = converted_from(parts, one_gate("1"));
  std::string bytes;
  std::string more;
  const Model model = parts.model(bytes);
  const Model converted = heads.model(more);
  const auto& neuron_heads = std::get<NeuronHeads>(converted.network.sublayers.at(0));
  REQUIRE(neuron_heads.gated);
  const MlpWeights w = mlp_weights(model, mlp_of(model)).value();
  const auto exact = [&](const Vector& n) { return exact_gated(model, n); };
  for (const Evaluation& machine : evaluations()) {
    for (const Affine& aim : {w.in, *w.gate}) {
      compare(
          "a gated MLP", machine, error_of(model, false, machine), aim,
          [&](const auto& m, const Vector& n) { return computed_gated(m, model, n); }, exact);
      compare(
          "gated heads", machine, error_of(converted, true, machine), aim,
          [&](const auto& m, const Vector& n) {
            return computed_heads(m, converted, neuron_heads, n);
          },
          exact);
    }
  }
}

TEST_CASE("rule round-mlp: gated MLPs, the bound that is proved, and not a unit less") {
  const Parts parts = gated();
  Both both(parts, converted_from(parts, one_gate("1")));
  std::string bytes;
  std::string more;
  const Model model = both.original().model(bytes);
  const Model heads = both.converted().model(more);
  for (const bool converted : {false, true}) {
    const Rational bound = error_of(converted ? heads : model, converted, kSingle);
    Rounding goal{"m", converted, computed(1), kSingle, bound, {}};
    CHECK(both.check(computing(Rule::round_mlp, goal, 64)) == "ok");
    goal.epsilon -= kUnit;
    CHECK(both.check(computing(Rule::round_mlp, goal, 64)) == name(ErrorCode::BoundExceeded));
  }
  Evaluation worse = kSingle;
  worse.activation_error = 100;
  CHECK(error_of(model, false, worse) > error_of(model, false, kSingle));
  CHECK(error_of(heads, true, worse) == error_of(heads, true, kSingle));
}

TEST_CASE("rule round-mlp: a gated neuron by hand, and other gates") {
  // sigmoid(2 n) 3 n, |n| <= 1, in fp32 with fp64 sums; its output map is 1
  Parts parts;
  parts.network.d_model = 1;
  parts.network.sublayers.emplace_back(MlpSublayer{"m", Layout::out_in, 1, "sigmoid",
                                                   Norm{"none", 0, "", {}}, AffineMap{"in", {}},
                                                   AffineMap{"out", {}}, AffineMap{"gate", {}}});
  parts.tensors["in"] = {{1, 1}, {3}};
  parts.tensors["gate"] = {{1, 1}, {2}};
  parts.tensors["out"] = {{1, 1}, {1}};
  std::string bytes;
  Model model = parts.model(bytes);
  Evaluation machine = evaluation("fp32", "fp64");
  machine.activation_error = 1;
  const auto of = [&](const Rational& size) {
    return mlp_rounding(model, false, "m", {Inputs::Kind::computed_box, size}, machine, 64);
  };
  const auto bound = of(1);
  REQUIRE(outcome(bound) == "ok");
  // 3 n twice 3 u; gate: 2 n twice 2 u, a quarter of it, 1 u more, times 3; product 3 u; map twice
  const Rational expected = (6 + 3 * (1 + 1) + 3 + 6) * power_of_two(-24);
  CHECK(bound.value().error > expected);
  CHECK(bound.value().error < expected * Rational(1001, 1000));
  machine = evaluation("fp16", "fp32");
  CHECK(outcome(of(5000)) == "ok");
  CHECK(outcome(of(22000)) == name(ErrorCode::RoundingOverflow));
  std::get<MlpSublayer>(model.network.sublayers.at(0)).activation = "silu";
  CHECK(outcome(of(1)) == name(ErrorCode::RoundingUnsupported));
}

TEST_CASE("rule round-total: audits of gated MLPs, from the first step to the last") {
  const Parts parts = gated();
  Both both(parts, converted_from(parts, one_gate("1")));
  std::string bytes;
  std::string more;
  const Model model = both.original().model(bytes);
  const Model heads = both.converted().model(more);
  for (const Evaluation& machine : evaluations()) {
    const auto audit = audit_conversion(model, heads, machine);
    REQUIRE(outcome(audit) == "ok");
    const AuditedLayer& layer = audit.value().layers.at(0);
    REQUIRE_FALSE(layer.refusal);
    CHECK(layer.claim.approximation == 0);
    const Certificate& certificate = *audit.value().certificate;
    Kernel kernel(certificate.claim, both.subjects());
    for (const Step& step : certificate.steps) REQUIRE(outcome(kernel.check(step)) == "ok");
    CHECK(outcome(kernel.finish(certificate.end)) == "ok");
  }
}

TEST_CASE("audit: gates that heads do not compute exactly are refused") {
  const Parts parts = gated();
  std::string bytes;
  std::string more;
  Parts near = converted_from(parts, one_gate("1.001"));
  const Model model = parts.model(bytes);
  const auto audit = audit_conversion(model, near.model(more), kSingle);
  REQUIRE(outcome(audit) == "ok");
  REQUIRE(audit.value().layers.at(0).refusal);
  CHECK(audit.value().layers.at(0).refusal->code == ErrorCode::RoundingUnsupported);
  CHECK_FALSE(audit.value().certificate);
}
