// Networks as machines compute them: outputs enclosed whatever the roundings do.
#pragma once

#include <memory>
#include <vector>

#include "attncert/kernel/rigorous_model.hpp"
#include "attncert/statement/evaluation.hpp"

namespace attncert {

/// Outputs of some positions.
struct ComputedOutputs {
  Enclosure<Wide> outputs;    // holds exact outputs and computed ones
  std::vector<long> winners;  // by position: the output that is strictly the largest, or -1
};

/// A network of which an evaluation model says how it is computed; original or converted.
/// Maths    affine forms: roundings as symbols, carried through the network to first order, the rest
///          bounded
/// Status   trusted
/// Source   docs/formulas.md#forms
class ComputedModel {
public:
  /// Reads all weights.
  /// Requires numbers of the format of storage, no gated MLP, rotary positions or masks as weights
  ///          (RoundingUnsupported)
  /// Errors   RoundingUseless, RoundingOverflow, TensorMissing, ...
  static Result<ComputedModel> make(const Model& model, const Evaluation& evaluation);

  /// Outputs at positions first, first + 1, ...; requirements as for RigorousModel::run_tokens.
  /// Ensures  exact outputs, and those of any evaluation that the model allows, are enclosed, and the
  ///          same one is the largest in all of them where there is a winner
  /// Errors   EnclosureUnbounded, RoundingOverflow, MaskTooWeak, NetworkField
  Result<ComputedOutputs> run_tokens(const std::vector<long>& tokens, long first = 0) const;

  /// No position's outputs depend on later tokens.
  bool is_causal() const;

private:
  struct Parts;
  explicit ComputedModel(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

}  // namespace attncert
