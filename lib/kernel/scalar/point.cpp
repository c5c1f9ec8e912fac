// Rules value and witness: what the difference is at one point.
#include "../rules.hpp"
#include "attncert/expression/taylor.hpp"

namespace attncert::rules {

Status value(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const PointValue* goal, conclusion_as<PointValue>(step));
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  ATTNCERT_TRY(const Interval found,
               evaluate(d->program, d->difference, attncert::enclose(goal->at, step.precision),
                        step.precision));
  if (is_at_least(found, goal->lower) && is_at_most(found, goal->upper)) return ok();
  return fail(ErrorCode::ValueNotContained, "the recomputed value is not inside the stated bounds");
}

// |d(at)| >= epsilon at one point of the domain.
Status witness(Context& /*context*/, const Step& step, const Premises& premises) {
  if (premises.size() != 1) return premise_count();
  ATTNCERT_TRY(const PointValue* point, premise_as<PointValue>(premises, 0));
  ATTNCERT_TRY(const LowerBound* goal, conclusion_as<LowerBound>(step));
  if (point->pair != goal->pair) return pair_mismatch();
  if (!goal->domain.contains(point->at)) {
    return fail(ErrorCode::WitnessOutsideDomain, "the witness lies outside the domain");
  }
  if (point->lower >= goal->epsilon || -point->upper >= goal->epsilon) return ok();
  return fail(ErrorCode::BoundExceeded,
              "the difference at the witness is below the stated epsilon");
}

}  // namespace attncert::rules
