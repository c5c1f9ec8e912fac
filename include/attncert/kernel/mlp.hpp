// The two sides of a converted MLP sublayer, as the layer rules read them.
#pragma once

#include "attncert/kernel/kernel.hpp"
#include "attncert/tensor/bounded_sum.hpp"

namespace attncert {

/// The sublayer of a given kind and name.
template <class L>
Result<const L*> sublayer_named(const Network& network, const std::string& name) {
  for (const Sublayer& sublayer : network.sublayers) {
    if (name_of(sublayer) != name) continue;
    if (const L* layer = std::get_if<L>(&sublayer)) return layer;
    return fail(ErrorCode::LayerKind, "sublayer '" + name + "' is of another kind");
  }
  return fail(ErrorCode::LayerMissing, "no sublayer '" + name + "' in the network file");
}

/// A stored matrix with rows indexed by neuron, whatever the layout.
class NeuronMatrix {
public:
  /// `neurons_first`: the stored rows are neurons already.
  static Result<NeuronMatrix> read(const TensorFile& file, const std::string& name, long neurons,
                                   long width, bool neurons_first);
  double at(long neuron, long i) const {
    return neurons_first_ ? tensor_.values[index(neuron, width_, i)]
                          : tensor_.values[index(i, neurons_, neuron)];
  }

private:
  static std::size_t index(long row, long columns, long column) {
    return static_cast<std::size_t>(row * columns + column);
  }
  Tensor tensor_;
  long neurons_ = 0;
  long width_ = 0;
  bool neurons_first_ = true;
};

/// w_j, c_j and V2's row j of an original MLP sublayer.
struct MlpWeights {
  NeuronMatrix in;              // (d_mlp, d_model)
  std::vector<double> in_bias;  // (d_mlp), 0 where absent
  NeuronMatrix out;             // (d_mlp, d_model)
};
Result<MlpWeights> mlp_weights(const Model& model, const MlpSublayer& layer);

/// A tensor of shape (length), or zeros where the name is absent.
Result<std::vector<double>> vector_or_zeros(const TensorFile& file,
                                            const std::optional<std::string>& name, long length);

/// What a neuron's heads compute: "silu:k=...".
std::string function_of(const NeuronHeads& heads);

}  // namespace attncert
