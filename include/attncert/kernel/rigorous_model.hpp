// Rigorous evaluation of whole networks: every output of exact real arithmetic, enclosed.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "attncert/kernel/kernel.hpp"
#include "attncert/tensor/ball.hpp"

namespace attncert {

/// Whether an enclosure is narrow enough for the purpose. Rounding errors grow from layer to layer,
/// often by 10^4 or more: where it is not, and where nothing is known of some output, the network is
/// evaluated once more with Quad midpoints. Errors are 10^14 times smaller then; it takes some 20
/// times as long.
using Enough = std::function<bool(const Enclosure<Wide>&)>;

/// A network whose outputs can be enclosed; original or converted.
/// Maths    midpoints and fp64 radii: matmul, softmax, normalise and activations each bound their
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
  Result<Enclosure<Wide>> run_tokens(const std::vector<long>& tokens, long first = 0,
                                     const Enough& enough = {}) const;

  /// Likewise from rows of the stream, or an image's patches; they are exact. Errors TensorShape
  Result<Enclosure<Wide>> run_rows(const Matrix& rows, const Enough& enough = {}) const;

  /// No position's outputs depend on later tokens.
  bool is_causal() const;

private:
  struct Parts;
  explicit RigorousModel(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  Result<Enclosure<Wide>> run(const Enclosure<Quad>& input, long first, const Enough& enough) const;

  std::shared_ptr<const Parts> parts_;
};

}  // namespace attncert
