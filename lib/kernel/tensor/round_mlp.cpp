// Rule round-mlp: what computing an MLP, or the neuron heads that stand for it, rounds.
#include "round_mlp.hpp"

#include <algorithm>

#include "../rules.hpp"
#include "slope_bound.hpp"

namespace attncert::rules {
namespace {

Error unsupported(const std::string& layer, const std::string& what) {
  return fail(ErrorCode::RoundingUnsupported,
              "rounding of sublayer '" + layer + "' is not bounded: " + what);
}

// What an MLP's output map is applied to: activation(z), or sigmoid(g) u where there is a gate.
Result<InnerValues> hidden_values(const Machine& machine, const MlpSublayer& mlp,
                                  const RoundedRows& z, Precision precision) {
  Upper reach;
  for (std::size_t j = 0; j < z.size.size(); ++j) reach = max(reach, z.size[j] + z.error[j]);
  ATTNCERT_TRY(const SlopeBound slope, slope_bound(mlp.activation, reach, precision));
  InnerValues inner;
  for (std::size_t j = 0; j < z.size.size(); ++j) {
    inner.size.push_back(slope.at_zero + slope.steepest * z.size[j]);
    inner.error.push_back(slope.steepest * z.error[j] +
                          machine.activation * (z.size[j] + z.error[j] + slope.at_zero) +
                          machine.compute_tiny);
    ATTNCERT_CHECK(machine.check_size(inner.size.back() + inner.error.back(), "an activation"));
  }
  return inner;
}

// The sigmoid's slope is at most 1/4, its values lie in (0, 1), and A u is what computing it adds.
Result<InnerValues> gated_values(const Machine& machine, const RoundedRows& gate,
                                 const RoundedRows& value) {
  const Upper added = machine.activation + machine.compute_tiny;
  const Upper weight = Upper::of(1.0) + added;
  InnerValues inner;
  for (std::size_t j = 0; j < value.size.size(); ++j) {
    const Upper moved = min(weight, Upper::of(0.25) * gate.error[j] + added);
    const Upper product = weight * (value.size[j] + value.error[j]);
    inner.size.push_back(value.size[j]);
    inner.error.push_back(weight * value.error[j] + value.size[j] * moved +
                          machine.compute * product + machine.compute_tiny);
    ATTNCERT_CHECK(machine.check_size(inner.size.back() + inner.error.back(), "a gated value"));
  }
  return inner;
}

// (activation(z) V2 + b2, z = n V1 + b1), or with a gate, in the machine's numbers.
Result<MlpParts> parts_of_mlp(const Machine& machine, const Model& model, const MlpSublayer& mlp,
                              const Inputs& inputs, Precision precision) {
  if (mlp.gate && mlp.activation != "sigmoid") {
    return unsupported(mlp.name, "it is gated by " + mlp.activation);
  }
  ATTNCERT_TRY(const NormedRow row, normed_row(machine, model, mlp.norm, inputs));
  const auto rows = [&](const AffineMap& names, Affine map) -> Result<RoundedRows> {
    ATTNCERT_TRY(const StoredMap stored, stored_map(machine, model, names, std::move(map)));
    return rounded_rows(machine, row, stored);
  };
  ATTNCERT_TRY(MlpWeights weights, mlp_weights(model, mlp));
  ATTNCERT_TRY(RoundedRows in, rows(mlp.in, std::move(weights.in)));
  InnerValues inner;
  if (mlp.gate) {
    ATTNCERT_TRY(RoundedRows gate, rows(*mlp.gate, std::move(*weights.gate)));
    ATTNCERT_TRY(inner, gated_values(machine, gate, in));
    in = std::move(gate);  // the pre-activations
  } else {
    ATTNCERT_TRY(inner, hidden_values(machine, mlp, in, precision));
  }
  inner.terms = mlp.d_mlp + 1;
  ATTNCERT_TRY(StoredMap second, stored_map(machine, model, mlp.out, std::move(weights.out)));
  return MlpParts{std::move(in), std::move(inner), std::move(second)};
}

}  // namespace

Result<MlpParts> mlp_parts(const Machine& machine, const Model& model, bool converted,
                           const std::string& layer, const Inputs& inputs, Precision precision) {
  if (converted) {
    ATTNCERT_TRY(const NeuronHeads* heads, sublayer_named<NeuronHeads>(model.network, layer));
    return parts_of_heads(machine, model, *heads, inputs);
  }
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(model.network, layer));
  return parts_of_mlp(machine, model, *mlp, inputs, precision);
}

Status round_mlp(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Rounding* goal, conclusion_as<Rounding>(step));
  ATTNCERT_TRY(const Model* model, goal->converted ? context.converted() : context.original());
  ATTNCERT_TRY(const RoundingBound bound,
               mlp_rounding(*model, goal->converted, goal->layer, goal->inputs, goal->evaluation,
                            step.precision));
  if (bound.error <= goal->epsilon) return ok();
  return fail(ErrorCode::BoundExceeded,
              "rounding may move an output coordinate of " + goal->layer + " by more than stated");
}

}  // namespace attncert::rules

namespace attncert {

Result<RoundingBound> mlp_rounding(const Model& model, bool converted, const std::string& layer,
                                   const Inputs& inputs, const Evaluation& evaluation,
                                   Precision precision) {
  using namespace rules;
  const Machine machine(evaluation);
  ATTNCERT_TRY(const MlpParts parts,
               mlp_parts(machine, model, converted, layer, inputs, precision));
  return output_error(machine, parts.out, parts.inner);
}

}  // namespace attncert
