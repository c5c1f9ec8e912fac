#include "problem.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/expression/parity.hpp"
#include "attncert/expression/taylor.hpp"
#include "attncert/model/approximate.hpp"

namespace attncert {
namespace {

// How far to search when a side is unbounded.
Rational reach(const Rational& start, int round) {
  return std::max(Rational(64), Rational(4 * start)) * power_of_two(2 * round);
}

Judgement on(const Judgement& goal, const Domain& domain) {
  Judgement result = goal;
  std::visit(
      [&](auto& judgement) {
        if constexpr (requires { judgement.domain; }) judgement.domain = domain;
      },
      result);
  return result;
}

}  // namespace

Problem::Problem(Pair pair, Domain domain, Progress progress)
    : pair_(std::move(pair)),
      domain_(std::move(domain)),
      progress_(std::move(progress)),
      context_(Subjects{}) {}

Result<Problem> Problem::make(const Pair& pair, const Domain& domain, Progress progress) {
  const Rational greatest = power_of_ten(40);
  for (const auto& end : {domain.lower, domain.upper}) {
    if (end && abs(*end) > greatest) {
      return fail(ErrorCode::NumberTooLong,
                  "domains that reach beyond 1e40 are not supported: use --domain all");
    }
  }
  Problem problem(pair, domain, std::move(progress));
  ATTNCERT_TRY(problem.difference_, problem.context_.difference(pair));
  const Difference& d = *problem.difference_;
  problem.symmetric_ = domain == domain.mirrored() && domain.lower != domain.upper &&
                       is_even_in_magnitude(d.program, d.difference);
  if (!domain.lower && !domain.upper) {
    problem.symmetric_ = is_even_in_magnitude(d.program, d.difference);
  }
  ATTNCERT_CHECK(problem.look_at_infinity());
  return problem;
}

Status Problem::look_at_infinity() {
  for (const auto side : {HalfLine::Side::left, HalfLine::Side::right}) {
    const bool left = side == HalfLine::Side::left;
    if (left ? domain_.lower.has_value() : domain_.upper.has_value()) continue;
    ATTNCERT_TRY(const TailStart start, first_tail(*difference_, side, precision_));
    (left ? left_ : right_) = start.from;
    if (!start.diverges) continue;
    divergent_ =
        left ? Domain{std::nullopt, Rational(-start.from)} : Domain{start.from, std::nullopt};
  }
  return ok();
}

std::vector<Peak> Problem::peaks(int digits, int round) const {
  const PeakFinder finder(*difference_, precision_, digits);
  const Rational left = symmetric_ ? Rational(0) : Rational(-reach(left_, round));
  return finder.search(domain_.lower && !symmetric_ ? *domain_.lower : left,
                       domain_.upper ? *domain_.upper : reach(right_, round));
}

Peak Problem::climb_from(const Rational& x, int digits) const {
  const PeakFinder finder(*difference_, precision_, digits);
  const double at = static_cast<double>(x);
  const double step = std::max(std::fabs(at) / 64, 1e-12);
  return finder.climb(at, step, domain_.lower.value_or(Rational(x - 1)),
                      domain_.upper.value_or(Rational(x + 1)));
}

Peak Problem::value_at(const Rational& x) const {
  return PeakFinder(*difference_, precision_, kDecimalDigits).at(x);
}

Rational Problem::scale_at(const Rational& x) const {
  const double at = static_cast<double>(x);
  const double sum = std::fabs(ApproxEvaluator(difference_->program, difference_->target)(at)) +
                     std::fabs(ApproxEvaluator(difference_->program, difference_->approximant)(at));
  return std::isfinite(sum) && sum > 0 ? Rational(sum) : Rational(1);
}

std::optional<PieceFailure> Problem::find_undefined() {
  auto attempt = prove_whole(WellDefined{pair_, domain_}, {});
  auto* failure = std::get_if<PieceFailure>(&attempt);
  if (failure == nullptr || failure->kind != PieceFailure::Kind::undefined) return std::nullopt;
  return *failure;
}

Certificate Problem::divergence() const {
  Derivation derivation;
  long end = derivation.add(Rule::divergence, Unbounded{pair_, *divergent_}, {}, precision_);
  if (*divergent_ != domain_) end = derivation.add(Rule::weaken, Unbounded{pair_, domain_}, {end});
  return std::move(derivation).finish(end);
}

PointValue Problem::evaluate_at(const Rational& x) const {
  const auto value =
      evaluate(difference_->program, difference_->difference, enclose(x, precision_), precision_);
  const Rational lower = lower_rational(value.value());
  const Rational upper = upper_rational(value.value());
  const Rational slack = power_of_two(8 - static_cast<int>(precision_));
  const int digits = std::max(kDecimalDigits, static_cast<int>(precision_ * 3 / 10) + 2);
  return {pair_, x, round_decimal(lower - abs(lower) * slack, digits, Direction::down),
          round_decimal(upper + abs(upper) * slack, digits, Direction::up)};
}

Certificate Problem::lower_bound(const Rational& witness, const Rational& epsilon) const {
  Derivation derivation;
  const long value = derivation.add(Rule::value, evaluate_at(witness), {}, precision_);
  const long end = derivation.add(Rule::witness, LowerBound{pair_, domain_, epsilon}, {value});
  return std::move(derivation).finish(end);
}

Problem::Attempt Problem::prove(const Rational& epsilon, const std::vector<Peak>& peaks) {
  return prove_whole(SupError{pair_, domain_, epsilon}, peaks);
}

Problem::Attempt Problem::prove_equal() {
  Attempt attempt = prove_whole(WellDefined{pair_, domain_}, {});
  if (auto* proof = std::get_if<Proof>(&attempt)) {
    proof->end = proof->derivation.add(Rule::identical, SupError{pair_, domain_, 0}, {proof->end});
  }
  return attempt;
}

// Where the bounded middle ends on one side.
Result<Rational> Problem::middle_end(const Judgement& goal, HalfLine::Side side) const {
  const bool left = side == HalfLine::Side::left;
  const auto& end = left ? domain_.lower : domain_.upper;
  if (end) return *end;
  Rational from = left ? left_ : right_;
  if (const auto* bound = std::get_if<SupError>(&goal)) {
    ATTNCERT_TRY(from, tail_below(*difference_, side, Rational(from / 16),
                                  with_slack(bound->epsilon, precision_), precision_));
  }
  return left ? Rational(-from) : from;
}

Problem::Attempt Problem::prove_whole(const Judgement& goal, const std::vector<Peak>& peaks) {
  const auto* bound = std::get_if<SupError>(&goal);
  const bool half = symmetric_ && bound != nullptr;
  const auto upper = middle_end(goal, HalfLine::Side::right);
  const auto lower = half ? Result<Rational>(Rational(0)) : middle_end(goal, HalfLine::Side::left);
  for (const auto* end : {&lower, &upper}) {
    if (!*end) return PieceFailure{PieceFailure::Kind::exhausted, 0, end->error()};
  }
  PieceSearch search{pair_,  lower.value(),    upper.value(), {},       precision_,
                     order_, bound == nullptr, max_attempts_, progress_};
  for (const Peak& peak : peaks) {
    search.centres.push_back(half ? Rational(abs(peak.at)) : peak.at);
  }
  auto found = prove_pieces(context_, search, bound != nullptr ? bound->epsilon : Rational(0));
  if (auto* failure = std::get_if<PieceFailure>(&found)) return std::move(*failure);
  return assemble(goal, std::get<std::vector<Step>>(std::move(found)), half, search);
}

// Pieces, then tails, then the mirror image, then the cover.
Problem::Proof Problem::assemble(const Judgement& goal, std::vector<Step> steps, bool half,
                                 const PieceSearch& search) const {
  Proof proof;
  proof.pieces = steps.size();
  Derivation& derivation = proof.derivation;
  std::vector<long> parts;
  if (!half && !domain_.lower) {
    parts.push_back(
        derivation.add(Rule::tail, on(goal, {std::nullopt, search.lower}), {}, precision_));
  }
  for (Step& step : steps) parts.push_back(derivation.add(std::move(step)));
  if (!domain_.upper) {
    parts.push_back(
        derivation.add(Rule::tail, on(goal, {search.upper, std::nullopt}), {}, precision_));
  }
  const Domain right{search.lower, domain_.upper};
  const Domain covered = half ? right : domain_;
  proof.end =
      parts.size() == 1 ? parts.front() : derivation.add(Rule::cover, on(goal, covered), parts);
  if (half) {
    const long mirror =
        derivation.add(Rule::even, on(goal, right.mirrored()), {proof.end}, 0, {proof.end});
    proof.end = derivation.add(Rule::cover, on(goal, domain_), {mirror, proof.end});
  }
  return proof;
}

}  // namespace attncert
