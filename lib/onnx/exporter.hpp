// What the parts of an export share (private to the module).
#pragma once

#include <map>

#include "attncert/kernel/weights.hpp"
#include "graph_writer.hpp"

namespace attncert {

/// A model's sublayers as nodes. Values are names: of (tokens, D) in original models, and of
/// (tokens + 1, D + 2), the augmented stream, in converted ones.
class Exporter {
public:
  Exporter(const Model& model, GraphWriter& graph) : model_(model), graph_(graph) {}

  /// All token positions are counted from this stream.
  void start(const std::string& stream, bool is_augmented);
  /// What a sublayer adds to the stream.
  Result<std::string> update(const std::string& stream, const Sublayer& sublayer);

  Result<std::string> tensor(const std::string& name, const std::vector<long>& shape);
  Result<std::string> affine(const std::string& x, const AffineMap& map, Layout layout,
                             long outputs, long inputs);
  Result<std::string> norm(const std::string& x, const Norm& norm);

  /// [x, 1, 0] for each row, and the bias token's row [0, 0, 1].
  std::string augmented(const std::string& rows);
  /// Real tokens, model coordinates.
  std::string model_part(const std::string& stream);
  std::string columns(const std::string& x, long begin, long end);

private:
  Result<std::string> of(const std::string& stream, const AttentionSublayer& layer);
  Result<std::string> of(const std::string& stream, const MlpSublayer& layer);
  Result<std::string> of(const std::string& stream, const LinearSublayer& layer);
  Result<std::string> of(const std::string& stream, const TokenHeads& layer);
  Result<std::string> of(const std::string& stream, const NeuronHeads& layer);
  Result<std::string> of(const std::string& stream, const SelfHeads& layer);

  Result<std::string> activation(const std::string& z, const std::string& function);

  // export_attention.cpp
  Result<std::string> mix(std::string query, std::string key, const std::string& value,
                          const HeadShape& shape, const std::string& added);
  Result<std::string> rotated(const std::string& heads, const HeadShape& shape);
  std::string by_heads(const std::string& x, long heads, long d_head);
  /// (tokens, tokens): 0 where the row's token sees the column's, -infinity elsewhere.
  std::string mask(const std::string& kind);
  std::string positions();
  std::string count();

  // export_heads.cpp
  Result<std::string> augmented_norm(const std::string& stream, const Norm& norm);
  Result<std::string> raise(const MaskWeights& masks);
  Result<std::string> bias_head(const std::string& x, const std::string& bias_output,
                                const std::string& added);
  std::string ones(const std::string& x);
  Result<std::string> gate(const std::string& query, const std::string& value, const Gate& gate);
  Result<std::string> unmasked_gate(const std::string& x, const std::string& query,
                                    const std::string& value, const Gate& gate,
                                    const std::string& added);
  Result<std::string> add_bias_head(const std::string& update, const std::string& x,
                                    const std::optional<std::string>& bias_output,
                                    const std::string& added);

  const Model& model_;
  GraphWriter& graph_;
  std::string start_;
  bool augmented_ = false;
  std::map<std::string, std::string> shared_;  // masks and the like, made once
};

/// "1" or "rsqrt(n)". Constants of gates: numbers or constant terms.
Result<double> scale_of(const std::string& text);
Result<double> constant_of(const std::string& text);

}  // namespace attncert
