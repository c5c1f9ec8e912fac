// Steps that certificates about sublayers share (private to the module).
#pragma once

#include "attncert/interval/interval.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/prover/supremum.hpp"
#include "derivation.hpp"

namespace attncert {

constexpr Precision kBallPrecision = 64;
constexpr int kEpsilonDigits = 12;

/// One MLP sublayer's facts.
struct LayerPlan {
  const MlpSublayer* mlp = nullptr;
  const NeuronHeads* heads = nullptr;
  Pair pair;
  std::vector<Domain> ranges;
};

/// A bound of an activation's error, and the step that proves it.
struct ActivationBound {
  SupError claim;
  long step;
};

/// Bounds over all reals, where there is one, and over smaller and smaller domains where they are
/// better. All reals come first because a tail is a shorter proof than pieces as far as weights
/// reach.
Result<std::vector<ActivationBound>> prove_activation(Derivation& derivation,
                                                      const std::vector<LayerPlan>& plans,
                                                      const Pair& pair);

/// The largest sum over neurons of |V2_jk| epsilon_j.
Result<Rational> layer_epsilon(const Model& model, const LayerPlan& plan,
                               const std::vector<ActivationBound>& bounds);

/// The stored heads are the construction's: a step, or why they are not.
Result<long> prove_exact(Derivation& derivation, const Model& original, const Model& converted,
                         const std::string& name);

/// The stored heads are the construction's, or near: a step, and how near where it is not exact.
struct StoredHeads {
  long step;
  std::optional<Rational> epsilon;
};
Result<StoredHeads> prove_stored(Derivation& derivation, const Model& original,
                                 const Model& converted, const std::string& name,
                                 const Inputs& inputs);

/// Rounded up, so that other kernels' slightly wider enclosures pass too.
Rational with_room(const Rational& bound);

}  // namespace attncert
