// Fast enclosures of a function of one real variable: a polynomial with an error bound for each cell
// of a grid, made once with interval arithmetic.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "attncert/expression/term.hpp"
#include "attncert/interval/interval.hpp"
#include "attncert/tensor/ball.hpp"

namespace attncert::rules {

/// A number rounded to a midpoint, with its rounding.
Ball<Quad> ball_of(const Rational& number);

/// Encloses f(x), f given by its text.
/// Maths    on a cell [c - h, c + h], h = 2^-5, f(c + t) = sum_{k<14} c_k t^k + c_14(xi) t^14; the
///          enclosed c_k and c_14 over the cell bound what stored coefficients a_k miss; Horner's
///          scheme errs by at most 1.125 v sum (2k + 1) |a_k| h^k; a radius r <= 2h adds r times the
///          largest slope on this cell and its neighbours. Elsewhere, where that is coarse, and for
///          midpoints wider than Wide, f is evaluated in interval arithmetic.
/// Status   trusted
/// Source   docs/formulas.md#tables
class FunctionTable {
public:
  /// Requires a function that is defined and continuous on all reals. Errors of read_function
  static Result<FunctionTable> make(const std::string& function);

  Ball<Wide> operator()(Ball<Wide> x) const;
  Ball<Quad> operator()(Ball<Quad> x) const { return evaluate_slowly(x); }

  /// f near x: for |d| <= reach, |f(x + d) - value.mid - slope d| is at most
  /// value.rad + slope_error |d| + bend d^2. value.mid is near f(x).
  struct Expansion {
    Ball<Wide> value;
    double slope = 0;
    double slope_error = INFINITY;
    double bend = 0;
  };
  /// Nothing is known where reach > 1.
  Expansion expand(Wide x, double reach) const;

private:
  static constexpr int kOrder = 14;
  static constexpr long kCells = 1024;  // of width 1/16, on [-32, 32]
  static constexpr long kMiddle = kCells / 2;
  struct Cell {
    std::array<Wide, kOrder> coefficients{};
    double error = INFINITY;
    double slope = INFINITY;        // the largest |f'| on the cell, then on its neighbours too
    double slope_error = INFINITY;  // of f' by the coefficients
    double bend = INFINITY;         // the largest |f''| / 2 on the cell and its neighbours
  };

  Cell make_cell(long index) const;
  double bend_around(const Rational& centre) const;
  long cell_at(Wide x) const;
  bool expand_in_cell(Wide x, double reach, Expansion& result) const;
  void enclose_slopes(Wide x, double reach, Expansion& result) const;
  static double centre_of(long index);
  template <class M>
  Ball<M> evaluate_slowly(Ball<M> x) const;

  Program program_;
  NodeIndex root_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace attncert::rules
