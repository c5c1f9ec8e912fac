#include "attncert/kernel/computed_model.hpp"

#include "unit/evaluations.hpp"
#include "unit/kernel/float_machine.hpp"
#include "unit/kernel/tiny_model.hpp"
#include "unit/kernel/transformer.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

// The largest distance of a machine's outputs from the middle of the enclosure, relative to its radius.
double worst(const Rows& computed, const Enclosure<Wide>& certified) {
  double ratio = 0;
  for (long i = 0; i < certified.rows(); ++i) {
    for (long k = 0; k < certified.columns(); ++k) {
      const Ball<Wide> ball = certified.at(i, k);
      const float value = computed[static_cast<std::size_t>(i)][static_cast<std::size_t>(k)];
      ratio = std::max(ratio, magnitude(ball.mid - value) / ball.rad);
    }
  }
  return ratio;
}

}  // namespace

TEST_CASE("computed model: what an fp32 machine computes, in whatever order, is enclosed") {
  const std::vector<long> sum{4, 7, 5, 1, 8, 9};
  for (const std::string name : {"adder-gelu", "adder-gelu/heads", "adder-silu", "adder-silu/heads",
                                 "adder-relu", "adder-relu/heads"}) {
    CAPTURE(name);
    const LoadedModel model = load_model(adder_folder(name)).value();
    const auto certified = ComputedModel::make(model.model, evaluation_in("fp32")).value();
    const ComputedOutputs outputs = certified.run_tokens(sum).value();
    const RigorousModel exact = RigorousModel::make(model.model).value();
    const Enclosure<Wide> real = exact.run_tokens(sum).value();
    double ratio = 0;
    double largest = 0;
    for (unsigned seed = 0; seed < 6; ++seed) {
      ratio = std::max(ratio, worst(FloatMachine(model.model, seed).run(sum), outputs.outputs));
      largest =
          std::max(largest, worst(FloatMachine(model.model, seed, true).run(sum), outputs.outputs));
    }
    MESSAGE(name << ": measured/certified " << ratio << ", sums at their worst " << largest);
    CHECK(ratio <= 1);
    CHECK(largest <= 1);
    CHECK(ratio > 1e-6);  // some rounding was measured
    CHECK(largest > ratio);
    for (long i = 0; i < real.rows(); ++i) {
      for (long k = 0; k < real.columns(); ++k) {
        const Ball<Wide> ball = outputs.outputs.at(i, k);
        CHECK(magnitude(ball.mid - real.at(i, k).mid) <= ball.rad + real.at(i, k).rad);
        CHECK(ball.rad < 1);
      }
    }
  }
}

TEST_CASE("computed model: plain softmax, and masked scores lowered by a constant") {
  const std::vector<long> sum{4, 7, 5, 1, 8, 9};
  Evaluation plain = evaluation_in("fp32");
  plain.max_subtraction = false;
  Evaluation lowered = evaluation_in("fp32");
  lowered.mask_constant = 1000000;
  lowered.exp_zero = 104;
  for (const std::string name : {"adder-gelu", "adder-silu/heads"}) {
    CAPTURE(name);
    const LoadedModel model = load_model(adder_folder(name)).value();
    for (const Evaluation& evaluation : {plain, lowered}) {
      const auto certified = ComputedModel::make(model.model, evaluation).value();
      const ComputedOutputs outputs = certified.run_tokens(sum).value();
      double largest = 0;
      for (unsigned seed = 0; seed < 4; ++seed) {
        FloatMachine machine(model.model, seed, seed % 2 == 0);
        machine.plain = !evaluation.max_subtraction;
        if (evaluation.mask_constant) machine.mask_constant = 1e6F;
        largest = std::max(largest, worst(machine.run(sum), outputs.outputs));
      }
      CHECK(largest <= 1);
      CHECK(largest > 1e-3);
    }
    Evaluation weak = lowered;
    weak.mask_constant = 110;
    const auto masked = ComputedModel::make(model.model, weak).value();
    CHECK(outcome(masked.run_tokens(sum)) == attncert::testing::name(ErrorCode::MaskTooWeak));
    weak = lowered;
    weak.exp_zero.reset();
    const auto positive = ComputedModel::make(model.model, weak).value();
    CHECK(outcome(positive.run_tokens(sum)) == attncert::testing::name(ErrorCode::MaskTooWeak));
  }
  // steep heads' exponentials are beyond fp32 without max-subtraction
  const LoadedModel steep = load_model(adder_folder("adder-relu/heads")).value();
  const auto certified = ComputedModel::make(steep.model, plain).value();
  CHECK(outcome(certified.run_tokens(sum)) == name(ErrorCode::RoundingOverflow));
}

TEST_CASE("computed model: in fp64 enclosures are narrow, in bf16 nothing is known") {
  const Transformer t;
  for (const Model* model : {&t.original(), &t.converted()}) {
    const auto fine = ComputedModel::make(*model, evaluation_in("fp64")).value();
    const auto exact = RigorousModel::make(*model).value();
    const ComputedOutputs outputs = fine.run_tokens({3, 4, 0}).value();
    const Enclosure<Wide> real = exact.run_tokens({3, 4, 0}).value();
    REQUIRE(outputs.winners.size() == 3);
    for (long i = 0; i < real.rows(); ++i) {
      CHECK(outputs.winners[static_cast<std::size_t>(i)] >= 0);
      for (long k = 0; k < real.columns(); ++k) {
        const Ball<Wide> ball = outputs.outputs.at(i, k);
        CHECK(magnitude(ball.mid - real.at(i, k).mid) <= ball.rad + real.at(i, k).rad);
        CHECK(ball.rad < 1e-8);
        CHECK(ball.rad > 0);
      }
    }
    CHECK(outcome(fine.run_tokens({})) == name(ErrorCode::NetworkField));
    CHECK(outcome(fine.run_tokens({5})) == name(ErrorCode::NetworkField));
    CHECK(outcome(fine.run_tokens({0, 0}, 2)) == name(ErrorCode::NetworkField));
  }
  Evaluation coarse = evaluation_in("bf16");
  coarse.storage = format_named("fp64").value();
  const auto model = ComputedModel::make(t.original(), coarse);
  REQUIRE(model);
  CHECK(outcome(model.value().run_tokens({3, 4, 0})) == name(ErrorCode::EnclosureUnbounded));
}

TEST_CASE("computed model: numbers below the smallest normal one may be flushed to 0") {
  Parts parts;
  parts.network.d_model = 2;
  parts.network.input = TokenInput{1, 1, "token", {}};
  parts.network.unembedding = Unembedding{Layout::out_in, 1, AffineMap{"out", {}}};
  parts.tensors["token"] = {{1, 2}, {0x1p-70, 0x1p-64}};
  parts.tensors["out"] = {{1, 2}, {0x1p-60, 0x1p-64}};
  std::string bytes;
  const Model model = parts.model(bytes);
  const double exact = 0x1p-130 + 0x1p-128;  // a machine that flushes computes 0
  for (const Underflow underflow : {Underflow::gradual, Underflow::flush}) {
    const auto computed =
        ComputedModel::make(model, evaluation("fp32", "fp32", "any", underflow)).value();
    const Ball<Wide> output = computed.run_tokens({0}).value().outputs.at(0, 0);
    CHECK(magnitude(output.mid - exact) <= output.rad);
    CHECK((magnitude(output.mid) <= output.rad) == (underflow == Underflow::flush));
    CHECK(output.rad < 0x1p-120);
  }
  parts.tensors["out"] = {{1, 2}, {0x1p-130, 1}};  // fp32 has it, but not where it flushes
  const Model subnormal = parts.model(bytes);
  CHECK(outcome(ComputedModel::make(subnormal, evaluation_in("fp32"))) == "ok");
  CHECK(outcome(
            ComputedModel::make(subnormal, evaluation("fp32", "fp32", "any", Underflow::flush))) ==
        name(ErrorCode::RoundingUnsupported));
}

TEST_CASE("computed model: what it does not know is refused by name") {
  const Transformer t;
  const auto refused = [](const Model& model, const Evaluation& evaluation) {
    return outcome(ComputedModel::make(model, evaluation));
  };
  const std::string unsupported = name(ErrorCode::RoundingUnsupported);
  CHECK(refused(t.original(), evaluation_in("fp64")) == "ok");
  CHECK(refused(Transformer(Rational(64)).converted(), evaluation_in("fp64")) == unsupported);
  Evaluation evaluation = evaluation_in("fp64");
  evaluation.norm = NormPasses::one;
  CHECK(refused(t.original(), evaluation) == unsupported);
  CHECK(refused(t.original(), evaluation_in("e4m3")) != "ok");
  const LoadedModel adder_model = load_model(adder_folder("adder-gelu")).value();
  CHECK(refused(adder_model.model, evaluation_in("fp16")) == unsupported);  // fp32 weights
}
