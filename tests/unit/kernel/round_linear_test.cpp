// Rule round-linear: linear maps and the heads that stand for them.
#include "attncert/prover/audit.hpp"
#include "unit/kernel/rounded_sublayers.hpp"
#include "unit/kernel/rounding_adder.hpp"
#include "unit/kernel/rounding_comparison.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Rational kUnit = power_of_two(-90);
const Evaluation kSingle = evaluation("fp32", "fp32");

// A map of some width after a layer-norm; numbers of fp32.
Parts linear(long width = 24) {
  Random random("linear");
  Parts parts;
  parts.network.d_model = width;
  parts.network.sublayers.emplace_back(
      LinearSublayer{"m", Layout::out_in, Norm{"layer-norm", real("1e-5"), "gain", "shift"},
                     AffineMap{"map", "map_bias"}});
  const auto some = [&](std::vector<long> shape, double size) {
    std::vector<double> values(
        static_cast<std::size_t>(shape.front() * (shape.size() > 1 ? shape.back() : 1)));
    for (double& x : values) x = static_cast<float>(random.uniform(-size, size));
    return Tensor{std::move(shape), std::move(values)};
  };
  parts.tensors["map"] = some({width, width}, 1);
  parts.tensors["map_bias"] = some({width}, 2);
  parts.tensors["gain"] = some({width}, 2);
  parts.tensors["shift"] = some({width}, 1);
  return parts;
}

const LinearSublayer& layer_of(const Model& model) {
  return std::get<LinearSublayer>(model.network.sublayers.at(0));
}
const SelfHeads& heads_of(const Model& model) {
  return std::get<SelfHeads>(model.network.sublayers.at(0));
}

Affine map_of(const Model& model) {
  const long width = model.network.d_model;
  const LinearSublayer& layer = layer_of(model);
  return read_affine(model.weights, layer.map, layer.layout, width, width).value();
}

// [[M, 0], [b, 0], [0, 0]]: the map of [y, 1].
Affine map_of_heads(const Model& model) {
  const long width = model.network.d_model;
  const Matrix all =
      read_matrix(model.weights, heads_of(model).output, width + 2, width + 2).value();
  Affine map{Matrix(width, width), {}};
  for (long k = 0; k < width; ++k) {
    for (long i = 0; i < width; ++i) map.weight.at(k, i) = all.at(i, k);
    map.bias.push_back(all.at(width, k));
  }
  return map;
}

// Softmax over a token itself, times its row times 1, then the map with its column of ones.
Vector computed_by_heads(const RoundingMachine& m, const Model& model, const Vector& n) {
  Vector row = with_one(m.normed(n, norm_weights(model, heads_of(model).norm).value()));
  const double weight = m.softmax({0}).front();
  for (double& y : row) y = m.op(m.sum_op(weight * m.op(m.sum_op(y))));
  const Affine map = map_of_heads(model);
  Vector result;
  for (long k = 0; k < map.weight.rows; ++k) result.push_back(m.dot(stored_row(m, map, k), row));
  return result;
}

Rational error_of(const Model& model, bool converted, const Evaluation& machine,
                  const Inputs& inputs = computed(1)) {
  const auto bound = linear_rounding(model, converted, "m", inputs, machine);
  REQUIRE(outcome(bound) == "ok");
  CHECK(bound.value().size > 0);
  return bound.value().error;
}

}  // namespace

TEST_CASE("rule round-linear: computed maps and heads are not farther off than certified") {
  const Parts parts = linear();
  const Parts heads = converted_from(parts);
  std::string bytes;
  std::string more;
  const Model model = parts.model(bytes);
  const Model converted = heads.model(more);
  const NormWeights norm = norm_weights(model, layer_of(model).norm).value();
  const Affine map = map_of(model);
  const auto exact = [&](const Vector& n) { return exact_map(map, exact_normed(n, norm)); };
  for (Evaluation machine : evaluations()) {
    for (const bool subtract : {true, false}) {
      machine.max_subtraction = subtract;
      compare(
          "a linear map", machine, error_of(model, false, machine), map,
          [&](const auto& m, const Vector& n) { return computed_map(m, map, m.normed(n, norm)); },
          exact);
      compare(
          "a map as a head", machine, error_of(converted, true, machine), map,
          [&](const auto& m, const Vector& n) { return computed_by_heads(m, converted, n); },
          exact);
    }
  }
}

TEST_CASE("rule round-linear: the bound that is proved, and not a unit less") {
  Both both(linear());
  std::string bytes;
  std::string more;
  const Model model = both.original().model(bytes);
  const Model heads = both.converted().model(more);
  for (const bool converted : {false, true}) {
    for (const Inputs& inputs : {computed(real("1.01")), Inputs{Inputs::Kind::computed_box, 2}}) {
      const Rational bound = error_of(converted ? heads : model, converted, kSingle, inputs);
      const Rounding goal{"m", converted, inputs, kSingle, bound, {}};
      const auto outcome_of = [&](const Rounding& stated) {
        return both.check(computing(Rule::round_linear, stated, 64));
      };
      CHECK(outcome_of(goal) == "ok");
      Rounding other = goal;
      other.epsilon -= kUnit;
      CHECK(outcome_of(other) == name(ErrorCode::BoundExceeded));
      other = goal;
      other.layer = "nothing";
      CHECK(outcome_of(other) == name(ErrorCode::LayerMissing));
      const Step step = computing(Rule::round_linear, goal, 64);
      CHECK(both.check(step, {Instance{"m"}}) == name(ErrorCode::PremiseCount));
      CHECK(both.check(computing(Rule::round_mlp, goal, 64)) == name(ErrorCode::LayerKind));
      CHECK(both.check(structural(Rule::round_linear, goal)) ==
            name(ErrorCode::PrecisionOutOfRange));
      CHECK(both.check(computing(Rule::round_linear, Instance{"m"}, 64)) ==
            name(ErrorCode::ConclusionJudgement));
    }
  }
}

TEST_CASE("rule round-linear: worse machines, a bound by hand, overflow") {
  Parts one;
  one.network.d_model = 1;
  one.network.sublayers.emplace_back(
      LinearSublayer{"m", Layout::out_in, Norm{"none", 0, "", {}}, AffineMap{"map", {}}});
  one.tensors["map"] = {{1, 1}, {3}};
  const Parts head = converted_from(one);
  std::string bytes;
  std::string more;
  const Model model = one.model(bytes);
  const Model heads = head.model(more);
  const Inputs box{Inputs::Kind::computed_box, 1};
  const Evaluation machine = evaluation("fp32", "fp64");
  // 3 n, |n| <= 1, rounded twice; as a head also its value, its weight (thrice) and their product
  const Rational u = power_of_two(-24);
  const Rational before = error_of(model, false, machine, box);
  CHECK(before > 3 * 2 * u);
  CHECK(before < 3 * 2 * u * Rational(1001, 1000));
  const Rational after = error_of(heads, true, machine, box);
  CHECK(after > 3 * 7 * u);
  CHECK(after < 3 * 14 * u);
  for (const bool converted : {false, true}) {
    const Model& side = converted ? heads : model;
    const auto of = [&](const Evaluation& e, const Rational& size) {
      return outcome(linear_rounding(side, converted, "m", {Inputs::Kind::computed_box, size}, e));
    };
    CHECK(error_of(side, converted, evaluation("bf16", "fp32"), box) > 1000 * before);
    CHECK(of(evaluation("fp16", "fp32"), 20000) == "ok");
    CHECK(of(evaluation("fp16", "fp32"), 22000) == name(ErrorCode::RoundingOverflow));
    CHECK(of(evaluation("fp16", "fp32"), 70000) == name(ErrorCode::RoundingOverflow));
  }
  Evaluation masked = kSingle;
  masked.mask_constant = 103;
  masked.exp_zero = 104;
  CHECK(outcome(linear_rounding(heads, true, "m", box, masked)) == name(ErrorCode::MaskTooWeak));
  CHECK(outcome(linear_rounding(model, false, "m", box, masked)) == "ok");
}

TEST_CASE("rule round-total: audits of linear maps, from the first step to the last") {
  Both both(linear());
  std::string bytes;
  std::string more;
  const Model model = both.original().model(bytes);
  const Model heads = both.converted().model(more);
  for (const Evaluation& machine : evaluations()) {
    const auto audit = audit_conversion(model, heads, machine);
    REQUIRE(outcome(audit) == "ok");
    REQUIRE_FALSE(audit.value().layers.at(0).refusal);
    const Certificate& certificate = *audit.value().certificate;
    Kernel kernel(certificate.claim, both.subjects());
    for (const Step& step : certificate.steps) REQUIRE(outcome(kernel.check(step)) == "ok");
    CHECK(outcome(kernel.finish(certificate.end)) == "ok");
    Step total = certificate.steps.back();
    std::vector<Judgement> premises;
    for (const long premise : total.premises) {
      premises.push_back(certificate.steps[static_cast<std::size_t>(premise - 1)].conclusion);
    }
    CHECK(both.check(total, premises) == "ok");
    auto& claim = std::get<RoundingError>(total.conclusion).layers.at(0);
    claim.activation = claim.approximant = "silu";
    CHECK(both.check(total, premises) == name(ErrorCode::LayerFactsMismatch));
    claim.activation = claim.approximant = "";
    premises.at(0) = Instance{"other"};
    CHECK(both.check(total, premises) == name(ErrorCode::LayerMissing));
    premises.at(0) = Perturbation{"m", claim.inputs, 0};
    CHECK(both.check(total, premises) == name(ErrorCode::PremiseJudgement));
  }
}
