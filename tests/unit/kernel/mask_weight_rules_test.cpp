#include <cmath>
#include <random>

#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/prover/layers.hpp"
#include "unit/kernel/transformer.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const std::string kAttention = "0.attention";
const std::string kMlp = "0.mlp";
const Rational kUnit = power_of_two(-60);

ScoreBound scores(const Rational& bound) { return {kAttention, {}, bound}; }

Rational proved_scores(const Transformer& t) {
  return score_bound(t.original(), t.attention(), {}, 64).value();
}

std::vector<double> normalised(std::mt19937& engine, const NormWeights& norm, std::size_t width) {
  std::normal_distribution<double> normal;
  std::vector<double> x(width);
  double mean = 0;
  for (double& value : x) mean += (value = normal(engine)) / static_cast<double>(width);
  double square = 0;
  for (double& value : x) square += (value - mean) * (value - mean);
  const double factor = 1 / std::sqrt(square / static_cast<double>(width) + 1e-5);
  for (std::size_t i = 0; i < width; ++i) {
    x[i] = (x[i] - mean) * factor * norm.gain[i] + norm.shift[i];
  }
  return x;
}

double mapped(const Affine& map, long row, const std::vector<double>& x) {
  double sum = map.bias[static_cast<std::size_t>(row)];
  for (long i = 0; i < map.weight.columns; ++i) {
    sum += map.weight.at(row, i) * x[static_cast<std::size_t>(i)];
  }
  return sum;
}

}  // namespace

TEST_CASE("rule spectral: the bound that is proved, and not a unit less") {
  const Transformer t;
  const Rational bound = proved_scores(t);
  CHECK(t.check(computing(Rule::spectral, scores(bound), 64)) == "ok");
  CHECK(t.check(computing(Rule::spectral, scores(bound + 1), 64)) == "ok");
  CHECK(t.check(computing(Rule::spectral, scores(Rational(bound - kUnit)), 64)) ==
        name(ErrorCode::BoundExceeded));
  CHECK(t.check(computing(Rule::spectral, scores(0), 64)) == name(ErrorCode::BoundExceeded));
  CHECK(t.check(computing(Rule::spectral, ScoreBound{kMlp, {}, bound}, 64)) ==
        name(ErrorCode::LayerKind));
  CHECK(t.check(computing(Rule::spectral, ScoreBound{"nothing", {}, bound}, 64)) ==
        name(ErrorCode::LayerMissing));
  CHECK(t.check(computing(Rule::spectral, scores(bound), 64), {Instance{kAttention}}) ==
        name(ErrorCode::PremiseCount));
  CHECK(t.check(computing(Rule::spectral, Instance{kAttention}, 64)) ==
        name(ErrorCode::ConclusionJudgement));
}

TEST_CASE("rule spectral: no score of any input is beyond the bound, and some come near") {
  const Transformer t;
  const auto bound = static_cast<double>(proved_scores(t));
  const AttentionWeights w = attention_weights(t.original(), t.attention()).value();
  const NormWeights norm = norm_weights(t.original(), t.attention().norm).value();
  std::mt19937 engine(7);
  double largest = 0;
  for (int n = 0; n < 20000; ++n) {
    const auto x = normalised(engine, norm, 4);
    const auto y = normalised(engine, norm, 4);
    for (long head = 0; head < 2; ++head) {
      double score = 0;
      for (long r = 2 * head; r < 2 * head + 2; ++r) {
        score += mapped(w.query, r, x) * mapped(w.key, r, y);
      }
      largest = std::max(largest, std::fabs(score) / std::sqrt(2.0));
    }
  }
  CHECK(largest <= bound);
  CHECK(largest > bound / 4);
}

TEST_CASE("rule leak: attention's, and not a unit less") {
  const Rational omega = 400;
  const Transformer t(omega);
  const Rational bound = proved_scores(t);
  const Rational moved = attention_leak(t.original(), t.attention(), {}, bound, omega, 64).value();
  const auto leak = [&](const Rational& epsilon) {
    return computing(Rule::leak, MaskLeak{kAttention, {}, epsilon}, 64);
  };
  CHECK(moved > 0);
  CHECK(t.check(leak(moved), {scores(bound)}) == "ok");
  CHECK(t.check(leak(Rational(moved * (1 - kUnit))), {scores(bound)}) ==
        name(ErrorCode::BoundExceeded));
  CHECK(t.check(leak(moved), {scores(bound + 1)}) == name(ErrorCode::BoundExceeded));
  CHECK(t.check(leak(moved)) == name(ErrorCode::PremiseCount));
  CHECK(t.check(leak(moved), {Instance{kAttention}}) == name(ErrorCode::PremiseJudgement));
  CHECK(t.check(leak(moved), {ScoreBound{"1.attention", {}, bound}}) ==
        name(ErrorCode::LayerMissing));
  CHECK(t.check(leak(moved), {ScoreBound{kAttention, box_of(2), bound}}) ==
        name(ErrorCode::LayerMissing));
  CHECK(Transformer().check(leak(moved), {scores(bound)}) == name(ErrorCode::LayerFactsMismatch));
}

TEST_CASE("rule leak: neurons'") {
  const Rational omega = 400;
  const Transformer t(omega);
  const auto& mlp = std::get<MlpSublayer>(t.original().network.sublayers.at(1));
  const std::vector<Domain> ranges(6, domain("-50", "50"));
  const Gates gates{{"1", {{"1", "0"}}}};
  const Rational moved = neuron_leak(t.original(), mlp, gates, ranges, omega, 64).value();
  const auto leak = [&](const Rational& epsilon) {
    return computing(Rule::leak, MaskLeak{kMlp, {}, epsilon}, 64);
  };
  const PreactivationRange premise{kMlp, {}, ranges};
  CHECK(t.check(leak(moved), {premise}) == "ok");
  CHECK(t.check(leak(Rational(moved * (1 - kUnit))), {premise}) == name(ErrorCode::BoundExceeded));
  CHECK(t.check(leak(moved), {PreactivationRange{kMlp, {}, {}}}) == name(ErrorCode::RangeCount));
  CHECK(t.check(leak(moved), {PreactivationRange{kMlp, {}, std::vector<Domain>(6)}}) ==
        name(ErrorCode::EnclosureUnbounded));
  CHECK(Transformer().check(leak(moved), {premise}) == name(ErrorCode::LayerFactsMismatch));
}

TEST_CASE("rule triangle: errors add up, and an MLP's heads alone prove no error") {
  const Transformer t(Rational(400));
  const auto triangle = [](const std::string& layer, const Rational& epsilon, bool exact = false) {
    return structural(Rule::triangle, LayerError{layer, {}, epsilon, exact});
  };
  const MaskLeak attention{kAttention, {}, real("0.25")};
  const MaskLeak mlp{kMlp, {}, real("0.25")};
  const LayerError error{kMlp, {}, real("0.5"), true};
  CHECK(t.check(triangle(kAttention, real("0.25")), {Instance{kAttention}, attention}) == "ok");
  CHECK(t.check(triangle(kAttention, Rational(real("0.25") - kUnit)),
                {Instance{kAttention}, attention}) == name(ErrorCode::PremiseTooWeak));
  CHECK(t.check(triangle(kMlp, real("0.75")), {error, mlp}) == "ok");
  CHECK(t.check(triangle(kMlp, Rational(real("0.75") - kUnit)), {error, mlp}) ==
        name(ErrorCode::PremiseTooWeak));
  CHECK(t.check(triangle(kMlp, 1), {Instance{kMlp}, mlp}) == name(ErrorCode::LayerKind));
  CHECK(t.check(triangle(kMlp, 1), {LayerError{kMlp, {}, 0}, mlp}) ==
        name(ErrorCode::LayerMissing));
  CHECK(t.check(triangle(kMlp, 1, true), {error, mlp}) == name(ErrorCode::LayerMissing));
  CHECK(t.check(triangle(kMlp, 1), {error, attention}) == name(ErrorCode::LayerMissing));
  CHECK(t.check(triangle(kMlp, 1), {error}) == name(ErrorCode::PremiseCount));
  CHECK(t.check(triangle(kMlp, 1), {mlp, error}) == name(ErrorCode::PremiseJudgement));
}

TEST_CASE("masks as weights: a whole derivation, and no claim of identity") {
  const Transformer t(Rational(2048));
  const auto proof = certify_layers(t.original(), t.converted(), {});
  REQUIRE(proof);
  CHECK(proof.value().masks.size() == 2);
  const Certificate& certificate = proof.value().certificate;
  Kernel kernel(certificate.claim, t.subjects());
  for (const Step& step : certificate.steps) CHECK(outcome(kernel.check(step)) == "ok");
  CHECK(outcome(kernel.finish(certificate.end)) == "ok");

  std::vector<Judgement> instances;
  for (const Sublayer& sublayer : t.original().network.sublayers) {
    if (std::holds_alternative<MlpSublayer>(sublayer)) {
      instances.emplace_back(LayerError{name_of(sublayer), {}, 0});
    } else {
      instances.emplace_back(Instance{name_of(sublayer)});
    }
  }
  const Identity identity{t.original().hashes, t.converted().hashes};
  CHECK(t.check(structural(Rule::every_layer, identity), instances) ==
        name(ErrorCode::LayerMissing));
  const Transformer exact;
  CHECK(exact.check(structural(Rule::every_layer, identity), instances) == "ok");
}

TEST_CASE("rule instance: every number of a mask is the pattern's") {
  for (const std::string& layer : {kAttention, kMlp}) {
    const Transformer t(Rational(400));
    CHECK(t.check(structural(Rule::instance, Instance{layer})) == "ok");
    Model model = t.converted();
    for (Sublayer& sublayer : model.network.sublayers) {
      if (auto* heads = std::get_if<TokenHeads>(&sublayer)) heads->masks->omega = 401;
      if (auto* heads = std::get_if<NeuronHeads>(&sublayer)) heads->masks->omega = 401;
    }
    Context context({t.original(), model, {}});
    CHECK(outcome(check_step(context, structural(Rule::instance, Instance{layer}), {})) ==
          name(ErrorCode::InstanceMismatch));
  }
}
