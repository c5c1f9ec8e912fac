// Rules enclose, mean-value, taylor, well-defined: bounds on one bounded piece.
#include "../rules.hpp"
#include "attncert/expression/taylor.hpp"

namespace attncert::rules {
namespace {

struct Piece {
  Interval whole;
  Interval centre;
  Interval offsets;  // x - centre, x in the piece
  Interval left;     // centre - lower end >= 0
  Interval right;    // upper end - centre >= 0
};

Status check_bounded(const Domain& domain) {
  if (domain.is_bounded()) return ok();
  return fail(ErrorCode::PieceUnbounded, "the rule needs a bounded piece");
}

Result<Piece> piece_of(const Domain& domain, const Rational& centre, Precision precision) {
  ATTNCERT_CHECK(check_bounded(domain));
  if (!domain.contains(centre)) {
    return fail(ErrorCode::CentreOutsidePiece, "the centre lies outside the piece");
  }
  const Rational left(*domain.lower - centre);
  const Rational right(*domain.upper - centre);
  return Piece{attncert::enclose(*domain.lower, *domain.upper, precision),
               attncert::enclose(centre, precision), attncert::enclose(left, right, precision),
               -attncert::enclose(left, precision), attncert::enclose(right, precision)};
}

// Keeps one step's work to about a minute at the very worst.
Status check_effort(const Difference& d, unsigned order, Precision precision) {
  constexpr std::size_t greatest = 2'000'000'000;
  const std::size_t products = std::size_t{order + 1} * (order + 1);
  if (d.program.size() * products * static_cast<std::size_t>(precision) < greatest) return ok();
  return fail(ErrorCode::EffortTooLarge, "terms, order and precision are too large together");
}

Status check_bound(const Interval& bound, const Rational& epsilon) {
  if (is_bounded(bound) && is_at_most(bound, epsilon)) return ok();
  return fail(ErrorCode::BoundExceeded, "the recomputed bound exceeds the stated epsilon");
}

// The upper end bounds sup over 0 <= t <= h of a t + e t^2 for all a, e, h in the intervals.
Interval quadratic_bound(const Interval& a, const Interval& e, const Interval& h) {
  const Interval slope(a.upper(), a.upper());
  const Interval width(h.upper(), h.upper());
  const Interval zero = integer(0, precision_of(width));
  if (!(e.upper() < 0)) {  // convex: the ends
    const Interval curve(e.upper(), e.upper());
    return max(zero, (slope + curve * width) * width);
  }
  if (!(slope.upper() > 0)) return zero;
  const Interval curve = -Interval(e.upper(), e.upper());  // concave: slope t - curve t^2
  const Interval drop = curve * width;
  if (slope.lower() >= (drop + drop).upper()) return (slope - drop) * width;  // increasing up to h
  const Interval twice = curve + curve;
  return slope * slope / (twice + twice);  // the vertex
}

// sup of s (c0 + c1 t + e t^2) over the piece, s = +-1.
Interval signed_bound(const Interval& c0, const Interval& c1, const Interval& e,
                      const Piece& piece) {
  return c0 + max(quadratic_bound(c1, e, piece.right), quadratic_bound(-c1, e, piece.left));
}

}  // namespace

// Every point of the piece is evaluated at once: d(x) is in the enclosure, or something undefined
// was met.
Status enclose(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  ATTNCERT_CHECK(check_bounded(goal->domain));
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  const Interval whole =
      attncert::enclose(*goal->domain.lower, *goal->domain.upper, step.precision);
  ATTNCERT_TRY(const Interval values, evaluate(d->program, d->difference, whole, step.precision));
  return check_bound(abs(values), goal->epsilon);
}

// d(m + t) = d(m) + D t for a D among the slopes over the piece; kinks are allowed.
Status mean_value(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  ATTNCERT_TRY(const Piece piece, piece_of(goal->domain, *step.centre, step.precision));
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  ATTNCERT_CHECK(check_effort(*d, 1, step.precision));
  ATTNCERT_TRY(const PieceExpansion over_piece,
               expand_over_piece(d->program, d->difference, piece.whole, 1, step.precision));
  ATTNCERT_TRY(const Series at_centre, taylor_coefficients(d->program, d->difference, piece.centre,
                                                           0, step.precision, over_piece.branches));
  Interval bound = abs(at_centre[0]);
  if (over_piece.coefficients.size() > 1) {
    bound = bound + abs(over_piece.coefficients[1]) * abs(piece.offsets);
  }
  return check_bound(bound, goal->epsilon);
}

// d(m + t) = c0 + c1 t + E t^2 with E in c2 + c3 t + ... + C_n t^(n-2), C_n over the whole piece.
Status taylor(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  constexpr long greatest_order = 40;
  if (*step.order < 2 || *step.order > greatest_order) {
    return fail(ErrorCode::OrderOutOfRange, "taylor's order must be from 2 to 40");
  }
  const auto order = static_cast<unsigned>(*step.order);
  ATTNCERT_TRY(const SupError* goal, conclusion_as<SupError>(step));
  ATTNCERT_TRY(const Piece piece, piece_of(goal->domain, *step.centre, step.precision));
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  ATTNCERT_CHECK(check_effort(*d, order, step.precision));
  ATTNCERT_TRY(PieceExpansion over_piece,
               expand_over_piece(d->program, d->difference, piece.whole, order, step.precision));
  ATTNCERT_TRY(Series c, taylor_coefficients(d->program, d->difference, piece.centre, order - 1,
                                             step.precision, over_piece.branches));
  const Interval zero = integer(0, step.precision);
  c.resize(order, zero);
  over_piece.coefficients.resize(order + 1, zero);
  Interval e = over_piece.coefficients[order];
  for (unsigned k = order - 1; k >= 2; --k) e = c[k] + e * piece.offsets;
  ATTNCERT_CHECK(check_bound(signed_bound(c[0], c[1], e, piece), goal->epsilon));
  return check_bound(signed_bound(-c[0], -c[1], -e, piece), goal->epsilon);
}

Status well_defined(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const WellDefined* goal, conclusion_as<WellDefined>(step));
  ATTNCERT_CHECK(check_bounded(goal->domain));
  ATTNCERT_TRY(const Difference* d, context.difference(goal->pair));
  const Interval whole =
      attncert::enclose(*goal->domain.lower, *goal->domain.upper, step.precision);
  ATTNCERT_CHECK(resolve_branches(d->program, d->difference, whole, step.precision));
  return ok();
}

}  // namespace attncert::rules
