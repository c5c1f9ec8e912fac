// Rule mask-error: how far an additive mask of Omega is from the mask itself.
//
// In row i, with n_S allowed and n_M masked tokens, the outputs differ by tau (v_M - v_S), the
// means' coordinates at most 2V apart, and tau = sigmoid(LSE_M - LSE_S - Omega) <= t / (1 + t) with
// t = n_M / n_S e^(2B - Omega). So the error is at most epsilon where (2V - epsilon) t <= epsilon.
#include "../rules.hpp"
#include "attncert/interval/functions.hpp"

namespace attncert::rules {

Status mask_error(Context& /*context*/, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const MaskError* goal, conclusion_as<MaskError>(step));
  ATTNCERT_TRY(const long allowed, fewest_allowed(goal->mask, goal->tokens));
  const Rational ratio(goal->tokens - allowed, allowed);  // the largest n_M / n_S
  const Rational spread(2 * goal->value_bound);
  if (ratio == 0 || spread <= goal->epsilon) return ok();
  if (goal->epsilon > 0) {
    const Rational factor((spread - goal->epsilon) / goal->epsilon * ratio);
    const Rational exponent(2 * goal->score_bound - goal->omega);
    const Interval bound = attncert::enclose(factor, step.precision) *
                           exp(attncert::enclose(exponent, step.precision), step.precision);
    if (is_bounded(bound) && is_at_most(bound, 1)) return ok();
  }
  return fail(ErrorCode::BoundExceeded, "with this omega the error may exceed the stated epsilon");
}

}  // namespace attncert::rules
