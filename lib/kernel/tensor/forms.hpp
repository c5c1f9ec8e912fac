// Computed rows as affine forms: a centre, first-order terms in symbols that stand for roundings, and
// a rest.
#pragma once

#include "attncert/tensor/ball.hpp"
#include "attncert/tensor/panel.hpp"

namespace attncert::rules {

/// Which symbols the rows of a sequence may depend on. Symbols come in stages, the newest last; each
/// row adds some to a stage, and a row depends on those of the rows it sees.
class Symbols {
public:
  Symbols(long rows, bool causal)
      : offsets_(static_cast<std::size_t>(rows), {0}), causal_(causal) {}

  long rows() const { return static_cast<long>(offsets_.size()); }
  /// Rows 0, ..., seen - 1 are seen by a row.
  long seen(long row) const { return causal_ ? row + 1 : rows(); }
  long stages() const { return static_cast<long>(begins_.size()); }
  /// Begins a stage of so many symbols for each row.
  void add(const std::vector<long>& counts);

  /// Where a stage begins in a row's terms; for stages() their number.
  long offset(long row, long stage) const {
    return offsets_[static_cast<std::size_t>(row)][static_cast<std::size_t>(stage)];
  }
  long width(long row) const { return offset(row, stages()); }
  /// Where the row's own symbols of the newest stage begin.
  long own(long row) const {
    return offset(row, stages() - 1) + begins_.back()[static_cast<std::size_t>(row)];
  }

private:
  std::vector<std::vector<long>> begins_;   // by stage, then row: symbols of the rows before
  std::vector<std::vector<long>> offsets_;  // by row, then stage
  bool causal_;
};

/// Numbers that a machine computed: entry (i, k) is
///   centre(i, k) + sum_m terms[i](k, m) s_m + r,  |s_m| <= 1, |r| <= rest(i, k)
/// with one choice of the symbols s for all entries.
/// Status   trusted; NaN or infinity in a rest means that nothing is known
/// Source   docs/formulas.md#forms
struct Forms {
  Enclosure<Wide> centre;    // radii 0: what is uncertain is in the rest
  std::vector<Panel> terms;  // for each row: (columns, symbols)
  Matrix rest;

  long rows() const { return centre.rows(); }
  long columns() const { return centre.columns(); }
};

/// Makes up for fewer than 2^20 roundings of an fp64 number made of non-negative numbers by sums,
/// products, quotients and roots, underflow included.
inline double raised(double bound) { return bound * (1 + 0x1p-30) + kTiny; }

/// Moves an enclosure's radii to a rest.
void absorb(Enclosure<Wide>& centre, Matrix& rest);

/// centre's midpoint in fp64, its rounding included where `raised` is applied afterwards.
inline double middle(const Enclosure<Wide>& x, long i, long k) {
  return static_cast<double>(x.at(i, k).mid);
}

/// to += factor from, for terms of row j of a sequence as terms of row i, which sees all that j does.
void add_terms(const Symbols& symbols, std::span<float> to, long i, float factor,
               std::span<const float> from, long j);

/// A new stage: a symbol of its own for the rest of each entry.
void symbolise(Symbols& symbols, Forms& x);

}  // namespace attncert::rules
