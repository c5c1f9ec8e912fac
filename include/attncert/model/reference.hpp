// Reference evaluation in fp64: what a model does on real inputs. Not rigorous.
#pragma once

#include <functional>
#include <vector>

#include "attncert/kernel/mlp.hpp"

namespace attncert {

/// Row-major activations: tokens x width.
using Rows = std::vector<std::vector<double>>;

/// Called for each MLP sublayer with its input rows, before the norm.
using MlpObserver = std::function<void(const MlpSublayer& layer, const Rows& inputs)>;

/// Evaluates a whole model on one prompt.
/// Requires a network with ends; tokens < vocab, at most n_ctx of them (NetworkField otherwise)
/// Ensures  logits of every position, (tokens, vocab), in fp64; the observer sees every MLP input
/// Status   approx
class ReferenceModel {
public:
  static Result<ReferenceModel> make(const Model& model);
  Result<Rows> logits(const std::vector<long>& tokens, const MlpObserver& observer = {}) const;

private:
  struct Affine {
    std::vector<double> weight;  // (out, in)
    std::vector<double> bias;
    long out = 0;
    long in = 0;
    std::vector<double> apply(const std::vector<double>& x) const;
  };
  struct NormWeights {
    std::vector<double> gain;
    std::vector<double> shift;
    double epsilon = 0;
    std::vector<double> apply(const std::vector<double>& x) const;
  };
  struct Attention {
    NormWeights norm;
    Affine qkv;
    Affine out;
    long n_head = 0;
    double scale = 1;
    bool causal = true;
  };
  struct Mlp {
    const MlpSublayer* layer = nullptr;
    NormWeights norm;
    Affine in;
    Affine out;
    std::function<double(double)> activation;
  };
  using Block = std::variant<Attention, Mlp>;

  static Result<Affine> read_affine(const Model& model, const AffineMap& map, Layout layout,
                                    long out, long in);
  static Result<NormWeights> read_norm(const Model& model, const Norm& norm);
  static Result<Block> read_block(const Model& model, const Sublayer& sublayer);
  static void attend(const Attention& attention, Rows& stream);
  void step(const Block& block, Rows& stream, const MlpObserver& observer) const;

  const Model* model_ = nullptr;
  std::vector<Block> blocks_;
  Tensor tokens_;
  Tensor positions_;
  NormWeights final_norm_;
  Affine unembedding_;
};

/// One MLP sublayer of an original and its heads, evaluated on the same input row.
class LayerComparison {
public:
  static Result<LayerComparison> make(const Model& original, const Model& converted,
                                      const MlpSublayer& layer);
  /// The largest difference over output coordinates; the heads are evaluated as attention, on the
  /// augmented stream. Status approx
  double difference(const std::vector<double>& input) const;

private:
  std::vector<double> original_output(const std::vector<double>& x) const;
  std::vector<double> heads_output(const std::vector<double>& x) const;

  long width_ = 0;
  std::vector<double> gain_;
  std::vector<double> shift_;
  double epsilon_ = 0;
  MlpWeights weights_;
  std::vector<double> out_bias_;
  std::function<double(double)> activation_;
  Tensor query_;
  Tensor value_;
  Tensor output_;
  std::vector<double> bias_output_;
  double score_gain_ = 1;
};

}  // namespace attncert
