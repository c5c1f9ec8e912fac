// A sublayer of three coordinates and a few neurons, in memory, with its conversion.
#pragma once

#include <algorithm>
#include <memory>

#include "attncert/construction/conversion.hpp"
#include "unit/kernel/steps.hpp"
#include "unit/tensors.hpp"

namespace attncert::testing {

inline const std::string kHash(64, 'a');

/// One gate, SiLU(kz)/k.
inline Gates one_gate(const std::string& k) { return {{"1", {{k, "0"}}}}; }

/// A network and tensors that tests may change before they are used.
struct Parts {
  Network network;
  TensorMap tensors;

  MlpSublayer& mlp() { return std::get<MlpSublayer>(network.sublayers.at(0)); }
  NeuronHeads& heads() { return std::get<NeuronHeads>(network.sublayers.at(0)); }

  /// `bytes` must outlive the model, whose files' hashes are taken to be kHash.
  Model model(std::string& bytes) const {
    bytes = bytes_of(tensors);
    auto file = TensorFile::parse(bytes);
    REQUIRE(file);
    return {network, std::move(file).value(), {kHash, kHash}};
  }
};

/// Neurons w_j = (3, -1, 2), (0.5, 0.25, -4) and, when square, (7, 5, 0.125)
inline Parts tiny_original(long neurons = 2) {
  Parts parts;
  parts.network.d_model = 3;
  parts.network.sublayers.emplace_back(MlpSublayer{
      "m", Layout::out_in, neurons, "gelu", Norm{"layer-norm", real("1e-5"), "gain", "shift"},
      AffineMap{"in", "in_bias"}, AffineMap{"out", "out_bias"}, std::nullopt});
  std::vector<double> in{3, -1, 2, 0.5, 0.25, -4, 7, 5, 0.125};
  std::vector<double> out{1, 0.25, 0.5, -1, -2, 1};  // (out, in)
  std::vector<double> bias{0.5, -0.1, 2};
  if (neurons == 3) out = {1, 0.25, 9, 0.5, -1, 8, -2, 1, 0.75};
  in.resize(static_cast<std::size_t>(3 * neurons));
  bias.resize(static_cast<std::size_t>(neurons));
  parts.tensors["in"] = {{neurons, 3}, in};
  parts.tensors["in_bias"] = {{neurons}, bias};
  parts.tensors["out"] = {{3, neurons}, out};
  parts.tensors["out_bias"] = {{3}, {0.125, 0.1, -3}};
  parts.tensors["gain"] = {{3}, {1, 1, 1}};
  parts.tensors["shift"] = {{3}, {0, 0, 0}};
  return parts;
}

inline Parts converted_from(const Parts& original, const Gates& gates = one_gate("1.702")) {
  std::string bytes;
  const Model model = original.model(bytes);
  auto planned = plan_conversion(
      model, [&](const MlpSublayer&) { return Result<Gates>(gates); }, every_sublayer);
  REQUIRE(planned);
  return {std::move(planned.value().network), tensors_of(planned.value().tensors)};
}

/// An original and a conversion as a kernel's subjects.
class Both {
public:
  explicit Both(Parts original) : Both(original, converted_from(original)) {}
  Both(Parts original, Parts converted)
      : original_(std::move(original)), converted_(std::move(converted)) {}

  Parts& original() { return original_; }
  Parts& converted() { return converted_; }
  Subjects subjects() {
    return {original_.model(original_bytes_), converted_.model(converted_bytes_), {}};
  }
  std::string check(const Step& step, const std::vector<Judgement>& premises = {}) {
    Context context(subjects());
    return outcome(check_step(context, step, premises));
  }

private:
  Parts original_;
  Parts converted_;
  std::string original_bytes_;
  std::string converted_bytes_;
};

}  // namespace attncert::testing
