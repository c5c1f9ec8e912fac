// What norms and sublayers do to an enclosed stream.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <tuple>

#include "attncert/kernel/weights.hpp"
#include "attncert/tensor/ball.hpp"
#include "function_table.hpp"

namespace attncert::rules {

/// x W^T + b.
struct EnclosedMap {
  Matrix weight;
  std::vector<double> bias;

  template <class M>
  Enclosure<M> operator()(const Enclosure<M>& x) const {
    return Enclosure<M>::product(x, weight, bias);
  }
};
EnclosedMap map_of(const Affine& affine);

/// A norm, row by row.
class EnclosedNorm {
public:
  static Result<EnclosedNorm> make(const Model& model, const Norm& norm);
  template <class M>
  Enclosure<M> operator()(Enclosure<M> x) const {
    if (kind_ == "layer-norm" || kind_ == "mean-norm") x.subtract_means();
    if (kind_ == "layer-norm" || kind_ == "rms-norm") x.divide_by_lengths(ball_cast<M>(epsilon_));
    x.scale_and_shift(weights_.gain, weights_.shift);
    return x;
  }

private:
  std::string kind_;
  Ball<Quad> epsilon_;
  NormWeights weights_;
};

/// Tables by function, made once.
class FunctionTables {
public:
  Result<std::shared_ptr<const FunctionTable>> of(const std::string& function);

private:
  std::map<std::string, std::shared_ptr<const FunctionTable>> tables_;
};

/// Maps a stream to what a sublayer adds to it.
template <class M>
using Update = std::function<Enclosure<M>(const Enclosure<M>& stream)>;
using EnclosedUpdate = std::tuple<Update<Wide>, Update<Quad>>;

/// Reads a sublayer's weights. Errors RigorousUnsupported, TensorMissing, TensorShape, ...
Result<EnclosedUpdate> enclosed_update(const Model& model, const Sublayer& sublayer,
                                       FunctionTables& tables);

}  // namespace attncert::rules
