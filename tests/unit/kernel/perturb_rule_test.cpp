#include <cmath>
#include <filesystem>
#include <random>

#include "attncert/kernel/perturbation.hpp"
#include "attncert/model/importer.hpp"
#include "attncert/model/reference.hpp"
#include "attncert/prover/layers.hpp"
#include "unit/kernel/transformer.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const std::string kAttention = "h.1.attn";
const std::string kMlp = "h.1.mlp";
const Rational kUnit = power_of_two(-80);

// A trained adder, its heads stored exactly and stored rounded.
class RoundedAdder {
public:
  explicit RoundedAdder(NumberType type) {
    const auto folder =
        std::filesystem::path(ATTNCERT_SOURCE_DIR) / "certificates" / "models" / "adder-gelu";
    auto loaded = load_model(folder);
    REQUIRE(loaded);
    loaded_ = std::move(loaded).value();
    exact_ = convert({}, exact_bytes_);
    rounded_ = convert(type, rounded_bytes_);
  }

  const Model& original() const { return loaded_.model; }
  const Model& exact() const { return exact_; }
  const Model& rounded() const { return rounded_; }
  Model& rounded() { return rounded_; }

  Result<Rational> bound(const std::string& layer, Inputs inputs = {}) const {
    return perturbation_of(original(), rounded_, layer, inputs, 64);
  }
  std::string check(const Step& step, const std::vector<Judgement>& premises = {}) const {
    Context context(Subjects{original(), rounded_, {}});
    return outcome(check_step(context, step, premises));
  }

private:
  Model convert(std::optional<NumberType> type, std::string& bytes) const {
    auto planned = plan_conversion(
        original(),
        [](const MlpSublayer&) {
          return Result<Gates>(Gates{{"1.25", {{"1.702", "0"}}}, {"-0.25", {{"1", "0.5"}}}});
        },
        every_sublayer);
    REQUIRE(planned);
    if (type) plan_rounding(*type, planned.value());
    bytes = bytes_of(planned.value().tensors);
    auto file = TensorFile::parse(bytes);
    REQUIRE(file);
    return {std::move(planned.value().network),
            std::move(file).value(),
            {std::string(64, 'c'), std::string(64, 'd')}};
  }

  LoadedModel loaded_;
  std::string exact_bytes_;
  std::string rounded_bytes_;
  Model exact_;
  Model rounded_;
};

Step perturb(const std::string& layer, const Rational& epsilon, Inputs inputs = {}) {
  return computing(Rule::perturb, Perturbation{layer, std::move(inputs), epsilon}, 64);
}

// The largest difference between two models' updates of random streams.
double largest_move(const Model& a, const Model& b, const std::string& layer) {
  const auto before = ReferenceModel::make(a);
  const auto after = ReferenceModel::make(b);
  REQUIRE(before);
  REQUIRE(after);
  const Sublayer* sublayer = nullptr;
  for (const Sublayer& one : a.network.sublayers) {
    if (name_of(one) == layer) sublayer = &one;
  }
  REQUIRE(sublayer != nullptr);
  std::mt19937 engine(11);
  std::normal_distribution<double> normal;
  double largest = 0;
  for (int n = 0; n < 60; ++n) {
    Matrix stream(6, a.network.d_model);
    for (double& value : stream.values) value = normal(engine);
    const auto x = before.value().sublayer_update(*sublayer, stream);
    const auto y = after.value().sublayer_update(*sublayer, stream);
    REQUIRE(x);
    REQUIRE(y);
    for (std::size_t i = 0; i < x.value().values.size(); ++i) {
      largest = std::max(largest, std::fabs(x.value().values[i] - y.value().values[i]));
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("rule perturb: the bound that is proved, and not a unit less") {
  for (const NumberType type : {NumberType::bf16, NumberType::f16}) {
    const RoundedAdder adder(type);
    for (const std::string& layer : {kAttention, kMlp}) {
      CAPTURE(layer);
      const auto bound = adder.bound(layer);
      REQUIRE(bound);
      CHECK(adder.check(perturb(layer, bound.value())) == "ok");
      CHECK(adder.check(perturb(layer, Rational(bound.value() - kUnit))) ==
            name(ErrorCode::BoundExceeded));
      CHECK(adder.check(structural(Rule::instance, Instance{layer})) ==
            name(ErrorCode::InstanceMismatch));
    }
  }
}

TEST_CASE("rule perturb: no input moves an output farther, and some come near") {
  for (const NumberType type : {NumberType::bf16, NumberType::f16}) {
    const RoundedAdder adder(type);
    for (const std::string& layer : {kAttention, kMlp}) {
      CAPTURE(layer);
      const auto bound = static_cast<double>(adder.bound(layer).value());
      const double seen = largest_move(adder.exact(), adder.rounded(), layer);
      CHECK(seen <= bound);
      CHECK(seen >= bound / 5000);
    }
  }
}

TEST_CASE("rule perturb: weights stored exactly move nothing") {
  const RoundedAdder adder(NumberType::f32);
  for (const std::string& layer : {kAttention, kMlp}) {
    CHECK(adder.bound(layer).value() < power_of_ten(-100));
    CHECK(adder.check(perturb(layer, power_of_ten(-100))) == "ok");
    CHECK(adder.check(structural(Rule::instance, Instance{layer})) == "ok");
  }
}

TEST_CASE("rule perturb: what it refuses") {
  const RoundedAdder adder(NumberType::bf16);
  CHECK(adder.check(perturb("nothing", 1)) == name(ErrorCode::LayerMissing));
  CHECK(adder.check(perturb(kMlp, 1000), {Instance{kMlp}}) == name(ErrorCode::PremiseCount));
  CHECK(adder.check(computing(Rule::perturb, Instance{kMlp}, 64)) ==
        name(ErrorCode::ConclusionJudgement));
  CHECK(adder.check(structural(Rule::perturb, Perturbation{kMlp, {}, 1000})) ==
        name(ErrorCode::PrecisionOutOfRange));
  const auto with = [](auto change, long epsilon = 1000) {
    RoundedAdder other(NumberType::bf16);
    for (Sublayer& sublayer : other.rounded().network.sublayers) {
      if (auto* heads = std::get_if<NeuronHeads>(&sublayer)) change(*heads);
    }
    return other.check(perturb(kMlp, epsilon));
  };
  CHECK(with([](NeuronHeads& h) { h.gated = true; }) == name(ErrorCode::LayerFactsMismatch));
  CHECK(with([](NeuronHeads& h) { h.neurons -= 1; }) == name(ErrorCode::LayerFactsMismatch));
  CHECK(with([](NeuronHeads& h) {
          h.masks = MaskWeights{64, h.query};
        }) == name(ErrorCode::LayerFactsMismatch));
  CHECK(with([](NeuronHeads& h) { h.bias_output.reset(); }) == name(ErrorCode::LayerFactsMismatch));
  CHECK(with([](NeuronHeads& h) { h.norm.epsilon = 1; }) == name(ErrorCode::LayerFactsMismatch));
  CHECK(with([](NeuronHeads& h) { h.value = h.output; }, 1) == name(ErrorCode::BoundExceeded));
  CHECK(with([](NeuronHeads& h) { h.gates.front().coefficient = "(log 2)"; }) ==
        name(ErrorCode::NumberSyntax));
}

TEST_CASE("rules lift and every-layer: a perturbation in place of an instance") {
  const RoundedAdder adder(NumberType::bf16);
  const auto proof = certify_layers(adder.original(), adder.rounded(), {});
  REQUIRE(proof);
  const auto& claim = std::get<ConversionError>(proof.value().certificate.claim);
  CHECK(claim.rounded.size() == 2);
  CHECK(claim.layers.size() == 2);
  Kernel kernel(proof.value().certificate.claim, Subjects{adder.original(), adder.rounded(), {}});
  for (const Step& step : proof.value().certificate.steps)
    REQUIRE(outcome(kernel.check(step)) == "ok");
  CHECK(outcome(kernel.finish(proof.value().certificate.end)) == "ok");
  for (const Step& step : proof.value().certificate.steps) {
    if (step.rule != Rule::every_layer) continue;
    std::vector<Judgement> premises;
    for (const long premise : step.premises) {
      premises.push_back(
          proof.value().certificate.steps[static_cast<std::size_t>(premise - 1)].conclusion);
    }
    CHECK(adder.check(step, premises) == "ok");
    Step edited = step;
    auto& goal = std::get<ConversionError>(edited.conclusion);
    goal.rounded.front().epsilon -= kUnit;
    CHECK(adder.check(edited, premises) == name(ErrorCode::PremiseTooWeak));
    goal = claim;
    goal.rounded.pop_back();
    CHECK(adder.check(edited, premises) == name(ErrorCode::LayerMissing));
    goal = claim;
    std::swap(goal.rounded[0], goal.rounded[1]);
    CHECK(adder.check(edited, premises) == name(ErrorCode::LayerMissing));
    goal = claim;
    auto others = premises;
    for (Judgement& one : others) {
      if (auto* moved = std::get_if<Perturbation>(&one)) moved->inputs = box_of(3);
    }
    CHECK(adder.check(edited, others) == name(ErrorCode::PremiseTooWeak));
  }
}
