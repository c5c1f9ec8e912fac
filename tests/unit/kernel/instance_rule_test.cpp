#include <cmath>

#include "unit/kernel/tiny_model.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Step kInstance = structural(Rule::instance, Instance{"m"});

// The rule's answer after a change to the original, or to the conversion.
template <class Change>
std::string with_original(Change change, long neurons = 2) {
  Both both(tiny_original(neurons));
  change(both.original());
  return both.check(kInstance);
}
template <class Change>
std::string with_converted(Change change, long neurons = 2) {
  Both both(tiny_original(neurons));
  change(both.converted());
  return both.check(kInstance);
}

void transpose(Tensor& tensor) {
  const Tensor before = tensor;
  const long rows = before.rows();
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < rows; ++j) {
      tensor.values[std::size_t(i * before.columns() + j)] =
          before.values[std::size_t(j * before.columns() + i)];
    }
  }
}

}  // namespace

TEST_CASE("rule instance: the construction is accepted, in either layout") {
  CHECK(Both(tiny_original()).check(kInstance) == "ok");
  CHECK(Both(tiny_original(3)).check(kInstance) == "ok");
  Parts in_out = tiny_original(3);
  in_out.mlp().layout = Layout::in_out;
  CHECK(Both(in_out).check(kInstance) == "ok");
  Parts plain = tiny_original();
  plain.mlp().in.bias.reset();
  plain.mlp().out.bias.reset();
  plain.mlp().norm.bias.reset();
  CHECK(Both(plain).check(kInstance) == "ok");
}

TEST_CASE("rule instance: one weight changed by one unit in the last place, on either side") {
  const std::string mismatch = name(ErrorCode::InstanceMismatch);
  for (const double towards : {INFINITY, -INFINITY}) {
    for (const auto& entry : tiny_original().tensors) {
      const auto& key = entry.first;
      const auto& tensor = entry.second;
      for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        CAPTURE(key);
        CAPTURE(i);
        CHECK(with_original([&](Parts& parts) {
                double& weight = parts.tensors[key].values[i];
                weight = std::nextafter(weight, towards);
              }) == mismatch);
      }
    }
    for (const auto& entry : converted_from(tiny_original()).tensors) {
      const auto& key = entry.first;
      const auto& tensor = entry.second;
      for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        CAPTURE(key);
        CAPTURE(i);
        CHECK(with_converted([&](Parts& parts) {
                double& weight = parts.tensors[key].values[i];
                weight = std::nextafter(weight, towards);
              }) == mismatch);
      }
    }
  }
}

TEST_CASE("rule instance: square matrices the wrong way round") {
  const std::string mismatch = name(ErrorCode::InstanceMismatch);
  for (const std::string tensor : {"in", "out"}) {
    CHECK(with_original([&](Parts& parts) { transpose(parts.tensors[tensor]); }, 3) == mismatch);
  }
  for (const std::string tensor : {"m.query", "m.value", "m.output"}) {
    CHECK(with_converted([&](Parts& parts) { transpose(parts.tensors[tensor]); }, 3) == mismatch);
  }
  CHECK(with_original([](Parts& parts) { parts.mlp().layout = Layout::in_out; }, 3) == mismatch);
  CHECK(with_converted([](Parts& parts) { std::swap(parts.heads().query, parts.heads().value); }) ==
        mismatch);
  CHECK(with_converted([](Parts& parts) { parts.heads().output = "m.value"; }) == mismatch);
}

TEST_CASE("rule instance: facts that must agree") {
  const std::string facts = name(ErrorCode::LayerFactsMismatch);
  const auto norm = [&](auto change) {
    CHECK(with_original([&](Parts& p) { change(p.mlp().norm); }) == facts);
    CHECK(with_converted([&](Parts& p) { change(p.heads().norm); }) == facts);
  };
  norm([](Norm& n) { n.epsilon = n.epsilon + power_of_two(-200); });
  norm([](Norm& n) { n.epsilon = real("1e-6"); });
  norm([](Norm& n) { n.kind = "rms-norm"; });
  norm([](Norm& n) { n.bias.reset(); });
  CHECK(with_original([](Parts& p) { p.mlp().out.bias.reset(); }) == facts);
  CHECK(with_converted([](Parts& p) { p.heads().bias_output.reset(); }) == facts);
  CHECK(with_converted([](Parts& p) { p.heads().neurons = 1; }) == facts);
  CHECK(with_converted([](Parts& p) { p.network.d_model = 4; }) == facts);
  CHECK(with_original([](Parts& p) { p.mlp().d_mlp = 1; }) == facts);
}

TEST_CASE("rule instance: tensors and sublayers that are not there") {
  CHECK(with_converted([](Parts& p) { p.tensors.erase("m.query"); }) ==
        name(ErrorCode::TensorMissing));
  CHECK(with_original([](Parts& p) { p.tensors.erase("in"); }) == name(ErrorCode::TensorMissing));
  CHECK(with_converted([](Parts& p) {
          p.tensors["m.query"].shape = {5, 2};
        }) == name(ErrorCode::TensorShape));
  CHECK(with_original([](Parts& p) {
          p.tensors["in"].shape = {3, 2};
        }) == name(ErrorCode::TensorShape));
  CHECK(with_original([](Parts& p) { p.tensors["in"].values[0] = NAN; }) ==
        name(ErrorCode::TensorNotFinite));
  CHECK(with_original([](Parts& p) { p.mlp().name = "other"; }) == name(ErrorCode::LayerMissing));
  CHECK(with_converted([](Parts& p) { p.heads().name = "other"; }) ==
        name(ErrorCode::LayerMissing));
  CHECK(with_converted([](Parts& p) {
          p.network.sublayers[0] = tiny_original().network.sublayers[0];
        }) == name(ErrorCode::TensorMissing));
  CHECK(with_converted([](Parts& p) {
          p.network.sublayers[0] = LinearSublayer{"m", Layout::out_in, {}, {"m.query", {}}};
        }) == name(ErrorCode::LayerKind));
  Both both(tiny_original());
  CHECK(both.check(structural(Rule::instance, Instance{"M"})) == name(ErrorCode::LayerMissing));
  CHECK(both.check(kInstance, {Instance{"m"}}) == name(ErrorCode::PremiseCount));
  CHECK(both.check(structural(Rule::instance, LayerError{"m", {}, 1})) ==
        name(ErrorCode::ConclusionJudgement));
}
