// Rule every-layer: from the sublayers to the whole conversion.
#include "../rules.hpp"
#include "same.hpp"

namespace attncert::rules {
namespace {

Error wrong_layers() {
  return fail(ErrorCode::LayerMissing,
              "premises and statement must take every sublayer, in the order of the networks");
}

Error too_weak() {
  return fail(ErrorCode::PremiseTooWeak, "a premise claims less than the conclusion");
}

Error facts_differ(const std::string& name) {
  return fail(ErrorCode::LayerFactsMismatch,
              "the statement about " + name + " disagrees with the network files");
}

// Takes the sublayers one by one: each is exact, or the claim has an entry for it, in order.
class Sublayers {
public:
  Sublayers(const Model& original, const Model& converted, const Premises& premises,
            const ConversionError& claim)
      : original_(original), converted_(converted), premises_(premises), claim_(claim) {}

  Status check() {
    const auto& before = original_.network.sublayers;
    const auto& after = converted_.network.sublayers;
    if (before.size() != after.size()) return wrong_layers();
    if (before.size() != premises_.size()) return premise_count();
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (name_of(before[i]) != name_of(after[i])) return wrong_layers();
      ATTNCERT_CHECK(check_one(i, before[i], after[i]));
    }
    if (layer_ != claim_.layers.size() || mask_ != claim_.masks.size() ||
        rounded_ != claim_.rounded.size()) {
      return wrong_layers();
    }
    return check_same_ends(original_, converted_);
  }

private:
  Status check_one(std::size_t i, const Sublayer& before, const Sublayer& after) {
    const auto* mlp = std::get_if<MlpSublayer>(&before);
    const auto* neurons = std::get_if<NeuronHeads>(&after);
    if (mlp != nullptr && neurons != nullptr) return check_mlp(i, *mlp, *neurons);
    const auto* attention = std::get_if<AttentionSublayer>(&before);
    const auto* tokens = std::get_if<TokenHeads>(&after);
    if (attention != nullptr && tokens != nullptr && tokens->masks) {
      return check_masked(i, *attention, *tokens->masks);
    }
    if (mlp != nullptr && !std::holds_alternative<MlpSublayer>(after)) return wrong_layers();
    if (const auto* rounded = std::get_if<Perturbation>(&premises_[i])) {
      return check_rounded(*rounded, name_of(before));
    }
    ATTNCERT_TRY(const Instance* exact, premise_as<Instance>(premises_, i));
    return exact->layer == name_of(before) ? ok() : Status(wrong_layers());
  }

  Status check_error(std::size_t i, const std::string& name, const Rational& epsilon) const {
    ATTNCERT_TRY(const LayerError* error, premise_as<LayerError>(premises_, i));
    if (error->layer != name) return wrong_layers();
    return error->exact_masks ? Status(too_weak()) : check_bound(*error, epsilon);
  }

  template <class J>
  Status check_bound(const J& premise, const Rational& epsilon) const {
    const bool same_inputs = premise.inputs == Inputs{} || premise.inputs == claim_.inputs;
    return premise.epsilon <= epsilon && same_inputs ? ok() : Status(too_weak());
  }

  Status check_mlp(std::size_t i, const MlpSublayer& mlp, const NeuronHeads& heads) {
    if (layer_ >= claim_.layers.size() || claim_.layers[layer_].name != mlp.name) {
      return wrong_layers();
    }
    const LayerClaim& claim = claim_.layers[layer_++];
    ATTNCERT_CHECK(check_error(i, mlp.name, claim.epsilon));
    const bool same_masks = claim.omega.has_value() == heads.masks.has_value() &&
                            (!claim.omega || *claim.omega == heads.masks->omega);
    if (same_masks && claim.activation == mlp.activation && claim.approximant == heads.function &&
        claim.layout == name_of(mlp.layout) && claim.norm == mlp.norm.kind &&
        claim.norm_epsilon == mlp.norm.epsilon) {
      return ok();
    }
    return facts_differ(mlp.name);
  }

  Status check_masked(std::size_t i, const AttentionSublayer& layer, const MaskWeights& masks) {
    if (mask_ >= claim_.masks.size() || claim_.masks[mask_].name != layer.name) {
      return wrong_layers();
    }
    const MaskClaim& claim = claim_.masks[mask_++];
    ATTNCERT_CHECK(check_error(i, layer.name, claim.epsilon));
    if (claim.mask == layer.shape.mask && claim.omega == masks.omega) return ok();
    return facts_differ(layer.name);
  }

  Status check_rounded(const Perturbation& premise, const std::string& name) {
    if (rounded_ >= claim_.rounded.size() || claim_.rounded[rounded_].name != name ||
        premise.layer != name) {
      return wrong_layers();
    }
    return check_bound(premise, claim_.rounded[rounded_++].epsilon);
  }

  const Model& original_;
  const Model& converted_;
  const Premises& premises_;
  const ConversionError& claim_;
  std::size_t layer_ = 0;
  std::size_t mask_ = 0;
  std::size_t rounded_ = 0;
};

// What a conversion claims when every MLP is exact, over every input.
ConversionError exact_claim(const Identity& identity, const Network& original,
                            const Network& converted) {
  ConversionError claim{identity.original, identity.converted, {}, {}, {}, {}, 0};
  for (std::size_t i = 0; i < original.sublayers.size() && i < converted.sublayers.size(); ++i) {
    const auto* mlp = std::get_if<MlpSublayer>(&original.sublayers[i]);
    const auto* heads = std::get_if<NeuronHeads>(&converted.sublayers[i]);
    if (mlp == nullptr || heads == nullptr) continue;
    claim.layers.push_back({mlp->name,
                            mlp->activation,
                            heads->function,
                            std::string(name_of(mlp->layout)),
                            mlp->norm.kind,
                            mlp->norm.epsilon,
                            0,
                            {}});
  }
  return claim;
}

}  // namespace

Status every_layer(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  const auto check = [&](const ConversionError& claim) -> Status {
    if (claim.original != original->hashes || claim.converted != converted->hashes) {
      return fail(ErrorCode::SubjectMismatch, "the conclusion is about other files");
    }
    return Sublayers(*original, *converted, premises, claim).check();
  };
  if (const auto* identity = std::get_if<Identity>(&step.conclusion)) {
    return check(exact_claim(*identity, original->network, converted->network));
  }
  ATTNCERT_TRY(const ConversionError* goal, conclusion_as<ConversionError>(step));
  return check(*goal);
}

}  // namespace attncert::rules
