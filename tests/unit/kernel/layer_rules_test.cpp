#include <cmath>

#include "attncert/interval/functions.hpp"
#include "attncert/prover/layers.hpp"
#include "unit/kernel/tiny_model.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Pair kPair{"gelu", "silu:k=1.702"};

// w = (3, -1, 2), c = 0.5: 0.5 +- sqrt(3) |w - 4/3| = 0.5 +- sqrt(26).
// w = (0.5, 0.25, -4), c = -0.1: -0.1 +- sqrt(3) |w + 13/12| = -0.1 +- sqrt(38.375).
struct Reach {
  std::string_view lower;
  std::string_view upper;
};
constexpr Reach kReaches[] = {{"-4.59901951359280", "5.59901951359280"},
                              {"-6.29475584668195", "6.09475584668195"}};

std::vector<Domain> ranges() {
  std::vector<Domain> result;
  for (const Reach& reach : kReaches) result.push_back(domain(reach.lower, reach.upper));
  return result;
}

std::string ball(const std::vector<Domain>& ranges, Parts original = tiny_original()) {
  const Step step = computing(Rule::ball, PreactivationRange{"m", {}, ranges}, 64);
  return Both(std::move(original)).check(step);
}

// |gelu - silu:k=1.702| <= epsilon on [-8, 8], as if it had been proved.
SupError activation(const Rational& epsilon, std::string_view reach = "8") {
  return {kPair, {Rational(-real(reach)), real(reach)}, epsilon};
}

std::string lift(const Rational& epsilon, const std::vector<Judgement>& premises,
                 const std::string& layer = "m") {
  return Both(tiny_original())
      .check(structural(Rule::lift, LayerError{layer, {}, epsilon}), premises);
}

ConversionError conversion(const Rational& epsilon) {
  return {
      {kHash, kHash},
      {kHash, kHash},
      {},
      {LayerClaim{"m", "gelu", "silu:k=1.702", "out-in", "layer-norm", real("1e-5"), epsilon, {}}},
      {},
      {},
      epsilon};
}

template <class Change>
std::string every_layer_with(Change change, const std::vector<Judgement>& premises) {
  ConversionError claim = conversion(2);
  change(claim);
  return Both(tiny_original()).check(structural(Rule::every_layer, claim), premises);
}

const auto kUnchanged = [](ConversionError&) {};

}  // namespace

TEST_CASE("rule ball: ranges computed by hand, to the fourteenth digit") {
  CHECK(ball(ranges()) == "ok");
  const Rational unit = real("2e-14");  // one beyond the last digit that the statement has
  for (std::size_t j = 0; j < 2; ++j) {
    for (const Rational& inward : {unit, real("1e-3"), Rational(1)}) {
      std::vector<Domain> narrow = ranges();
      *narrow[j].lower += inward;
      CHECK(ball(narrow) == name(ErrorCode::RangeExceeded));
      narrow = ranges();
      *narrow[j].upper -= inward;
      CHECK(ball(narrow) == name(ErrorCode::RangeExceeded));
    }
  }
  CHECK(ball({ranges()[1], ranges()[0]}) == name(ErrorCode::RangeExceeded));
}

TEST_CASE("rule ball: number of ranges, sublayer, weights") {
  CHECK(ball({ranges()[0]}) == name(ErrorCode::RangeCount));
  CHECK(ball({}) == name(ErrorCode::RangeCount));
  CHECK(ball({ranges()[0], ranges()[1], ranges()[1]}) == name(ErrorCode::RangeCount));
  Parts shifted = tiny_original();
  shifted.tensors["shift"].values[0] = 0x1p-20;  // w.beta moves the centre
  CHECK(ball(ranges(), shifted) == name(ErrorCode::RangeExceeded));
  Parts stretched = tiny_original();
  stretched.tensors["gain"].values[1] = std::nextafter(1, 2) + 0x1p-20;
  CHECK(ball(ranges(), stretched) == name(ErrorCode::RangeExceeded));
  Parts huge = tiny_original();
  huge.tensors["in"].values[0] = 0x1p600;
  CHECK(ball(ranges(), huge) == name(ErrorCode::EnclosureUnbounded));
  huge.tensors["in"].values[0] = 0x1p1000;
  huge.tensors["gain"].values[0] = 0x1p1000;
  CHECK(ball(ranges(), huge) == name(ErrorCode::EnclosureUnbounded));
  Parts renamed = tiny_original();
  renamed.mlp().name = "n";
  CHECK(ball(ranges(), renamed) == name(ErrorCode::LayerMissing));
  Both both(tiny_original());
  CHECK(both.check(computing(Rule::ball, PreactivationRange{"m", {}, ranges()}), {Instance{"m"}}) ==
        name(ErrorCode::PremiseCount));
}

TEST_CASE("rule ball: inputs reach nearly the ends of the ranges, and never beyond") {
  Random random("ball inputs");
  const double weights[][4] = {{3, -1, 2, 0.5}, {0.5, 0.25, -4, -0.1}};
  for (std::size_t j = 0; j < 2; ++j) {
    const auto& w = weights[j];
    const double mean = (w[0] + w[1] + w[2]) / 3;
    double greatest = -INFINITY;
    for (int round = 0; round < 500; ++round) {
      double x[3];
      for (int i = 0; i < 3; ++i) {
        x[i] = round == 0 ? 1e6 * (w[i] - mean) : random.uniform(-1, 1) * 1e4;
      }
      const double centre = (x[0] + x[1] + x[2]) / 3;
      double variance = 0;
      for (double& t : x) variance += (t - centre) * (t - centre) / 3;
      double z = w[3];
      for (int i = 0; i < 3; ++i) z += w[i] * (x[i] - centre) / std::sqrt(variance + 1e-5);
      REQUIRE(ranges()[j].contains(Rational(z * (1 - 1e-12))));  // z itself is rounded
      greatest = std::max(greatest, z);
    }
    CHECK(Rational(greatest + 1e-9) > *ranges()[j].upper);
  }
}

TEST_CASE("rule ball: weights that cancel when the mean is taken out") {
  Random random("ball cancellation");
  for (int round = 0; round < 40; ++round) {
    Parts parts = tiny_original();
    Rational product[3];
    for (std::size_t i = 0; i < 3; ++i) {
      const double gain = random.uniform(0.5, 2);
      const double weight = 1e8 / gain + random.uniform(-1, 1) * 1e-7;
      parts.tensors["gain"].values[i] = gain;
      parts.tensors["in"].values[i] = weight;
      product[i] = Rational(gain) * Rational(weight);
    }
    const Rational mean = (product[0] + product[1] + product[2]) / 3;
    Rational square = 0;  // of the radius, exactly
    for (const Rational& p : product) square += 3 * (p - mean) * (p - mean);
    const Rational greatest = Rational(1, 2) + lower_rational(sqrt(enclose(square, 300), 300));
    // The least upper end that the kernel accepts is not below the greatest pre-activation.
    Both both(parts);
    Context context(both.subjects());
    Rational low = greatest - 1;
    Rational high = greatest + 1;
    for (int i = 0; i < 60; ++i) {
      const Rational middle((low + high) / 2);
      const Domain first{Rational(-100), middle};
      const PreactivationRange goal{"m", {}, {first, {real("-1e10"), real("1e10")}}};
      (check_step(context, computing(Rule::ball, goal, 64), {}) ? high : low) = middle;
    }
    REQUIRE(high >= greatest);
    REQUIRE(high < greatest + real("1e-6"));
  }
}

TEST_CASE("rule lift: the greatest column sum of |V2| epsilon") {
  // |V2| by output coordinate: 1 + 0.25, 0.5 + 1, 2 + 1; times 1/2
  const std::vector<Judgement> premises{Instance{"m"}, PreactivationRange{"m", {}, ranges()},
                                        activation(Rational(1, 2))};
  CHECK(lift(real("1.50000000000001"), premises) == "ok");
  CHECK(lift(real("0x1.7ffffffffffffp0"), premises) == name(ErrorCode::BoundExceeded));
  CHECK(lift(real("1.4999"), premises) == name(ErrorCode::BoundExceeded));
  CHECK(lift(0, premises) == name(ErrorCode::BoundExceeded));
  const std::vector<Judgement> exact{premises[0], premises[1], activation(0)};
  CHECK(lift(0, exact) == "ok");
  const std::vector<Judgement> vast{premises[0], premises[1], activation(real("1e400"))};
  CHECK(lift(real("1e500"), vast) == name(ErrorCode::BoundExceeded));
  const std::vector<Judgement> tiny{premises[0], premises[1], activation(real("1e-400"))};
  CHECK(lift(real("1e-399"), tiny) == name(ErrorCode::BoundExceeded));
  CHECK(lift(real("1e-300"), tiny) == "ok");
}

TEST_CASE("rule lift: each neuron takes the least bound that covers its range") {
  const PreactivationRange range{"m", {}, ranges()};
  // neuron 0 reaches 5.599, neuron 1 reaches 6.294: sums 2 * 1/4 + 1 * 1/2 at coordinate 2
  const std::vector<Judgement> nested{Instance{"m"}, range, activation(Rational(1, 2)),
                                      activation(Rational(1, 4), "6")};
  CHECK(lift(real("1.00000000000001"), nested) == "ok");
  CHECK(lift(real("0.99999999999999"), nested) == name(ErrorCode::BoundExceeded));
  const std::string uncovered = name(ErrorCode::RangeNotCovered);
  CHECK(lift(9, {Instance{"m"}, range, activation(0, "6.29475584668194")}) == uncovered);
  CHECK(lift(9, {Instance{"m"}, range, activation(0, "6.29475584668195")}) == "ok");
  CHECK(lift(9, {Instance{"m"}, range}) == uncovered);
}

TEST_CASE("rule lift: premises") {
  const Judgement instance = Instance{"m"};
  const Judgement range = PreactivationRange{"m", {}, ranges()};
  SupError other = activation(1);
  other.pair.approximant = "silu:k=1.7";
  CHECK(lift(9, {instance, range, other}) == name(ErrorCode::PairMismatch));
  CHECK(lift(9, {instance, range, activation(1), other}) == name(ErrorCode::PairMismatch));
  CHECK(lift(9, {range, instance, activation(1)}) == name(ErrorCode::PremiseJudgement));
  CHECK(lift(9, {instance, range, instance}) == name(ErrorCode::PremiseJudgement));
  CHECK(lift(9, {instance}) == name(ErrorCode::PremiseCount));
  CHECK(lift(9, {}) == name(ErrorCode::PremiseCount));
  CHECK(lift(9, {instance, PreactivationRange{"m", {}, {ranges()[0]}}, activation(1)}) ==
        name(ErrorCode::RangeCount));
  CHECK(lift(9, {instance, PreactivationRange{"m", {}, {}}, activation(1)}) ==
        name(ErrorCode::RangeCount));
  const std::string missing = name(ErrorCode::LayerMissing);
  CHECK(lift(9, {Instance{"n"}, range, activation(1)}) == missing);
  CHECK(lift(9, {instance, PreactivationRange{"n", {}, ranges()}, activation(1)}) == missing);
  CHECK(lift(9, {instance, range, activation(1)}, "n") == missing);
  Both both(tiny_original());
  CHECK(both.check(structural(Rule::lift, Instance{"m"}), {instance, range, activation(1)}) ==
        name(ErrorCode::ConclusionJudgement));
}

TEST_CASE("rule every-layer: the statement's facts are the files'") {
  const std::string facts = name(ErrorCode::LayerFactsMismatch);
  const std::vector<Judgement> premises{LayerError{"m", {}, 2}};
  CHECK(every_layer_with(kUnchanged, premises) == "ok");
  const auto changed = [&](auto change) {
    return every_layer_with([&](ConversionError& c) { change(c.layers[0]); }, premises);
  };
  CHECK(changed([](LayerClaim& c) { c.activation = "gelu_tanh"; }) == facts);
  CHECK(changed([](LayerClaim& c) { c.approximant = "silu:k=1.7"; }) == facts);
  CHECK(changed([](LayerClaim& c) { c.layout = "in-out"; }) == facts);
  CHECK(changed([](LayerClaim& c) { c.norm = "rms-norm"; }) == facts);
  CHECK(changed([](LayerClaim& c) { c.norm_epsilon = real("1e-6"); }) == facts);
  for (const bool original : {true, false}) {
    for (const auto file : {&ModelHashes::network, &ModelHashes::weights}) {
      CHECK(every_layer_with(
                [&](ConversionError& c) {
                  (original ? c.original : c.converted).*file = std::string(64, 'b');
                },
                premises) == name(ErrorCode::SubjectMismatch));
    }
  }
  CHECK(changed([](LayerClaim& c) { c.epsilon = Rational(2 - power_of_two(-60)); }) ==
        name(ErrorCode::PremiseTooWeak));
}

TEST_CASE("rule every-layer: every sublayer, in order, once") {
  const std::string missing = name(ErrorCode::LayerMissing);
  const std::vector<Judgement> premises{LayerError{"m", {}, 2}};
  CHECK(every_layer_with([](ConversionError& c) { c.layers.clear(); }, premises) == missing);
  CHECK(every_layer_with([](ConversionError& c) { c.layers[0].name = "n"; }, premises) == missing);
  CHECK(every_layer_with([](ConversionError& c) { c.layers.push_back(c.layers[0]); }, premises) ==
        missing);
  CHECK(every_layer_with(kUnchanged, {LayerError{"n", {}, 2}}) == missing);
  CHECK(every_layer_with(kUnchanged, {}) == name(ErrorCode::PremiseCount));
  CHECK(every_layer_with(kUnchanged, {premises[0], premises[0]}) == name(ErrorCode::PremiseCount));
  CHECK(every_layer_with(kUnchanged, {Instance{"m"}}) == name(ErrorCode::PremiseJudgement));
}

TEST_CASE("layer certificates: what the prover writes is accepted, for these weights only") {
  Both both(tiny_original());
  const Subjects subjects = both.subjects();
  const auto proof = certify_layers(*subjects.original, *subjects.converted, {});
  REQUIRE(outcome(proof) == "ok");
  const Certificate& certificate = proof.value().certificate;
  const auto run = [&](Subjects models) {
    Kernel kernel(certificate.claim, std::move(models));
    for (const Step& step : certificate.steps) {
      if (const Status status = kernel.check(step); !status) return outcome(status);
    }
    return outcome(kernel.finish(certificate.end));
  };
  CHECK(run(both.subjects()) == "ok");
  CHECK(run({}) == name(ErrorCode::SubjectMissing));
  both.converted().tensors["m.output"].values[0] += 0x1p-40;
  CHECK(run(both.subjects()) == name(ErrorCode::InstanceMismatch));
}
