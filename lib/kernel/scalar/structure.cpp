// Rules cover, even, scale, identical, weaken: from proved bounds to others, without arithmetic on
// functions.
#include "../rules.hpp"
#include "attncert/expression/parity.hpp"

namespace attncert::rules {
namespace {

Error domain_mismatch() {
  return fail(ErrorCode::DomainMismatch, "the premises' domains do not give the conclusion's");
}

Error too_weak() {
  return fail(ErrorCode::PremiseTooWeak, "a premise's epsilon is above the conclusion's");
}

// [a0, a1], [a1, a2], ..., each end exactly the next beginning.
template <class J>
Status check_adjacent(const Premises& premises, const Pair& pair, const Domain& whole) {
  for (std::size_t i = 0; i < premises.size(); ++i) {
    ATTNCERT_TRY(const J* piece, premise_as<J>(premises, i));
    if (piece->pair != pair) return pair_mismatch();
    if (i == 0) {
      if (piece->domain.lower != whole.lower) return domain_mismatch();
      continue;
    }
    const Domain& before = std::get<J>(premises[i - 1]).domain;
    if (!before.upper || before.upper != piece->domain.lower) {
      return fail(ErrorCode::PiecesNotAdjacent,
                  "premise " + std::to_string(i + 1) + " does not begin where the one before ends");
    }
  }
  if (std::get<J>(premises.back()).domain.upper != whole.upper) return domain_mismatch();
  return ok();
}

// The pair as SiLU(kx)/k against ReLU, k > 0, in either order; k = 1 for plain SiLU.
Result<Rational> relu_scale(const Pair& pair) {
  const bool relu_first = pair.target == "relu";
  const std::string& other = relu_first ? pair.approximant : pair.target;
  const bool has_relu = relu_first || pair.approximant == "relu";
  if (has_relu && other == "silu") return Rational(1);
  constexpr std::string_view prefix = "silu:k=";
  if (has_relu && other.starts_with(prefix)) {
    ATTNCERT_TRY(Rational k, parse_rational(std::string_view(other).substr(prefix.size())));
    if (k > 0) return k;
  }
  return fail(ErrorCode::NotScalable, "scaling holds for SiLU(kx)/k against ReLU with k > 0 only");
}

}  // namespace

Status cover(Context& /*context*/, const Step& step, const Premises& premises) {
  if (premises.empty()) return premise_count();
  if (const auto* goal = std::get_if<WellDefined>(&step.conclusion)) {
    return check_adjacent<WellDefined>(premises, goal->pair, goal->domain);
  }
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  ATTNCERT_CHECK(check_adjacent<SupError>(premises, goal->pair, goal->domain));
  for (const Judgement& premise : premises) {
    if (std::get<SupError>(premise).epsilon > goal->epsilon) return too_weak();
  }
  return ok();
}

// |d(-x)| = |d(x)|.
Status even(Context& context, const Step& step, const Premises& premises) {
  if (premises.size() != 1) return premise_count();
  ATTNCERT_TRY(const SupError* half, premise_as<SupError>(premises, 0));
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  if (half->pair != goal->pair) return pair_mismatch();
  if (half->domain.mirrored() != goal->domain) return domain_mismatch();
  if (half->epsilon > goal->epsilon) return too_weak();
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  if (is_even_in_magnitude(d->program, d->difference)) return ok();
  return fail(ErrorCode::ParityNotProved, "the difference's symmetry does not follow by syntax");
}

// With d_k(x) = SiLU(kx)/k - ReLU(x): d_k(x) = d_j(y) j / k at y = k x / j.
Status scale(Context& /*context*/, const Step& step, const Premises& premises) {
  if (premises.size() != 1) return premise_count();
  ATTNCERT_TRY(const SupError* known, premise_as<SupError>(premises, 0));
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  ATTNCERT_TRY(const Rational from, relu_scale(known->pair));
  ATTNCERT_TRY(const Rational to, relu_scale(goal->pair));
  const Rational ratio(to / from);
  if (!known->domain.contains(goal->domain.scaled(ratio))) return domain_mismatch();
  if (known->epsilon > goal->epsilon * ratio) return too_weak();
  return ok();
}

// The same term twice: the difference is 0 wherever it is defined.
Status identical(Context& context, const Step& step, const Premises& premises) {
  if (premises.size() != 1) return premise_count();
  ATTNCERT_TRY(const WellDefined* defined, premise_as<WellDefined>(premises, 0));
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  if (defined->pair != goal->pair) return pair_mismatch();
  if (!defined->domain.contains(goal->domain)) return domain_mismatch();
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  if (d->target == d->approximant) return ok();
  return fail(ErrorCode::NotIdentical, "the two functions are not the same term");
}

Status weaken(Context& /*context*/, const Step& step, const Premises& premises) {
  if (premises.size() != 1) return premise_count();
  if (const auto* known = std::get_if<Unbounded>(&premises[0])) {
    ATTNCERT_TRY(const Unbounded* goal, conclusion_as<Unbounded>(step));
    if (known->pair != goal->pair) return pair_mismatch();
    return goal->domain.contains(known->domain) ? ok() : Status(domain_mismatch());
  }
  if (const auto* known = std::get_if<LowerBound>(&premises[0])) {
    ATTNCERT_TRY(const LowerBound* goal, conclusion_as<LowerBound>(step));
    if (known->pair != goal->pair) return pair_mismatch();
    if (!goal->domain.contains(known->domain)) return domain_mismatch();
    return known->epsilon >= goal->epsilon ? ok() : Status(too_weak());
  }
  ATTNCERT_TRY(const SupError* known, premise_as<SupError>(premises, 0));
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  if (known->pair != goal->pair) return pair_mismatch();
  if (!known->domain.contains(goal->domain)) return domain_mismatch();
  return known->epsilon <= goal->epsilon ? ok() : Status(too_weak());
}

}  // namespace attncert::rules
