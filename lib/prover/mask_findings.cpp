#include "mask_findings.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/core/rational.hpp"
#include "attncert/model/decimal.hpp"

namespace attncert {
namespace {

constexpr std::size_t kNamed = 5;  // rows by number, before others are counted
constexpr int kDigits = 6;

// By how much the largest number of a row stands out; 0 where none does.
double gap_of(std::span<const double> row) {
  const double top = *std::max_element(row.begin(), row.end());
  double next = -INFINITY;
  for (const double number : row) {
    if (number < top) next = std::max(next, number);
  }
  return std::isfinite(next) ? top - next : 0;
}

std::string listed(const std::vector<long>& rows) {
  std::string text = rows.size() == 1 ? "row " : "rows ";
  for (std::size_t i = 0; i < std::min(rows.size(), kNamed); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(rows[i]);
  }
  if (rows.size() > kNamed) text += " and " + std::to_string(rows.size() - kNamed) + " more";
  return text;
}

Error fully_masked(const MaskedScores& masked, const std::vector<long>& rows) {
  const bool one = rows.size() == 1;
  return fail(ErrorCode::MaskRowEmpty,
              "sublayer '" + masked.layer + "': " + listed(rows) + " of '" + masked.masks.query +
                  (one ? "' allows" : "' allow") +
                  " no token: with finite masks, as these are, softmax averages the values of all "
                  "tokens, later ones too, and with -inf it is NaN; raise what may be attended to");
}

Error too_weak(const MaskedScores& masked, long row, double gap, const Rational& needed) {
  const auto shown = [](const Rational& q) {
    return to_string(round_decimal(q, kDigits, Direction::up));
  };
  return fail(ErrorCode::MaskTooWeak,
              "sublayer '" + masked.layer +
                  "': masked tokens may get most of the weight: scores reach " +
                  shown(masked.scores) + ", row " + std::to_string(row) + " of '" +
                  masked.masks.query + "' raises allowed ones by " + shown(Rational(gap)) +
                  ", and omega must be above " + shown(needed));
}

}  // namespace

Status check_mask_rows(const Model& converted, const MaskedScores& masked) {
  const auto context = context_of(converted.network);
  if (!context) {
    return fail(ErrorCode::LayerFactsMismatch, "masks as weights need a network with a context");
  }
  const long n = *context + 1;
  ATTNCERT_TRY(const Matrix query, read_matrix(converted.weights, masked.masks.query, n, n));
  std::vector<long> empty;
  double least = INFINITY;
  long weakest = 0;
  for (long i = 0; i < *context; ++i) {
    const double gap = gap_of(query.row(i));
    if (gap == 0) empty.push_back(i);
    if (gap < least) weakest = i;
    least = std::min(least, gap);
  }
  if (!empty.empty()) return fully_masked(masked, empty);
  const double others = std::log(static_cast<double>(std::max(masked.outnumbered, 1L)));
  const Rational needed = 2 * masked.scores + Rational(others * (1 + 1e-15));
  if (Rational(least) > needed) return ok();
  return too_weak(masked, weakest, least, needed);
}

}  // namespace attncert
