// Rules ball and box: the range of every pre-activation, from the weights alone.
#include "../rules.hpp"
#include "row_range.hpp"

namespace attncert::rules {
namespace {

Status check_ranges(Context& context, const Step& step, const PreactivationRange& goal) {
  ATTNCERT_TRY(const Model* model, context.original());
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(model->network, goal.layer));
  if (static_cast<long>(goal.ranges.size()) != mlp->d_mlp) {
    return fail(ErrorCode::RangeCount, "the number of ranges is not the number of neurons");
  }
  ATTNCERT_TRY(const Affine map, mlp_scores(*model, *mlp));
  ATTNCERT_TRY(const NormWeights norm, norm_weights(*model, mlp->norm));
  AffineRow neuron{{}, norm.shift, norm.gain};
  neuron.shift.push_back(1.0);
  for (long j = 0; j < mlp->d_mlp; ++j) {
    const auto row = map.weight.row(j);
    neuron.weight.assign(row.begin(), row.end());
    neuron.weight.push_back(map.bias[static_cast<std::size_t>(j)]);
    ATTNCERT_TRY(const Domain range, range_of(neuron, mlp->norm.kind, goal.inputs, step.precision));
    if (!goal.ranges[static_cast<std::size_t>(j)].contains(range)) {
      return fail(ErrorCode::RangeExceeded, "the range stated for neuron " + std::to_string(j) +
                                                " of " + goal.layer + " is too narrow");
    }
  }
  return ok();
}

}  // namespace

Status ball(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const PreactivationRange* goal, conclusion_as<PreactivationRange>(step));
  if (!goal->inputs.is_box()) return check_ranges(context, step, *goal);
  return fail(ErrorCode::DomainMismatch, "ball proves ranges over every input: use rule box");
}

Status box(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const PreactivationRange* goal, conclusion_as<PreactivationRange>(step));
  if (goal->inputs.is_box()) return check_ranges(context, step, *goal);
  return fail(ErrorCode::DomainMismatch, "box proves ranges over a box: use rule ball");
}

}  // namespace attncert::rules
