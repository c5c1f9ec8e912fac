// Rule instance where a sublayer was kept: accepted only as the original's, number by number.
#include <cmath>

#include "unit/kernel/tiny_model.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Step kInstance = structural(Rule::instance, Instance{"m"});

// A sublayer kept as it is, before and after a change to one side's copy.
template <class Change>
std::string with_change(const Parts& original, Change change, bool on_original) {
  Both both(original, original);
  change(on_original ? both.original() : both.converted());
  return both.check(kInstance);
}

Parts gated_original() {
  Parts parts = tiny_original();
  parts.mlp().gate = AffineMap{"gate", std::nullopt};
  parts.tensors["gate"] = {{2, 3}, {1, 2, 3, 4, 5, 6}};
  return parts;
}

Parts linear_original() {
  Parts parts = tiny_original(3);
  const MlpSublayer mlp = parts.mlp();
  parts.network.sublayers[0] = LinearSublayer{"m", mlp.layout, mlp.norm, mlp.out};
  for (const std::string name : {"in", "in_bias"}) parts.tensors.erase(name);
  return parts;
}

// One head of two dimensions, with projections apart, or stacked in one tensor.
Parts attention_original(bool apart) {
  Parts parts = tiny_original();
  const Norm norm = parts.mlp().norm;
  parts.tensors.erase("in");
  parts.tensors.erase("in_bias");
  parts.tensors["out"] = {{3, 2}, {1, -2, 3, 0.5, 0.25, 7}};
  AttentionSublayer layer;
  layer.name = "m";
  layer.layout = Layout::out_in;
  layer.norm = norm;
  layer.shape = {1, 1, 2, "causal", "1", std::nullopt};
  layer.out = {"out", "out_bias"};
  for (const std::string name : {"q", "k", "v"}) {
    if (!apart) break;
    layer.projections.push_back({name, name + "_bias"});
    parts.tensors[name] = {{2, 3}, {1, 2, 3, 4, 5, double(name[0])}};
    parts.tensors[name + "_bias"] = {{2}, {0.5, double(name[0])}};
  }
  if (!apart) {
    layer.projections.push_back({"qkv", std::nullopt});
    parts.tensors["qkv"] = {{6, 3}, std::vector<double>(18, 0.25)};
  }
  parts.network.sublayers[0] = layer;
  return parts;
}

std::vector<Parts> every_kind() {
  return {tiny_original(), gated_original(), linear_original(), attention_original(true),
          attention_original(false)};
}

}  // namespace

TEST_CASE("rule instance: a sublayer kept as it is, of every kind") {
  for (const Parts& parts : every_kind()) CHECK(Both(parts, parts).check(kInstance) == "ok");
}

TEST_CASE("rule instance: one number of a kept sublayer one unit away, on either side") {
  for (const Parts& parts : every_kind()) {
    for (const auto& entry : parts.tensors) {
      const std::string key = entry.first;
      for (std::size_t i = 0; i < entry.second.values.size(); ++i) {
        for (const bool on_original : {true, false}) {
          CAPTURE(key);
          CAPTURE(i);
          CHECK(with_change(
                    parts,
                    [&](Parts& changed) {
                      double& weight = changed.tensors[key].values[i];
                      weight = std::nextafter(weight, INFINITY);
                    },
                    on_original) == name(ErrorCode::InstanceMismatch));
        }
      }
    }
  }
}

TEST_CASE("rule instance: facts of a kept sublayer that must agree") {
  const auto refused = [](const Parts& parts, auto change) {
    for (const bool on_original : {true, false}) {
      CHECK(with_change(parts, change, on_original) == name(ErrorCode::LayerFactsMismatch));
    }
  };
  refused(tiny_original(), [](Parts& p) { p.mlp().activation = "relu"; });
  refused(tiny_original(), [](Parts& p) { p.mlp().layout = Layout::in_out; });
  refused(tiny_original(), [](Parts& p) { p.mlp().d_mlp = 1; });
  refused(tiny_original(), [](Parts& p) { p.mlp().norm.epsilon = real("1e-6"); });
  refused(tiny_original(), [](Parts& p) { p.mlp().in.bias.reset(); });
  refused(gated_original(), [](Parts& p) { p.mlp().gate.reset(); });
  refused(gated_original(), [](Parts& p) { p.mlp().gate->bias = "in_bias"; });
  const auto linear = [](Parts& p) -> LinearSublayer& {
    return std::get<LinearSublayer>(p.network.sublayers[0]);
  };
  refused(linear_original(), [&](Parts& p) { linear(p).layout = Layout::in_out; });
  refused(linear_original(), [&](Parts& p) { linear(p).norm.kind = "rms-norm"; });
  const auto attention = [](Parts& p) -> AttentionSublayer& {
    return std::get<AttentionSublayer>(p.network.sublayers[0]);
  };
  const Parts apart = attention_original(true);
  refused(apart, [&](Parts& p) { attention(p).layout = Layout::in_out; });
  refused(apart, [&](Parts& p) { attention(p).shape.mask = "full"; });
  refused(apart, [&](Parts& p) { attention(p).shape.scale = "rsqrt(2)"; });
  refused(apart, [&](Parts& p) { attention(p).shape.n_head = 2; });
  refused(apart, [&](Parts& p) { attention(p).projections.resize(1); });
  refused(apart, [&](Parts& p) { attention(p).norm.kind = "none"; });
  refused(apart, [&](Parts& p) { attention(p).projections[1].bias.reset(); });
}

TEST_CASE("rule every-layer: a kept MLP is exact, and no claim is about its heads") {
  const Parts parts = tiny_original();
  const Step step = structural(Rule::every_layer, Identity{{kHash, kHash}, {kHash, kHash}});
  CHECK(Both(parts, parts).check(step, {Instance{"m"}}) == "ok");
  CHECK(Both(parts, parts).check(step, {Instance{"n"}}) == name(ErrorCode::LayerMissing));
  CHECK(Both(parts, parts).check(step, {LayerError{"m", {}, 0}}) ==
        name(ErrorCode::PremiseJudgement));
  CHECK(Both(parts).check(step, {Instance{"m"}}) != "ok");
  ConversionError claim{{kHash, kHash}, {kHash, kHash}, {}, {}, {}, {}, 1};
  claim.layers.push_back(
      {"m", "gelu", "silu:k=1.702", "out-in", "layer-norm", real("1e-5"), 1, {}});
  CHECK(Both(parts, parts).check(structural(Rule::every_layer, claim), {Instance{"m"}}) ==
        name(ErrorCode::LayerMissing));
}
