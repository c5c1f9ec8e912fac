// Rules round-mlp, round-attention and round-total: what they accept, and what they refuse.
#include "attncert/prover/audit.hpp"
#include "unit/kernel/rounding_adder.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Rational kUnit = power_of_two(-90);

Step rounding(Rule rule, Rounding goal) { return computing(rule, std::move(goal), 64); }

Result<Rational> bound_of(const Model& model, bool converted, const std::string& layer,
                          const Evaluation& machine, const Inputs& inputs = computed(1)) {
  const auto bound = layer == kMlp || layer == "m"
                         ? mlp_rounding(model, converted, layer, inputs, machine, 64)
                         : attention_rounding(model, converted, layer, inputs, machine, {}, 64);
  if (!bound) return bound.error();
  CHECK(bound.value().size > 0);
  return bound.value().error;
}

// The outcome for the tiny MLP of 3 coordinates after some change.
template <class Change>
std::string tiny(const Evaluation& machine, Change change, const Inputs& inputs = computed(1)) {
  Parts parts = tiny_original();
  change(parts);
  std::string bytes;
  return outcome(bound_of(parts.model(bytes), false, "m", machine, inputs));
}

template <class Change>
Rational tiny_bound(const Evaluation& machine, Change change, const Inputs& inputs = computed(1)) {
  Parts parts = tiny_original();
  change(parts);
  std::string bytes;
  const auto bound = bound_of(parts.model(bytes), false, "m", machine, inputs);
  REQUIRE(outcome(bound) == "ok");
  return bound.value();
}

const auto kUnchanged = [](Parts&) {};
const Evaluation kSingle = evaluation("fp32", "fp32");

}  // namespace

TEST_CASE("rules round-mlp, round-attention: the bound that is proved, and not a unit less") {
  const Adder adder;
  for (const bool converted : {false, true}) {
    for (const std::string& layer : {kMlp, kAttention}) {
      CAPTURE(layer);
      CAPTURE(converted);
      const Model& model = converted ? adder.converted() : adder.original();
      const Rule rule = layer == kMlp ? Rule::round_mlp : Rule::round_attention;
      const Rule other = layer == kMlp ? Rule::round_attention : Rule::round_mlp;
      for (const Inputs& inputs :
           {computed(real("1.01")), Inputs{Inputs::Kind::computed_box, Rational(2)}}) {
        const auto bound = bound_of(model, converted, layer, kSingle, inputs);
        REQUIRE(outcome(bound) == "ok");
        const Rounding goal{layer, converted, inputs, kSingle, bound.value(), {}};
        CHECK(adder.check(rounding(rule, goal)) == "ok");
        Rounding less = goal;
        less.epsilon -= kUnit;
        CHECK(adder.check(rounding(rule, less)) == name(ErrorCode::BoundExceeded));
        CHECK(adder.check(rounding(rule, goal), {Instance{layer}}) ==
              name(ErrorCode::PremiseCount));
        CHECK(adder.check(rounding(other, goal)) == name(ErrorCode::LayerKind));
        CHECK(adder.check(structural(rule, goal)) == name(ErrorCode::PrecisionOutOfRange));
        CHECK(adder.check(computing(rule, Instance{layer}, 64)) ==
              name(ErrorCode::ConclusionJudgement));
        Rounding elsewhere = goal;
        elsewhere.layer = "nothing";
        CHECK(adder.check(rounding(rule, elsewhere)) == name(ErrorCode::LayerMissing));
      }
    }
  }
}

TEST_CASE("rounding: worse machines have larger bounds") {
  const Adder adder;
  for (const bool converted : {false, true}) {
    const Model& model = converted ? adder.converted() : adder.original();
    for (const std::string& layer : {kMlp, kAttention}) {
      const auto at = [&](const Evaluation& machine, const Rational& size = 1) {
        const auto bound = bound_of(model, converted, layer, machine, computed(size));
        REQUIRE(outcome(bound) == "ok");
        return bound.value();
      };
      const Rational base = at(kSingle);
      CHECK(base > 0);
      CHECK(at(kSingle, real("1.001")) > base);
      CHECK(at(evaluation("fp32", "fp32", "pairwise")) < base);
      CHECK(at(evaluation("fp32", "fp32", "blocks:8")) < base);
      CHECK(at(evaluation("fp32", "fp64")) < base);
      CHECK(at(evaluation("fp64", "fp64")) < base / 100000000);
      CHECK(at(evaluation("fp16", "fp32", "any", Underflow::flush)) >
            at(evaluation("fp16", "fp32")));
      CHECK(at(evaluation("bf16", "fp32")) > 1000 * base);
      Evaluation stored = kSingle;
      stored.storage = format_named("bf16").value();
      CHECK(at(stored) > 1000 * base);
      if (converted || layer == kAttention) {
        Evaluation exponentials = kSingle;
        exponentials.exp_ulp = 100;
        CHECK(at(exponentials) > base);
        Evaluation quotients = kSingle;
        quotients.division_ulp = 100;
        CHECK(at(quotients) > base);
      } else {
        Evaluation activations = kSingle;
        activations.activation_error = 100;
        CHECK(at(activations) > base);
      }
    }
  }
}

TEST_CASE("rounding: a bound by hand") {
  // one neuron z = 2 n, out = 3 relu(z), |n| <= 1, in fp32 with fp64 sums and no underflow to speak of
  Parts parts;
  parts.network.d_model = 1;
  parts.network.sublayers.emplace_back(MlpSublayer{"m", Layout::out_in, 1, "relu",
                                                   Norm{"none", 0, "", {}}, AffineMap{"in", {}},
                                                   AffineMap{"out", {}}, std::nullopt});
  parts.tensors["in"] = {{1, 1}, {2}};
  parts.tensors["out"] = {{1, 1}, {3}};
  std::string bytes;
  const Model model = parts.model(bytes);
  Evaluation machine = evaluation("fp32", "fp64");
  machine.activation_error = 0;
  const auto bound = bound_of(model, false, "m", machine, {Inputs::Kind::computed_box, 1});
  REQUIRE(outcome(bound) == "ok");
  // |z| <= 2, off by 2 u twice; 3 |z| off by 2 u twice more: 3 (2) 4 u
  const Rational expected = 24 * power_of_two(-24);
  CHECK(bound.value() > expected);
  CHECK(bound.value() < expected * Rational(1001, 1000));
}

TEST_CASE("rounding: storage that has every number adds nothing") {
  Evaluation half = kSingle;
  half.storage = format_named("fp16").value();
  const auto exact = [](Parts& parts) {
    for (auto& [name, tensor] : parts.tensors) {
      for (double& x : tensor.values) x = std::ldexp(std::nearbyint(std::ldexp(x, 3)), -3);
    }
  };
  CHECK(tiny_bound(half, exact) == tiny_bound(kSingle, exact));
  const auto one_off = [&](Parts& parts) {
    exact(parts);
    parts.tensors["out"].values[0] = 1 + 0x1p-20;
  };
  CHECK(tiny_bound(half, one_off) > 100 * tiny_bound(kSingle, one_off));
  const auto subnormal = [&](Parts& parts) {
    exact(parts);
    parts.tensors["in"].values[0] = 0x1p-24;  // a number of fp16
  };
  CHECK(tiny_bound(half, subnormal) == tiny_bound(kSingle, subnormal));
  const auto below = [&](Parts& parts) {
    exact(parts);
    parts.tensors["in"].values[0] = 0x1p-25;
  };
  CHECK(tiny_bound(half, below) > tiny_bound(kSingle, below));
}

TEST_CASE("rounding: useless bounds and overflow are refused by name") {
  const Adder adder;
  const auto of = [&](const Evaluation& machine, const std::string& layer = kMlp) {
    return outcome(bound_of(adder.original(), false, layer, machine));
  };
  CHECK(of(evaluation("bf16", "bf16")) == name(ErrorCode::RoundingUseless));
  for (const long size : {1L, 2L}) {  // outputs reach 170 and 340; the largest number is 448
    CHECK(outcome(bound_of(adder.original(), false, kMlp, evaluation("e4m3", "fp32"),
                           computed(size))) ==
          (size == 1 ? "ok" : name(ErrorCode::RoundingOverflow)));
  }
  CHECK(of(evaluation("e5m2", "fp32", "pairwise"), kAttention) == name(ErrorCode::RoundingUseless));
  const auto large = [](Parts& parts) { parts.tensors["in"].values[0] = 60000; };
  CHECK(tiny(evaluation("fp16", "fp32"), large) == name(ErrorCode::RoundingOverflow));
  CHECK(tiny(evaluation("bf16", "fp32"), large) == "ok");
  const auto larger = [](Parts& parts) { parts.tensors["in"].values[0] = 70000; };
  CHECK(tiny(evaluation("fp16", "fp32"), larger) == name(ErrorCode::RoundingOverflow));
  const auto vast = [](Parts& parts) { parts.tensors["gain"].values[0] = 0x1p1000; };
  CHECK(tiny(evaluation("fp64", "fp64"), vast, computed(real("1e300"))) ==
        name(ErrorCode::RoundingOverflow));
  const auto square = [](Parts& parts) { parts.mlp().activation = "(* x x)"; };
  CHECK(tiny(evaluation("fp16", "fp32"), square) == "ok");
  CHECK(tiny(evaluation("fp16", "fp32"), square, computed(100)) ==
        name(ErrorCode::RoundingOverflow));
  CHECK(tiny(kSingle, kUnchanged) == "ok");
}

TEST_CASE("rounding: softmax without max-subtraction, and masks by a constant") {
  const Adder adder;
  const auto of = [&](const Evaluation& machine, const std::string& layer, bool converted) {
    return outcome(
        bound_of(converted ? adder.converted() : adder.original(), converted, layer, machine));
  };
  Evaluation plain = evaluation("fp16", "fp32");
  plain.max_subtraction = false;
  CHECK(of(plain, kMlp, true) == name(ErrorCode::RoundingOverflow));
  CHECK(of(plain, kMlp, false) == "ok");  // no exponentials
  for (const bool converted : {false, true}) {
    Evaluation masked = kSingle;
    masked.mask_constant = Rational(100000);
    CHECK(of(masked, kAttention, converted) == name(ErrorCode::MaskTooWeak));
    masked.exp_zero = Rational(104);
    CHECK(of(masked, kAttention, converted) == "ok");
    masked.mask_constant = Rational(110);
    CHECK(of(masked, kAttention, converted) == name(ErrorCode::MaskTooWeak));
    masked.mask_constant = largest_finite(kSingle.compute);  // the score comes on top
    CHECK(of(masked, kAttention, converted) == name(ErrorCode::RoundingOverflow));
    masked.mask_constant = power_of_two(128);
    CHECK(of(masked, kAttention, converted) == name(ErrorCode::RoundingOverflow));
  }
  Evaluation masked = kSingle;
  masked.mask_constant = Rational(103);
  masked.exp_zero = Rational(104);
  CHECK(of(masked, kMlp, true) == name(ErrorCode::MaskTooWeak));
  masked.mask_constant = Rational(105);
  CHECK(of(masked, kMlp, true) == "ok");
  masked.mask_constant = largest_finite(kSingle.compute);
  CHECK(of(masked, kMlp, true) == name(ErrorCode::RoundingOverflow));
}

TEST_CASE("rounding: sublayers that are not supported") {
  const auto gated = [](Parts& parts) { parts.mlp().gate = AffineMap{"in", {}}; };
  CHECK(tiny(kSingle, gated) == name(ErrorCode::RoundingUnsupported));
  const Adder words({}, Gates{{"(log 2)", {{"1", "0"}}}});
  CHECK(outcome(bound_of(words.converted(), true, kMlp, kSingle)) == name(ErrorCode::NumberSyntax));
  const auto undefined = [](Parts& parts) { parts.mlp().activation = "(log x)"; };
  CHECK(tiny(kSingle, undefined) == name(ErrorCode::LogOfNonPositive));
}

TEST_CASE("rounding: how many tokens") {
  const Adder adder;
  Model rows = adder.original();
  rows.network.input = std::monostate{};
  const auto of = [&](const Model& model, std::optional<long> tokens) {
    return attention_rounding(model, false, kAttention, computed(1), kSingle, tokens, 64);
  };
  CHECK(outcome(of(rows, {})) == name(ErrorCode::LayerFactsMismatch));
  const auto context = context_of(adder.original().network);
  REQUIRE(context);
  const Rational bound = of(adder.original(), {}).value().error;
  CHECK(of(rows, *context).value().error == bound);
  CHECK(of(rows, *context + 1).value().error > bound);
  CHECK(of(adder.original(), *context - 1).value().error < bound);
  CHECK(outcome(of(rows, 10000000)) == name(ErrorCode::RoundingUseless));
}

TEST_CASE("computed radius: the least size of computed normalised rows") {
  const Norm layer{"layer-norm", real("1e-5"), "w", {}};
  const auto radius = computed_radius(layer, 768, kSingle);
  REQUIRE(outcome(radius) == "ok");
  CHECK(radius.value() > 1 + 384 * power_of_two(-24));
  CHECK(radius.value() < 1 + 400 * power_of_two(-24));
  CHECK(computed_radius(layer, 768, evaluation("fp32", "fp32", "pairwise")).value() <
        radius.value());
  const auto of = [](const char* kind, const char* epsilon, const Evaluation& machine) {
    return outcome(computed_radius({kind, real(epsilon), "w", {}}, 768, machine));
  };
  CHECK(of("rms-norm", "1e-6", kSingle) == "ok");
  CHECK(of("mean-norm", "0", kSingle) == name(ErrorCode::EnclosureUnbounded));
  CHECK(of("none", "0", kSingle) == name(ErrorCode::EnclosureUnbounded));
  Evaluation other = kSingle;
  other.norm = NormPasses::one;
  CHECK(of("layer-norm", "1e-5", other) == name(ErrorCode::EnclosureUnbounded));
  CHECK(of("rms-norm", "1e-5", other) == "ok");  // one pass is all there is
  other = kSingle;
  other.division_ulp = 4;
  CHECK(computed_radius(layer, 768, other).value() > radius.value());
  other.division_ulp = 1 << 22;
  CHECK(of("layer-norm", "1e-5", other) == name(ErrorCode::RoundingUseless));
  CHECK(of("layer-norm", "1e-5", evaluation("bf16", "bf16")) == name(ErrorCode::RoundingUseless));
  CHECK(of("layer-norm", "1e-5", evaluation("fp16", "fp32")) == "ok");
  CHECK(of("layer-norm", "1e-5", evaluation("fp16", "fp32", "any", Underflow::flush)) ==
        name(ErrorCode::RoundingUseless));
  CHECK(of("layer-norm", "1e-40", kSingle) == "ok");
  CHECK(of("layer-norm", "1e-46", kSingle) == name(ErrorCode::RoundingUseless));
}

namespace {

// An audit's last step, which tests may change, with its premises.
struct Total {
  explicit Total(const Adder& given, const Evaluation& machine = kSingle) : adder(given) {
    const auto made = audit_conversion(adder.original(), adder.converted(), machine);
    REQUIRE(outcome(made) == "ok");
    for (const AuditedLayer& layer : made.value().layers) REQUIRE_FALSE(layer.refusal);
    certificate = *made.value().certificate;
    step = certificate.steps.back();
    REQUIRE(step.rule == Rule::round_total);
    for (const long premise : step.premises) {
      premises.push_back(certificate.steps[static_cast<std::size_t>(premise - 1)].conclusion);
    }
  }

  RoundingError& goal() { return std::get<RoundingError>(step.conclusion); }
  RoundingClaim& layer(const std::string& name) {
    for (RoundingClaim& one : goal().layers) {
      if (one.name == name) return one;
    }
    FAIL("no such layer");
    return goal().layers.front();
  }
  std::string check() const { return adder.check(step, premises); }

  const Adder& adder;
  Certificate certificate;
  Step step;
  std::vector<Judgement> premises;
};

template <class Change>
std::string changed(const Adder& adder, Change change) {
  Total total(adder);
  change(total);
  return total.check();
}

}  // namespace

TEST_CASE("rule round-total: audits are accepted from the first step to the last") {
  const Evaluation machines[] = {kSingle, evaluation("bf16", "fp32", "blocks:16"),
                                 evaluation("fp16", "fp32")};
  for (const auto type : {std::optional<NumberType>(), std::optional(NumberType::bf16)}) {
    const Adder adder(type);
    for (const Evaluation& machine : machines) {
      const Total total(adder, machine);
      Kernel kernel(total.certificate.claim, adder.subjects());
      for (const Step& step : total.certificate.steps) REQUIRE(outcome(kernel.check(step)) == "ok");
      CHECK(outcome(kernel.finish(total.certificate.end)) == "ok");
      CHECK(std::get<RoundingError>(total.certificate.claim).layers.size() == 4);
    }
  }
}

TEST_CASE("rule round-total: shares below their premises, and other facts") {
  const Adder adder(NumberType::bf16);
  const std::string weak = name(ErrorCode::PremiseTooWeak);
  const std::string facts = name(ErrorCode::LayerFactsMismatch);
  CHECK(changed(adder, [](Total&) {}) == "ok");
  for (const std::string& layer : {kMlp, kAttention}) {
    for (const auto share : {&RoundingClaim::weights, &RoundingClaim::original_rounding,
                             &RoundingClaim::converted_rounding}) {
      CHECK(changed(adder, [&](Total& t) { t.layer(layer).*share -= kUnit; }) == weak);
    }
    CHECK(changed(adder, [&](Total& t) {
            RoundingClaim& one = t.layer(layer);
            one.epsilon = one.approximation + one.weights + one.original_rounding +
                          one.converted_rounding - kUnit;
          }) == weak);
    CHECK(changed(adder, [&](Total& t) { t.layer(layer).norm = "rms-norm"; }) == facts);
    CHECK(changed(adder, [&](Total& t) { t.layer(layer).norm_epsilon *= 2; }) == facts);
    CHECK(changed(adder, [&](Total& t) { t.layer(layer).activation = "relu"; }) == facts);
    CHECK(changed(adder, [&](Total& t) { t.layer(layer).name = "other"; }) ==
          name(ErrorCode::LayerMissing));
    CHECK(changed(adder, [&](Total& t) { t.layer(layer).inputs.size += 1; }) ==
          name(ErrorCode::LayerMissing));
    CHECK(changed(adder, [&](Total& t) { t.layer(layer).inputs.size = 1; }) ==
          name(ErrorCode::RangeExceeded));
  }
  CHECK(changed(adder, [](Total& t) { t.layer(kMlp).approximation -= kUnit; }) == weak);
  CHECK(changed(adder, [](Total& t) { t.layer(kMlp).approximant = "silu"; }) == facts);
  CHECK(changed(adder, [](Total& t) { t.goal().original.weights = std::string(64, '0'); }) ==
        name(ErrorCode::SubjectMismatch));
  CHECK(changed(adder, [](Total& t) { t.goal().evaluation.exp_ulp = 2; }) == weak);
  CHECK(changed(adder, [](Total& t) { t.layer(kAttention).tokens = 7; }) == weak);
}

TEST_CASE("rule round-total: which premises") {
  const Adder adder;
  const std::string count = name(ErrorCode::PremiseCount);
  const std::string missing = name(ErrorCode::LayerMissing);
  CHECK(changed(adder, [](Total& t) { t.premises.pop_back(); }) == count);
  CHECK(changed(adder, [](Total& t) { t.premises.push_back(t.premises.back()); }) == count);
  CHECK(changed(adder, [](Total& t) { t.goal().layers.pop_back(); }) == count);
  CHECK(changed(adder, [](Total& t) { t.goal().layers.push_back(t.goal().layers.front()); }) ==
        missing);
  CHECK(changed(adder, [](Total& t) { std::swap(t.premises[1], t.premises[2]); }) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(changed(adder, [](Total& t) { t.premises[0] = t.premises[1]; }) ==
        name(ErrorCode::PremiseJudgement));
  CHECK(changed(adder, [](Total& t) {
          for (Judgement& one : t.premises) {
            if (auto* error = std::get_if<LayerError>(&one)) error->exact_masks = true;
          }
        }) == name(ErrorCode::PremiseTooWeak));
  CHECK(changed(adder, [](Total& t) {
          for (Judgement& one : t.premises) {
            if (auto* moved = std::get_if<Rounding>(&one)) moved->inputs.size -= kUnit;
          }
        }) == missing);
  CHECK(changed(adder, [](Total& t) { t.step.conclusion = Instance{kMlp}; }) ==
        name(ErrorCode::ConclusionJudgement));
  CHECK(checked(Total(adder).step) == name(ErrorCode::SubjectMissing));
}
