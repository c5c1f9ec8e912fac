// T6 for whole networks: masks as tensors of weights.
#include <set>

#include "attncert/construction/conversion.hpp"

namespace attncert {
namespace {

using Values = Result<std::vector<double>>;

// omega where row i may attend to row j; the bias token, last, attends itself.
template <class Allows>
PlannedTensor mask_tensor(long context, double omega, Allows allows) {
  const auto values = [context, omega, allows]() -> Values {
    const long n = context + 1;
    Matrix query(n, n);
    for (long i = 0; i < n; ++i) {
      for (long j = 0; j < n; ++j) {
        if (i == context ? j == i : allows(i, j)) query.at(i, j) = omega;
      }
    }
    return std::move(query.values);
  };
  return {{context + 1, context + 1}, NumberType::f32, values};
}

void double_values(PlannedTensor& tensor) {
  tensor.values = [once = tensor.values]() -> Values {
    ATTNCERT_TRY(std::vector<double> values, once());
    for (double& value : values) value *= 2;
    return values;
  };
}

class MaskPlanner {
public:
  MaskPlanner(PlannedModel& planned, long context, Rational omega)
      : planned_(planned), context_(context), omega_(std::move(omega)) {}

  Status operator()(TokenHeads& heads) {
    const bool causal = heads.shape.mask == "causal";
    heads.masks = MaskWeights{omega_, "mask." + heads.shape.mask};
    heads.shape.mask = "none";
    return add(heads.masks->query, [causal, context = context_](long i, long j) {
      return j != context && (!causal || j <= i);
    });
  }

  Status operator()(NeuronHeads& heads) {
    for (const Gate& gate : heads.gates) {
      if (gate.scores.size() == 1 && !heads.gated) continue;
      return fail(ErrorCode::LayerKind, "sublayer '" + heads.name +
                                            "' has gates of several scores, or a GLU's: their "
                                            "masks cannot be weights; use --masks exact");
    }
    heads.masks = MaskWeights{omega_, "mask.neuron"};
    if (heads.bias_output) double_values(planned_.tensors.at(*heads.bias_output));
    return add(heads.masks->query,
               [context = context_](long i, long j) { return j == i || j == context; });
  }

  template <class Other>
  Status operator()(const Other& other) {
    return fail(ErrorCode::LayerKind,
                "sublayer '" + other.name + "': its masks cannot be weights; use --masks exact");
  }

private:
  template <class Allows>
  Status add(const std::string& name, Allows allows) {
    if (planned_.tensors.contains(name) && named_.contains(name)) return ok();
    named_.insert(name);
    return add_tensor(planned_.tensors, name,
                      mask_tensor(context_, static_cast<double>(omega_), allows));
  }

  PlannedModel& planned_;
  long context_;
  Rational omega_;
  std::set<std::string> named_;
};

}  // namespace

Status plan_mask_weights(const Model& model, const Rational& omega, PlannedModel& planned) {
  const std::optional<long> context = context_of(model.network);
  if (!context) {
    return fail(ErrorCode::LayerFactsMismatch,
                "masks as weights need a network that reads tokens or patches");
  }
  MaskPlanner plan(planned, *context, omega);
  for (Sublayer& sublayer : planned.network.sublayers) ATTNCERT_CHECK(std::visit(plan, sublayer));
  return ok();
}

}  // namespace attncert
