#include "attncert/prover/supremum.hpp"

#include <algorithm>
#include <cmath>

#include "problem.hpp"

namespace attncert {
namespace {

constexpr Precision kLeastPrecision = 96;
constexpr Precision kGreatestPrecision = 1024;
constexpr Precision kLoosePrecision = 192;
constexpr long kLooseOrder = 16;
constexpr int kMaxRounds = 60;
constexpr int kMaxEscalations = 4;

int digits_for(const Rational& gap) { return std::max(kDecimalDigits, 6 - decimal_exponent(gap)); }

Precision precision_for(const Rational& gap) {
  const double bits = -decimal_exponent(gap) * 3.3219280948873626;
  return std::clamp(static_cast<Precision>(bits) + 64, kLeastPrecision, kGreatestPrecision);
}

Error undefined(const PieceFailure& failure) {
  return fail(failure.error.code,
              "not defined near x = " + to_scientific(failure.at, 6, Direction::down) + ": " +
                  failure.error.message + "; choose a --domain where both functions are defined");
}

// What is really proved: SiLU(kx)/k against ReLU is proved for k = 1, and scaled.
struct Task {
  Pair pair;
  Domain domain;
  Pair base;
  Rational k = 1;

  Task(const Pair& of, const Domain& over) : pair(of), domain(over), base(of) {
    constexpr std::string_view prefix = "silu:k=";
    const bool relu_first = pair.target == "relu";
    const std::string& other = relu_first ? pair.approximant : pair.target;
    if ((!relu_first && pair.approximant != "relu") || !other.starts_with(prefix)) return;
    const auto scale = parse_rational(std::string_view(other).substr(prefix.size()));
    if (!scale || scale.value() <= 0) return;
    k = scale.value();
    base = relu_first ? Pair{"relu", "silu"} : Pair{"silu", "relu"};
  }

  bool is_scaled() const { return base != pair; }
  Domain base_domain() const { return domain.scaled(k); }

  Certificate finish(const Rational& epsilon, Problem::Proof proof) const {
    if (is_scaled()) {
      proof.end = proof.derivation.add(Rule::scale, SupError{pair, domain, epsilon}, {proof.end});
    }
    return std::move(proof.derivation).finish(proof.end);
  }
};

// Peaks, best first, kept in order as better ones are met.
class Frontier {
public:
  explicit Frontier(std::vector<Peak> peaks) : peaks_(std::move(peaks)) {}
  const std::vector<Peak>& peaks() const { return peaks_; }
  const Peak& best() const { return peaks_.front(); }
  /// Whether the new peak is the best.
  bool add(const Peak& peak) {
    const bool best_so_far = peak.value > best().value;
    peaks_.insert(best_so_far ? peaks_.begin() : peaks_.end(), peak);
    return best_so_far;
  }

private:
  std::vector<Peak> peaks_;
};

struct Effort {
  Precision precision;
  long order = 8;
  int round = 0;

  void escalate() {
    precision = std::min(2 * precision, kGreatestPrecision);
    order = std::min(order + 8, 40L);
    ++round;
  }
};

// ---- bound -------------------------------------------------------------------------------------

struct Enclosed {
  Rational epsilon;
  Peak best;
  Problem::Proof proof;
};

// Proves epsilon = best (1 + gap / 2), climbing whenever a piece turns out to be higher.
std::optional<Result<Enclosed>> enclose_at(Problem& problem, const Rational& gap,
                                           const Effort& effort, std::vector<Peak> peaks) {
  const int digits = digits_for(gap);
  problem.set_effort(effort.order, 1000000);
  Frontier frontier(std::move(peaks));
  for (int round = 0; round < kMaxRounds && frontier.best().value > 0; ++round) {
    const Rational epsilon =
        round_decimal(frontier.best().value * (1 + gap / 2), digits, Direction::up);
    auto attempt = problem.prove(epsilon, frontier.peaks());
    if (auto* proof = std::get_if<Problem::Proof>(&attempt)) {
      return Result<Enclosed>(Enclosed{epsilon, frontier.best(), std::move(*proof)});
    }
    const auto& failure = std::get<PieceFailure>(attempt);
    if (failure.kind == PieceFailure::Kind::undefined) return Result<Enclosed>(undefined(failure));
    if (failure.kind == PieceFailure::Kind::exhausted) return std::nullopt;
    if (!frontier.add(problem.climb_from(failure.at, digits)) &&
        !frontier.add(problem.value_at(failure.at))) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// Powers of ten, ever smaller, as far as modest effort goes: for functions that agree too closely
// for the search to see their difference.
Result<Enclosed> enclose_loosely(Problem& problem, const Peak& best) {
  constexpr std::size_t modest = 3000;
  constexpr int step = 3;
  constexpr int least_exponent = -30;
  problem.set_precision(kLoosePrecision);
  problem.set_effort(kLooseOrder, modest);
  std::optional<Enclosed> found;
  const int start = decimal_exponent(problem.scale_at(best.at)) + step;
  for (int exponent = start; exponent >= start + least_exponent; exponent -= step) {
    const Rational epsilon = power_of_ten(exponent);
    if (epsilon < best.value) break;
    auto attempt = problem.prove(epsilon, {});
    auto* proof = std::get_if<Problem::Proof>(&attempt);
    if (proof == nullptr) break;
    found = Enclosed{epsilon, best, std::move(*proof)};
  }
  if (found) return std::move(*found);
  return fail(ErrorCode::BoundExceeded,
              "no bound was proved within the effort allowed: choose a smaller --domain");
}

// The two functions agree to about what double can tell.
bool is_invisible(const Problem& problem, const Peak& best) {
  return best.value < power_of_ten(-13) * problem.scale_at(best.at);
}

Result<Enclosed> enclose_supremum(Problem& problem, const Rational& gap) {
  Effort effort{precision_for(gap)};
  problem.set_precision(effort.precision);
  std::vector<Peak> peaks = problem.peaks(digits_for(gap), effort.round);
  const Peak first = peaks.front();
  for (int i = 0; i < kMaxEscalations && !is_invisible(problem, first); ++i) {
    if (auto result = enclose_at(problem, gap, effort, std::move(peaks))) return std::move(*result);
    effort.escalate();
    problem.set_precision(effort.precision);
    peaks = problem.peaks(digits_for(gap), effort.round);
  }
  return enclose_loosely(problem, first);
}

Result<SupremumBound> equal_bound(Problem& problem) {
  auto attempt = problem.prove_equal();
  if (const auto* failure = std::get_if<PieceFailure>(&attempt)) {
    if (failure->kind == PieceFailure::Kind::undefined) return undefined(*failure);
    return failure->error;
  }
  auto& proof = std::get<Problem::Proof>(attempt);
  SupremumBound result;
  result.kind = SupremumBound::Kind::equal;
  result.pieces = proof.pieces;
  result.above = std::move(proof.derivation).finish(proof.end);
  return result;
}

}  // namespace

Result<SupremumBound> bound_supremum(const Pair& pair, const Domain& domain, const Rational& gap,
                                     const Progress& progress) {
  const Task task(pair, domain);
  ATTNCERT_TRY(Problem problem, Problem::make(task.base, task.base_domain(), progress));
  if (problem.is_unbounded()) {
    SupremumBound result;
    result.kind = SupremumBound::Kind::unbounded;
    result.above = problem.divergence();
    return result;
  }
  if (problem.is_identical()) return equal_bound(problem);
  if (const auto failure = problem.find_undefined()) return undefined(*failure);
  ATTNCERT_TRY(Enclosed found, enclose_supremum(problem, gap));
  SupremumBound result;
  const int digits = digits_for(gap);
  result.pieces = found.proof.pieces;
  result.upper = round_decimal(found.epsilon / task.k, digits, Direction::up);
  ATTNCERT_TRY(Problem own, Problem::make(pair, domain, {}));
  own.set_precision(std::max(precision_for(gap), Precision{128}));
  const Rational witness = round_decimal(found.best.at / task.k, digits, Direction::down);
  const Peak peak = own.value_at(domain.contains(witness) ? witness : found.best.at / task.k);
  result.witness = peak.at;
  result.lower =
      round_decimal(with_slack(peak.value, std::max(precision_for(gap), Precision{128}) - 2),
                    digits + 2, Direction::down);
  result.gap_reached = result.upper <= result.lower * (1 + gap);
  if (result.lower > 0) result.below = own.lower_bound(peak.at, result.lower);
  result.above = task.finish(result.upper, std::move(found.proof));
  return result;
}

// ---- certify -----------------------------------------------------------------------------------

namespace {

// The witness proves sup |d| >= epsilon at some precision, or the refutation is not claimed.
CertifyOutcome refuted(const Task& task, const Peak& peak, const Rational& epsilon) {
  CertifyOutcome outcome;
  outcome.witness = Rational(peak.at / task.k);
  outcome.lower = peak.value / task.k;
  Rational claimed = round_decimal(outcome.lower, kDecimalDigits, Direction::down);
  if (claimed <= epsilon) claimed = round_decimal(outcome.lower, 100, Direction::down);
  auto own = Problem::make(task.pair, task.domain, {});
  if (!own || claimed <= epsilon) return outcome;
  for (Precision precision = 128; precision <= kGreatestPrecision; precision *= 2) {
    own.value().set_precision(precision);
    Certificate certificate = own.value().lower_bound(*outcome.witness, claimed);
    if (check_certificate(write_certificate(certificate), ".").refusal) continue;
    outcome.kind = CertifyOutcome::Kind::refuted;
    outcome.certificate = std::move(certificate);
    break;
  }
  return outcome;
}

// How much room epsilon leaves above the best known value.
Rational room(const Rational& epsilon, const Rational& best) {
  if (best <= 0 || epsilon > 2 * best) return 1;
  return std::max(Rational((epsilon - best) / best), power_of_ten(-200));
}

Result<CertifyOutcome> certify_bounded(const Task& task, Problem& problem,
                                       const Rational& epsilon) {
  const Rational base_epsilon(epsilon * task.k);
  Effort effort{kLeastPrecision};
  Peak best{0, 0};
  for (int i = 0; i < kMaxEscalations; ++i, effort.escalate()) {
    problem.set_precision(effort.precision);
    problem.set_effort(effort.order, 1000000);
    const std::vector<Peak> peaks = problem.peaks(2 * kDecimalDigits, effort.round);
    best = peaks.front();
    if (best.value > base_epsilon) return refuted(task, best, epsilon);
    problem.set_precision(
        std::max(effort.precision, precision_for(room(base_epsilon, best.value))));
    auto attempt = problem.prove(base_epsilon, peaks);
    if (auto* proof = std::get_if<Problem::Proof>(&attempt)) {
      CertifyOutcome outcome;
      outcome.kind = CertifyOutcome::Kind::proved;
      outcome.pieces = proof->pieces;
      outcome.lower = best.value / task.k;
      outcome.certificate = task.finish(epsilon, std::move(*proof));
      return outcome;
    }
    const auto& failure = std::get<PieceFailure>(attempt);
    if (failure.kind == PieceFailure::Kind::undefined) return undefined(failure);
    if (failure.kind == PieceFailure::Kind::above) {
      return refuted(task, problem.value_at(failure.at), epsilon);
    }
  }
  CertifyOutcome outcome;
  outcome.lower = best.value / task.k;
  outcome.witness = Rational(best.at / task.k);
  return outcome;
}

Result<CertifyOutcome> certify_equal(const Task& task, Problem& problem, const Rational& epsilon) {
  ATTNCERT_TRY(SupremumBound equal, equal_bound(problem));
  CertifyOutcome outcome;
  outcome.kind = CertifyOutcome::Kind::proved;
  outcome.pieces = equal.pieces;
  Certificate& certificate = equal.above;
  Step weaken;
  weaken.number = certificate.end + 1;
  weaken.rule = Rule::weaken;
  weaken.premises = {certificate.end};
  weaken.conclusion = SupError{task.pair, task.domain, epsilon};
  certificate.claim = weaken.conclusion;
  certificate.end = weaken.number;
  certificate.steps.push_back(std::move(weaken));
  outcome.certificate = std::move(certificate);
  return outcome;
}

}  // namespace

Result<CertifyOutcome> certify_supremum(const Pair& pair, const Domain& domain,
                                        const Rational& epsilon, const Progress& progress) {
  const Task task(pair, domain);
  ATTNCERT_TRY(Problem problem, Problem::make(task.base, task.base_domain(), progress));
  if (problem.is_unbounded()) {
    CertifyOutcome outcome;
    outcome.kind = CertifyOutcome::Kind::unbounded;
    outcome.certificate = problem.divergence();
    return outcome;
  }
  if (problem.is_identical()) return certify_equal(task, problem, epsilon);
  if (const auto failure = problem.find_undefined()) return undefined(*failure);
  return certify_bounded(task, problem, epsilon);
}

}  // namespace attncert
