// What the Arb and the MPFI competitor share: the command line, the search, the clock.
//
// The search decides only where to look, so it runs in plain double. What makes the result a proof
// is in the two programs: every piece handed to settle() is bounded with the library's enclosures,
// and branch_and_bound() keeps a piece only when settle() said yes.
#pragma once

#include <string>
#include <vector>

namespace supnorm {

/// sup over [lo, hi] of |SiLU(k x)/k - target(x)|, target GELU or (lo >= 0 only) ReLU.
struct Workload {
  bool gelu = true;
  std::string k_text;  // the exact decimal; k is for the search only
  double k = 0, lo = 0, hi = 0;
  std::string gap_text;
  double gap = 0;
  int repeat = 1;
};

/// Approximate bounds of the second derivative: they steer, they prove nothing.
struct Bend {
  double lo, hi;
};

struct Piece {
  double lo, hi;
};

/// TARGET silu:k=K LO,HI GAP [--repeat N]; exits with a one-line message on anything else.
Workload read_command_line(int argc, char** argv);

/// A point near the largest |difference|, so that the first lower bound is already the final one.
double approx_peak(const Workload& work);

/// Newton's iteration for a stationary point; stays at `start` when it does not converge.
double approx_stationary(const Workload& work, double start);

/// Working precision whose rounding errors stay well below the gap: 16 bits more than it needs.
long first_precision(const Workload& work);

/// Where the search gives up: a supremum of 0 has no relative gap.
constexpr long most_bits = 4096;
constexpr long most_visits = 100000;
int report_failure(const Workload& work);

double now_us();

struct Outcome {
  std::string lower, upper;
  long bits = 0, visited = 0;
  std::vector<Piece> pieces;  // the proof: they cover [lo, hi] and settle() accepted each
};

/// `certify_us` and `reprove_us` are medians over the repetitions; all lines read `name=value`.
void print_outcome(const Outcome& outcome, std::vector<double> certify_us,
                   std::vector<double> reprove_us);

/// True when the library P proves |difference| <= (lower bound)(1 + gap) on the piece.
template <class P>
bool prove_piece(P& prover, const Workload& work, Piece piece) {
  const double half = (piece.hi - piece.lo) / 2;
  const Bend bend = prover.bend(piece.lo, piece.hi);
  const double steepest = bend.hi > -bend.lo ? bend.hi : -bend.lo;
  // No value at the centre can rescue such a piece: split it without paying for an erf.
  if (steepest * half * half / 2 > 2 * prover.approx_lower()) return false;
  double centre = piece.lo + half;
  if (bend.hi < 0 || bend.lo > 0) {  // concave or convex: expand at the peak, if there is one
    const double peak = approx_stationary(work, centre);
    if (piece.lo <= peak && peak <= piece.hi) centre = peak;
  }
  prover.expand(centre);
  return prover.settle(piece.lo, piece.hi, centre);
}

/// False when the precision does not suffice (the pieces shrink without end).
template <class P>
bool branch_and_bound(P& prover, const Workload& work, Outcome& outcome) {
  std::vector<Piece> waiting{{work.lo, work.hi}};
  outcome.pieces.clear();
  outcome.visited = 0;
  prover.expand(approx_peak(work));
  while (!waiting.empty()) {
    const Piece piece = waiting.back();
    waiting.pop_back();
    ++outcome.visited;
    if (prove_piece(prover, work, piece)) {
      outcome.pieces.push_back(piece);
      continue;
    }
    const double middle = piece.lo + (piece.hi - piece.lo) / 2;
    const bool indivisible = middle <= piece.lo || piece.hi <= middle;
    if (indivisible || outcome.visited > most_visits) return false;
    waiting.push_back({middle, piece.hi});
    waiting.push_back({piece.lo, middle});
  }
  return true;
}

/// The pieces found once more, without the search: what a checker built on P would cost.
template <class P>
bool reprove(const Workload& work, const Outcome& outcome) {
  P prover(work, outcome.bits);
  prover.expand(approx_peak(work));
  for (const Piece& piece : outcome.pieces)
    if (!prove_piece(prover, work, piece)) return false;
  return true;
}

/// Times the whole job, from the text of k to the two bounds, `repeat` times.
template <class P>
int run(int argc, char** argv) {
  const Workload work = read_command_line(argc, argv);
  Outcome outcome;
  std::vector<double> certify_us, reprove_us;
  for (int i = 0; i < work.repeat; ++i) {
    double start = now_us();
    for (outcome.bits = first_precision(work);; outcome.bits *= 2) {
      if (outcome.bits > most_bits) return report_failure(work);
      P prover(work, outcome.bits);
      if (!branch_and_bound(prover, work, outcome)) continue;
      certify_us.push_back(now_us() - start);
      outcome.lower = prover.lower();
      outcome.upper = prover.upper();
      break;
    }
    start = now_us();
    if (!reprove<P>(work, outcome)) return report_failure(work);
    reprove_us.push_back(now_us() - start);
  }
  print_outcome(outcome, certify_us, reprove_us);
  return 0;
}

}  // namespace supnorm
