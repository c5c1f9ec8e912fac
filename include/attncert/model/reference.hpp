// Reference evaluation in fp64: what a model does on real inputs. Not rigorous.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "attncert/kernel/kernel.hpp"
#include "attncert/tensor/matrix.hpp"

namespace attncert {

/// Called for each sublayer with the stream before it, (rows, d_model).
using StreamObserver = std::function<void(const Sublayer& sublayer, const Matrix& stream)>;

/// A whole model, original or converted: heads are evaluated as attention on the augmented stream.
/// Status   approx
class ReferenceModel {
public:
  /// Reads all weights; the model is not needed afterwards.
  /// Errors   TensorMissing, TensorShape, TensorType, TensorNotFinite
  static Result<ReferenceModel> make(const Model& model);

  /// Logits of every position, (tokens, outputs); rows of the stream where nothing unembeds them.
  /// Requires a network that reads tokens, 1 to n_ctx of them, each < vocab: NetworkField
  /// Errors   EnclosureUnbounded where fp64 overflows
  Result<Matrix> run_tokens(const std::vector<long>& tokens,
                            const StreamObserver& observer = {}) const;

  /// Likewise from rows of the stream, (n, d_model), or from an image's patches, (count, width).
  /// Requires a network that does not read tokens: NetworkField; a fitting shape: TensorShape
  Result<Matrix> run_rows(const Matrix& rows, const StreamObserver& observer = {}) const;

  /// What the sublayer of this one's name adds to the rows of a stream.
  /// Requires such a sublayer: LayerMissing; a stream of d_model columns: TensorShape
  Result<Matrix> sublayer_update(const Sublayer& sublayer, const Matrix& stream) const;

  const Network& network() const;

private:
  struct Parts;
  explicit ReferenceModel(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  Result<Matrix> run(Matrix stream, const StreamObserver& observer) const;

  std::shared_ptr<const Parts> parts_;
};

}  // namespace attncert
