// Rules tail and divergence: what happens towards infinity.
#include "../rules.hpp"
#include "attncert/expression/tail.hpp"

namespace attncert::rules {
namespace {

Result<HalfLine> half_line_of(const Domain& domain) {
  if (domain.lower && !domain.upper && *domain.lower > 0) {
    return HalfLine{HalfLine::Side::right, *domain.lower};
  }
  if (domain.upper && !domain.lower && *domain.upper < 0) {
    return HalfLine{HalfLine::Side::left, Rational(-*domain.upper)};
  }
  return fail(ErrorCode::HalfLineExpected,
              "the rule needs [a, inf] with a > 0, or [-inf, -a] with a > 0");
}

Result<TailBehaviour> behaviour(Context& context, const Pair& pair, const Domain& domain,
                                Precision precision) {
  ATTNCERT_TRY(const HalfLine half_line, half_line_of(domain));
  ATTNCERT_TRY(const Difference* d, context.difference(pair));
  return bound_tail(d->program, d->difference, half_line, precision);
}

}  // namespace

Status tail(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  if (const auto* goal = std::get_if<WellDefined>(&step.conclusion)) {
    ATTNCERT_CHECK(behaviour(context, goal->pair, goal->domain, step.precision));
    return ok();
  }
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  ATTNCERT_TRY(const TailBehaviour tail,
               behaviour(context, goal->pair, goal->domain, step.precision));
  if (tail.diverges) {
    return fail(ErrorCode::TailDiverges, "the difference grows without bound on the half-line");
  }
  if (is_at_most(tail.bound, goal->epsilon)) return ok();
  return fail(ErrorCode::BoundExceeded, "the recomputed bound exceeds the stated epsilon");
}

Status divergence(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Unbounded* goal, conclusion_as<Unbounded>(step));
  ATTNCERT_TRY(const TailBehaviour tail,
               behaviour(context, goal->pair, goal->domain, step.precision));
  if (tail.diverges) return ok();
  return fail(ErrorCode::TailDoesNotDiverge, "the difference stays bounded on the half-line");
}

}  // namespace attncert::rules
