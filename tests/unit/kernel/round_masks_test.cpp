// Rules round-mlp, round-attention and round-total where masks are weights.
#include "attncert/prover/audit.hpp"
#include "unit/kernel/raised_sublayers.hpp"
#include "unit/kernel/rounding_adder.hpp"
#include "unit/kernel/rounding_comparison.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Rational kUnit = power_of_two(-90);
const Evaluation kSingle = evaluation("fp32", "fp32");
const Evaluation kDouble = evaluation("fp64", "fp64");
const Rational kOmega(503, 10);  // rounded in bf16, fp16 and tf32

// Omegas of fp64 that F32 has, too
Rational single(const Rational& omega) {
  return Rational(static_cast<double>(static_cast<float>(static_cast<double>(omega))));
}

class Masked : public Conversion {
public:
  explicit Masked(const Rational& omega = kOmega, const Gates& gates = one_gate("1.702"))
      : Conversion(adder_folder("adder-gelu"), gates, single(omega)) {}

  const TokenHeads& tokens() const {
    return *sublayer_named<TokenHeads>(converted().network, kAttention).value();
  }
  const NeuronHeads& neurons() const {
    return *sublayer_named<NeuronHeads>(converted().network, kMlp).value();
  }
};

Result<Rational> bound_of(const Model& model, const std::string& layer, const Evaluation& machine) {
  const auto bound = layer == kMlp
                         ? mlp_rounding(model, true, layer, computed(1), machine, 64)
                         : attention_rounding(model, true, layer, computed(1), machine, {}, 64);
  if (!bound) return bound.error();
  return bound.value().error;
}

// Up to six rows, and one of them at random: computed and exact.
template <class Computed, class Exact>
void compare_rows(const char* what, const Evaluation& machine, const Rational& bound,
                  const Affine& aim, Computed computed_by, Exact exact_by) {
  std::vector<Vector> rows;
  std::size_t at = 0;
  Random random(what);
  compare(
      what, machine, bound, aim,
      [&](const RoundingMachine& m, const Vector& n) {
        rows.push_back(n);
        if (rows.size() > 6) rows.erase(rows.begin());
        at = static_cast<std::size_t>(random.integer(0, static_cast<long>(rows.size()) - 1));
        return computed_by(m, rows, at, random.integer(0, 1) == 0);
      },
      [&](const Vector&) { return exact_by(rows, at); });
}

}  // namespace

TEST_CASE("rule round-attention: masks as weights, not farther off than certified") {
  for (const Rational& omega : {kOmega, Rational(20), Rational(100000)}) {
    const Masked masked(omega);
    const Model& model = masked.converted();
    const Affine aim = maps_of(model, masked.tokens()).key;
    for (const Evaluation& machine : evaluations()) {
      const auto bound = bound_of(model, kAttention, machine);
      if (machine.compute.name == "fp16" && omega == 100000) {
        CHECK(outcome(bound) == name(ErrorCode::RoundingOverflow));
        continue;
      }
      REQUIRE(outcome(bound) == "ok");
      compare_rows(
          "raised token heads", machine, bound.value(), aim,
          [&](const auto& m, const auto& rows, std::size_t i, bool within) {
            return computed_raised_attention(m, model, masked.tokens(), rows, i, within);
          },
          [&](const auto& rows, std::size_t i) {
            return exact_raised_attention(model, masked.tokens(), rows, i);
          });
    }
  }
}

TEST_CASE("rule round-mlp: masks as weights, not farther off than certified") {
  const Gates several{{"1.25", {{"1.702", "0.5"}}}, {"-0.25", {{"1", "-1"}}}};
  for (const auto& [gates, omega] :
       {std::pair(one_gate("1.702"), 24), std::pair(several, 24), std::pair(several, 4097)}) {
    const Masked masked(Rational(omega), gates);
    const Model& model = masked.converted();
    const Affine aim = rows_as_map(model, masked.neurons().query, masked.neurons().neurons);
    for (const Evaluation& machine : evaluations()) {
      const auto bound = bound_of(model, kMlp, machine);
      if (machine.compute.name == "bf16" || (omega > 24 && machine.compute.name != "fp32")) {
        CHECK(outcome(bound) == name(ErrorCode::RoundingUseless));
        continue;
      }
      REQUIRE(outcome(bound) == "ok");
      compare_rows(
          "raised neuron heads", machine, bound.value(), aim,
          [&](const auto& m, const auto& rows, std::size_t i, bool within) {
            return computed_raised_heads(m, model, masked.neurons(), rows, i, within);
          },
          [&](const auto& rows, std::size_t i) {
            return exact_raised_heads(model, masked.neurons(), rows, i);
          });
    }
  }
}

TEST_CASE("rounding with masks as weights: what a larger omega costs") {
  const Adder plain;
  for (const std::string& layer : {kMlp, kAttention}) {
    CAPTURE(layer);
    const auto at = [&](const Rational& omega, const Evaluation& machine) {
      const Masked masked(omega);
      const auto bound = bound_of(masked.converted(), layer, machine);
      REQUIRE(outcome(bound) == "ok");
      return bound.value();
    };
    const Rational base = bound_of(plain.converted(), layer, kSingle).value();
    CHECK(at(64, kSingle) > base);
    CHECK(at(4096, kSingle) > at(64, kSingle));
    CHECK(at(64, kDouble) < at(64, kSingle) / 100000);
    CHECK(at(kOmega, evaluation("fp16", "fp32")) > at(64, evaluation("fp16", "fp32")) / 2);
  }
  Evaluation shifted = kSingle;  // nothing is masked by a constant
  shifted.mask_constant = Rational(1);
  const Masked masked;
  for (const std::string& layer : {kMlp, kAttention}) {
    CHECK(bound_of(masked.converted(), layer, shifted).value() ==
          bound_of(masked.converted(), layer, kSingle).value());
  }
  Evaluation without = kSingle;
  without.max_subtraction = false;
  CHECK(outcome(bound_of(Masked(100).converted(), kMlp, without)) ==
        name(ErrorCode::RoundingOverflow));
  CHECK(outcome(bound_of(Masked(1000000).converted(), kMlp, evaluation("fp16", "fp32"))) ==
        name(ErrorCode::RoundingOverflow));
}

TEST_CASE("rounding with masks as weights: the bound that is proved, and not a unit less") {
  const Masked masked;
  for (const std::string& layer : {kMlp, kAttention}) {
    const Rule rule = layer == kMlp ? Rule::round_mlp : Rule::round_attention;
    const Rational bound = bound_of(masked.converted(), layer, kSingle).value();
    Rounding goal{layer, true, computed(1), kSingle, bound, {}};
    CHECK(masked.check(computing(rule, goal, 64)) == "ok");
    goal.epsilon -= kUnit;
    CHECK(masked.check(computing(rule, goal, 64)) == name(ErrorCode::BoundExceeded));
  }
}

namespace {

// The converted adder with some numbers of a tensor changed.
template <class Change>
Model with_tensor(const Masked& masked, const std::string& tensor, std::string& bytes,
                  Change change) {
  TensorMap tensors;
  for (const std::string& each : masked.converted().weights.names()) {
    const TensorFile& file = masked.converted().weights;
    tensors[each] = file.read(each, *file.shape_of(each)).value();
  }
  change(tensors.at(tensor));
  bytes = bytes_of(tensors);
  return {masked.converted().network, TensorFile::parse(bytes).value(), {}};
}

std::string with_number(const Masked& masked, const std::string& layer, const std::string& tensor,
                        long row, long column, double value) {
  std::string bytes;
  const Model model = with_tensor(masked, tensor, bytes, [&](Tensor& one) {
    one.values.at(static_cast<std::size_t>(row * one.columns() + column)) = value;
  });
  return outcome(bound_of(model, layer, kSingle));
}

}  // namespace

TEST_CASE("rounding with masks as weights: what must be 0, and what must be omega") {
  const Masked masked;
  const TokenHeads& tokens = masked.tokens();
  const NeuronHeads& neurons = masked.neurons();
  const long last = masked.converted().network.d_model + 1;
  const std::string mismatch = name(ErrorCode::InstanceMismatch);
  CHECK(with_number(masked, kAttention, tokens.query, 0, last, 0) == "ok");
  CHECK(with_number(masked, kAttention, tokens.key, 0, last, 1) == mismatch);
  CHECK(with_number(masked, kAttention, tokens.value, 1, last, 1) == mismatch);
  CHECK(with_number(masked, kMlp, neurons.value, 1, last, 1) == mismatch);
  CHECK(with_number(masked, kMlp, neurons.masks->query, 0, 0, 1) == mismatch);
  CHECK(with_number(masked, kMlp, neurons.masks->query, 0, 1, 1) == mismatch);
  CHECK(with_number(masked, kAttention, tokens.masks->query, 0, 1, 1) ==
        "ok");  // real arithmetic's
  Model rows = masked.converted();
  rows.network.input = std::monostate{};
  for (const std::string& layer : {kMlp, kAttention}) {
    CHECK(outcome(bound_of(rows, layer, kSingle)) == name(ErrorCode::LayerFactsMismatch));
  }
}

TEST_CASE("rule round-total: audits of masks as weights, from the first step to the last") {
  const Rational large(4000);
  const Masked masked(large);
  for (const Evaluation& machine : {kSingle, kDouble}) {
    const auto audit = audit_conversion(masked.original(), masked.converted(), machine);
    REQUIRE(outcome(audit) == "ok");
    for (const AuditedLayer& layer : audit.value().layers) {
      REQUIRE_MESSAGE(!layer.refusal, layer.refusal->message);
      CHECK(layer.claim.leak > 0);
    }
    const Certificate& certificate = *audit.value().certificate;
    Kernel kernel(certificate.claim, masked.subjects());
    for (const Step& step : certificate.steps) REQUIRE(outcome(kernel.check(step)) == "ok");
    CHECK(outcome(kernel.finish(certificate.end)) == "ok");
    const Step& total = certificate.steps.back();
    std::vector<Judgement> premises;
    for (const long premise : total.premises) {
      premises.push_back(certificate.steps[static_cast<std::size_t>(premise - 1)].conclusion);
    }
    CHECK(masked.check(total, premises) == "ok");
    const std::size_t layers = audit.value().layers.size();
    for (std::size_t i = 0; i < layers; ++i) {
      Step less = total;
      std::get<RoundingError>(less.conclusion).layers.at(i).leak -= kUnit;
      CHECK(masked.check(less, premises) == name(ErrorCode::PremiseTooWeak));
    }
    std::vector<Judgement> unleaked;
    for (const Judgement& one : premises) {
      if (!std::holds_alternative<MaskLeak>(one)) unleaked.push_back(one);
    }
    CHECK(masked.check(total, unleaked) == name(ErrorCode::PremiseTooWeak));
  }
}

TEST_CASE("audit: rows without a mask, and omegas below the scores, are found") {
  const Masked masked(4000);
  const std::string tensor = masked.tokens().masks->query;
  const auto verdict = [&](auto change, const std::string& layer) {
    std::string bytes;
    const Model model = with_tensor(masked, tensor, bytes, change);
    const auto audit = audit_conversion(masked.original(), model, kDouble, {{}, layer, {}});
    REQUIRE(outcome(audit) == "ok");
    const auto& refusal = audit.value().layers.at(0).refusal;
    return refusal ? name(refusal->code) : "ok";
  };
  const auto row = [](long i, double value) {
    return [=](Tensor& one) {
      std::fill_n(one.values.begin() + i * one.columns(), one.columns(), value);
    };
  };
  CHECK(verdict(row(0, 0), kAttention) == name(ErrorCode::MaskRowEmpty));
  CHECK(verdict(row(3, 4000), kAttention) == name(ErrorCode::MaskRowEmpty));
  CHECK(verdict(row(3, 0), kMlp) == "ok");
  const auto entry = [](std::size_t at, double value) {
    return [=](Tensor& one) { one.values.at(at) = value; };
  };
  CHECK(verdict(entry(0, 1), kAttention) == name(ErrorCode::MaskTooWeak));  // row 0 allows itself
  CHECK(verdict(entry(0, 3999), kAttention) == name(ErrorCode::InstanceMismatch));
  CHECK(verdict([](Tensor&) {}, kAttention) == "ok");
}
