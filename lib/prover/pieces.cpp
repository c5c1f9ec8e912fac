#include "attncert/prover/pieces.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/model/approximate.hpp"

namespace attncert {
namespace {

constexpr std::size_t kMaxPieces = 200000;
constexpr int kMaxHalvings = 110;
constexpr int kHalvingsBeforeUndefined = 45;

bool is_undefinedness(ErrorCode code) {
  return code == ErrorCode::DivisorContainsZero || code == ErrorCode::SqrtOfNegative ||
         code == ErrorCode::LogOfNonPositive;
}

struct Open {
  Rational lower;
  Rational upper;
  int depth = 0;
};

class Search {
public:
  Search(Context& context, const PieceSearch& search, const Rational& epsilon,
         const Difference& difference)
      : context_(context),
        search_(search),
        epsilon_(epsilon),
        tightened_(with_slack(epsilon, search.precision)),
        difference_(difference) {}

  std::variant<std::vector<Step>, PieceFailure> run() {
    start();
    for (std::size_t attempts = 0; !open_.empty(); ++attempts) {
      const Open piece = open_.back();
      open_.pop_back();
      Error error{ErrorCode::BoundExceeded, ""};
      if (prove(piece, error)) {
        report(piece);
        continue;
      }
      if (auto failure = give_up(piece, error, attempts)) return *failure;
      split(piece);
    }
    return std::move(steps_);
  }

private:
  // Kinks of the activation zoo sit at 0, so pieces end there.
  void start() {
    if (search_.lower < 0 && search_.upper > 0) {
      open_.push_back({0, search_.upper});
      open_.push_back({search_.lower, 0});
    } else {
      open_.push_back({search_.lower, search_.upper});
    }
  }

  void report(const Open& piece) const {
    if (!search_.progress) return;
    const Rational share = (piece.upper - search_.lower) / (search_.upper - search_.lower);
    search_.progress(static_cast<double>(share), steps_.size());
  }

  const Rational* centre_in(const Open& piece) const {
    for (const Rational& centre : search_.centres) {
      if (piece.lower <= centre && centre <= piece.upper) return &centre;
    }
    return nullptr;
  }

  bool prove(const Open& piece, Error& error) {
    const Domain domain{piece.lower, piece.upper};
    if (search_.well_defined_only) {
      return accept(Rule::well_defined, WellDefined{search_.pair, domain}, {}, error);
    }
    const Rational* peak = centre_in(piece);
    const Rational centre = peak != nullptr ? *peak : Rational((piece.lower + piece.upper) / 2);
    const SupError goal{search_.pair, domain, tightened_};
    if (accept(Rule::taylor, goal, centre, error)) return true;
    if (error.code != ErrorCode::NotDifferentiable) return false;
    if (accept(Rule::mean_value, goal, centre, error)) return true;
    return error.code == ErrorCode::NotDifferentiable && accept(Rule::enclose, goal, {}, error);
  }

  bool accept(Rule rule, const Judgement& goal, const std::optional<Rational>& centre,
              Error& error) {
    Step step;
    step.rule = rule;
    step.precision = search_.precision;
    if (shape_of(rule).order) step.order = search_.order;
    if (shape_of(rule).centre) step.centre = centre;
    step.conclusion = goal;
    if (Status status = check_step(context_, step, {}); !status) {
      error = status.error();
      return false;
    }
    if (auto* bound = std::get_if<SupError>(&step.conclusion)) bound->epsilon = epsilon_;
    steps_.push_back(std::move(step));
    return true;
  }

  std::optional<PieceFailure> give_up(const Open& piece, const Error& error,
                                      std::size_t attempts) const {
    const Rational middle = (piece.lower + piece.upper) / 2;
    if (is_undefinedness(error.code)) {
      if (piece.depth < kHalvingsBeforeUndefined && piece.lower < piece.upper) {
        return std::nullopt;
      }
      return PieceFailure{PieceFailure::Kind::undefined, middle, error};
    }
    if (!search_.well_defined_only && approx_magnitude(difference_, static_cast<double>(middle)) >
                                          static_cast<double>(epsilon_)) {
      const Peak peak = PeakFinder(difference_, search_.precision, 25).at(middle);
      if (peak.value > epsilon_) return PieceFailure{PieceFailure::Kind::above, middle, error};
    }
    if (piece.depth < kMaxHalvings && piece.lower < piece.upper && steps_.size() < kMaxPieces &&
        attempts < search_.max_attempts) {
      return std::nullopt;
    }
    return PieceFailure{PieceFailure::Kind::exhausted, middle, error};
  }

  // A peak stays well inside its piece; elsewhere halves.
  void split(const Open& piece) {
    const Rational width = piece.upper - piece.lower;
    std::vector<Rational> cuts;
    if (const Rational* peak = centre_in(piece)) {
      for (const Rational& cut : {Rational(*peak + width / 4), Rational(*peak - width / 4)}) {
        const Rational rounded = shorten(cut, width);
        if (rounded - piece.lower > width / 16 && piece.upper - rounded > width / 16) {
          cuts.push_back(rounded);
        }
      }
    }
    if (cuts.empty()) cuts.push_back(shorten(Rational((piece.lower + piece.upper) / 2), width));
    Rational upper = piece.upper;
    for (const Rational& cut : cuts) {  // from right to left, so that the leftmost comes next
      open_.push_back({cut, upper, piece.depth + 1});
      upper = cut;
    }
    open_.push_back({piece.lower, upper, piece.depth + 1});
  }

  // The nearest multiple of a power of two about width / 256: short in print.
  static Rational shorten(const Rational& x, const Rational& width) {
    const int bits = static_cast<int>(boost::multiprecision::msb(numerator(width))) -
                     static_cast<int>(boost::multiprecision::msb(denominator(width)));
    const Rational unit = power_of_two(bits - 8);
    const Rational scaled = x / unit + Rational(1, 2);
    Integer whole = numerator(scaled) / denominator(scaled);
    if (scaled < 0 && Rational(whole) != scaled) --whole;
    return Rational(whole) * unit;
  }

  Context& context_;
  const PieceSearch& search_;
  Rational epsilon_;
  Rational tightened_;
  const Difference& difference_;
  std::vector<Open> open_;
  std::vector<Step> steps_;
};

}  // namespace

Rational with_slack(const Rational& epsilon, Precision precision) {
  return Rational(epsilon * (1 - power_of_two(9 - static_cast<int>(precision))));
}

std::variant<std::vector<Step>, PieceFailure> prove_pieces(Context& context,
                                                           const PieceSearch& search,
                                                           const Rational& epsilon) {
  const auto difference = context.difference(search.pair);
  if (!difference) {
    return PieceFailure{PieceFailure::Kind::exhausted, search.lower, difference.error()};
  }
  return Search(context, search, epsilon, *difference.value()).run();
}

}  // namespace attncert
