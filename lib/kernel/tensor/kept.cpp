// Sublayers that a conversion keeps as they are.
#include "same.hpp"

namespace attncert::rules {
namespace {

Error differ(const std::string& name) {
  return fail(ErrorCode::LayerFactsMismatch,
              "sublayer '" + name + "' is no heads, and not the original's either");
}

// Compares a sublayer with another one of its kind.
class Kept {
public:
  Kept(const Model& original, const Model& converted)
      : original_(original), converted_(converted), width_(original.network.d_model) {}

  Status check(const AttentionSublayer& a, const AttentionSublayer& b) const {
    if (a.layout != b.layout || a.shape != b.shape ||
        a.projections.size() != b.projections.size()) {
      return differ(a.name);
    }
    ATTNCERT_CHECK(check_same_norm(original_, a.norm, converted_, b.norm));
    const long inner = a.shape.n_head * a.shape.d_head;
    const long shared = a.shape.n_kv_head * a.shape.d_head;
    const std::vector<long> outputs = a.projections.size() == 1
                                          ? std::vector<long>{3 * inner}
                                          : std::vector<long>{inner, shared, shared};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      ATTNCERT_CHECK(check_map(a.projections[i], b.projections[i], a.layout, outputs[i], width_));
    }
    return check_map(a.out, b.out, a.layout, width_, inner);
  }

  Status check(const MlpSublayer& a, const MlpSublayer& b) const {
    if (a.layout != b.layout || a.d_mlp != b.d_mlp || a.activation != b.activation ||
        a.gate.has_value() != b.gate.has_value()) {
      return differ(a.name);
    }
    ATTNCERT_CHECK(check_same_norm(original_, a.norm, converted_, b.norm));
    ATTNCERT_CHECK(check_map(a.in, b.in, a.layout, a.d_mlp, width_));
    if (a.gate) {
      ATTNCERT_CHECK(check_map(*a.gate, *b.gate, a.layout, a.d_mlp, width_));
    }
    return check_map(a.out, b.out, a.layout, width_, a.d_mlp);
  }

  Status check(const LinearSublayer& a, const LinearSublayer& b) const {
    if (a.layout != b.layout) return differ(a.name);
    ATTNCERT_CHECK(check_same_norm(original_, a.norm, converted_, b.norm));
    return check_map(a.map, b.map, a.layout, width_, width_);
  }

  // Heads are no sublayers of originals, and other kinds are no copies.
  template <class A, class B>
  Status check(const A& a, const B&) const {
    return differ(a.name);
  }

private:
  Status check_map(const AffineMap& a, const AffineMap& b, Layout layout, long outputs,
                   long inputs) const {
    return check_same_affine(original_, a, converted_, b, layout, outputs, inputs);
  }

  const Model& original_;
  const Model& converted_;
  long width_;
};

}  // namespace

Status check_kept(const Model& original, const Sublayer& before, const Model& converted,
                  const Sublayer& after) {
  const Kept kept(original, converted);
  return std::visit([&](const auto& a, const auto& b) { return kept.check(a, b); }, before, after);
}

}  // namespace attncert::rules
