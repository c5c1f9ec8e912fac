// Rigorous evaluation of whole networks: every output of exact real arithmetic, enclosed.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "attncert/kernel/kernel.hpp"
#include "attncert/tensor/ball.hpp"

namespace attncert {

/// A network whose outputs can be enclosed; original or converted.
/// Maths    fp64 midpoints and radii: matmul, softmax, normalise and activations each bound their
///          own rounding and pass on what is uncertain before
/// Status   trusted
/// Source   docs/formulas.md#balls, #tables
class RigorousModel {
public:
  /// Reads all weights.
  /// Requires no rotary positions and no masks as weights (RigorousUnsupported)
  /// Errors   TensorMissing, TensorShape, TensorType, TensorNotFinite
  static Result<RigorousModel> make(const Model& model);

  /// Outputs at positions first, first + 1, ...: (tokens - first, outputs).
  /// Requires 1 to n_ctx tokens, each < vocab; 0 <= first < tokens (NetworkField)
  /// Errors   EnclosureUnbounded where nothing is known of an output
  Result<Enclosure> run_tokens(const std::vector<long>& tokens, long first = 0) const;

  /// Likewise from rows of the stream, or an image's patches; they are exact. Errors TensorShape
  Result<Enclosure> run_rows(const Matrix& rows) const;

  /// No position's outputs depend on later tokens.
  bool is_causal() const;

private:
  struct Parts;
  explicit RigorousModel(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  Result<Enclosure> run(Enclosure stream, long first) const;

  std::shared_ptr<const Parts> parts_;
};

}  // namespace attncert
