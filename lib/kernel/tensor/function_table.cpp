#include "function_table.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"

namespace attncert::rules {
namespace {

constexpr Precision kPrecision = 96;  // of tables
constexpr double kHalfWidth = 0x1p-5;
constexpr double kFar = 1;       // within it functions are expanded
constexpr double kSteep = 0.25;  // slopes known no better are enclosed anew
constexpr double kCoarse =
    0x1p12 * kRoundoff<Wide>;  // error bounds above this call for interval arithmetic

// For values: beyond their roundoff.
template <class M>
constexpr Precision kWorking = kRoundoff<M> > 0x1p-80 ? 96 : 160;

constexpr std::size_t kPieces = 3;  // of fp64, that hold a midpoint of either type

// Makes up for the roundings of a sum of some 50 products.
double raised_slope(double sum) { return sum * (1 + 0x1p-40) + kTiny; }

// |x| <= result for all x in the interval.
double bound_of(const Interval& x) {
  if (!is_bounded(x)) return INFINITY;
  return std::max(std::fabs(lower_double(x)), std::fabs(upper_double(x)));
}

// A number near the middle, and how far the interval reaches from it.
template <class M>
Ball<M> ball_around(const Interval& x, Precision precision) {
  Interval rest = x;
  std::array<double, kPieces> pieces{};
  for (double& piece : pieces) {
    if (!is_bounded(rest)) return {0, INFINITY};
    piece = lower_double(rest) / 2 + upper_double(rest) / 2;
    if (!std::isfinite(piece)) return {0, INFINITY};
    rest = rest - enclose(Rational(piece), precision);
  }
  Ball<M> sum{0, bound_of(rest)};
  for (std::size_t k = pieces.size(); k-- > 0;) sum = sum + Ball<M>{pieces[k], 0};
  return sum;
}

// All numbers of a ball: finite midpoint and radius.
template <class M>
Interval interval_of(Ball<M> x, Precision precision) {
  const Rational rad = Rational(x.rad) + Rational(kTiny);
  Interval at = enclose(Rational(-rad), rad, precision);
  for (std::size_t piece = 0; piece < kPieces; ++piece) {  // all of the midpoint but 2^-1075
    const auto part = static_cast<double>(x.mid);
    at = at + enclose(Rational(part), precision);
    x.mid -= part;
  }
  return at;
}

}  // namespace

Ball<Quad> ball_of(const Rational& number) {
  return ball_around<Quad>(enclose(number, kWorking<Quad>), kWorking<Quad>);
}

Result<FunctionTable> FunctionTable::make(const std::string& function) {
  FunctionTable table;
  ProgramBuilder builder;
  ATTNCERT_TRY(table.root_, read_function(function, builder));
  table.program_ = builder.program();
  for (long i = 0; i < kCells; ++i) table.cells_.push_back(table.make_cell(i));
  std::vector<double> slopes;
  for (const Cell& cell : table.cells_) slopes.push_back(cell.slope);
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    const std::size_t before = i == 0 ? i : i - 1;
    const std::size_t after = std::min(i + 1, slopes.size() - 1);
    table.cells_[i].slope = std::max({slopes[before], slopes[i], slopes[after]});
  }
  return table;
}

// A cell that cannot be expanded keeps an infinite error.
FunctionTable::Cell FunctionTable::make_cell(long index) const {
  Cell cell;
  const Rational centre(2 * (index - kMiddle) + 1, 32);
  const Rational half(1, 32);
  const Interval whole = enclose(Rational(centre - half), Rational(centre + half), kPrecision);
  const auto over = expand_over_piece(program_, root_, whole, kOrder, kPrecision);
  if (!over) return cell;
  const auto at = taylor_coefficients(program_, root_, enclose(centre, kPrecision), kOrder - 1,
                                      kPrecision, over.value().branches);
  if (!at) return cell;
  const auto coefficient = [](const Series& series, std::size_t k) {
    return k < series.size() ? series[k] : integer(0, kPrecision);
  };
  double error = 0;
  double slope_error = 0;
  double power = 1;
  for (std::size_t k = 0; k < kOrder; ++k) {
    const auto exact = ball_around<Wide>(coefficient(at.value(), k), kPrecision);
    cell.coefficients.at(k) = exact.mid;
    // coefficient k goes through 2k + 1 roundings of Horner's scheme
    const double one =
        exact.rad + 1.125 * static_cast<double>(2 * k + 3) * kRoundoff<Wide> * magnitude(exact.mid);
    error += one * power;
    slope_error += static_cast<double>(k) * one * power / kHalfWidth;
    power *= kHalfWidth;
  }
  const double last = bound_of(coefficient(over.value().coefficients, kOrder)) * power;
  cell.error = rounded_up(error + last);
  cell.slope_error = raised_slope(slope_error + kOrder * last / kHalfWidth);
  cell.bend = bend_around(centre);
  cell.slope = bound_of(coefficient(over.value().coefficients, 1));
  return cell;
}

// The cell of x and its neighbours taken as one piece: a kink between them has no second derivative.
double FunctionTable::bend_around(const Rational& centre) const {
  const Rational reach(3, 32);
  const Interval three = enclose(Rational(centre - reach), Rational(centre + reach), kPrecision);
  const auto over = expand_over_piece(program_, root_, three, 2, kPrecision);
  if (!over) return INFINITY;
  const Series& series = over.value().coefficients;
  return series.size() > 2 ? bound_of(series[2]) : 0;
}

// The cell that x lies in, but for 2^-48, if it has neighbours in the table; or -1.
long FunctionTable::cell_at(Wide x) const {
  const double position = std::floor(static_cast<double>(x) * 16) + kMiddle;
  return position >= 1 && position < kCells - 1 ? static_cast<long>(position) : -1;
}

double FunctionTable::centre_of(long index) {
  return (2 * static_cast<double>(index - kMiddle) + 1) * kHalfWidth;
}

FunctionTable::Expansion FunctionTable::expand(Wide x, double reach) const {
  Expansion result;
  result.value = (*this)(Ball<Wide>{x, 0});
  if (!(reach <= kFar) || !std::isfinite(magnitude(x))) return result;
  if (!expand_in_cell(x, reach, result)) enclose_slopes(x, reach, result);
  return result;
}

// By the coefficients of x's cell: of no use where the table ends, or near kinks and steep places.
bool FunctionTable::expand_in_cell(Wide x, double reach, Expansion& result) const {
  const long index = cell_at(x);
  if (index < 0) return false;
  // x +- reach lies in so many cells on either side; bends are for a cell and the next two
  const auto aside = static_cast<long>(reach * 16 * (1 + 0x1p-20) + 0x1p-20);
  if (index - aside < 0 || index + aside >= kCells) return false;
  double bend = 0;
  for (long i = index - aside; i <= index + aside; ++i) {
    bend = std::max(bend, cells_[static_cast<std::size_t>(i)].bend);
  }
  const Cell* cell = &cells_[static_cast<std::size_t>(index)];
  if (!(cell->slope_error + bend * reach <= kSteep)) return false;
  const Wide exact = x - centre_of(index);
  const Wide t = std::clamp<Wide>(exact, -kHalfWidth, kHalfWidth);
  Wide slope = (kOrder - 1) * cell->coefficients.back();
  for (std::size_t k = kOrder - 1; k-- > 1;) {
    slope = slope * t + static_cast<Wide>(k) * cell->coefficients.at(k);
  }
  const double off = magnitude(exact - t) + kRoundoff<Wide> * kHalfWidth;
  result.slope = static_cast<double>(slope);
  result.slope_error =
      raised_slope(cell->slope_error + 2 * bend * (2 * off) + 0x1p-52 * std::fabs(result.slope));
  result.bend = bend;
  return true;
}

// By the hull of the slopes on x +- reach: f(x + d) - f(x) is d times a number in it, kink or not.
// Where f itself is known better there, that is taken.
void FunctionTable::enclose_slopes(Wide x, double reach, Expansion& result) const {
  const Ball<Wide> all{x, reach};
  const auto over = expand_over_piece(program_, root_, interval_of(all, kPrecision), 1, kPrecision);
  if (over) {
    const Series& series = over.value().coefficients;
    const auto slope =
        ball_around<Wide>(series.size() > 1 ? series[1] : integer(0, kPrecision), kPrecision);
    result.slope = static_cast<double>(slope.mid);
    result.slope_error = raised_slope(slope.rad + 0x1p-52 * std::fabs(result.slope));
    result.bend = 0;
  }
  if (result.slope_error <= 0x1p-20) return;
  const Ball<Wide> range = evaluate_slowly(all);
  if (!(result.slope_error * reach <= range.rad)) result = {range, 0, 0, 0};
}

Ball<Wide> FunctionTable::operator()(Ball<Wide> x) const {
  const long index = x.rad <= kHalfWidth ? cell_at(x.mid) : -1;
  if (index < 0) return evaluate_slowly(x);
  const Cell& cell = cells_[static_cast<std::size_t>(index)];
  if (!(cell.error <= kCoarse)) return evaluate_slowly(x);
  const double centre = centre_of(index);
  // t is rounded once; a midpoint that fp64 rounds into the next cell is outside this one by 2^-47
  // at most: both belong to what the slope makes up for
  const Wide exact = x.mid - centre;
  const Wide t = std::clamp<Wide>(exact, -kHalfWidth, kHalfWidth);
  Wide value = cell.coefficients.back();
  for (std::size_t k = kOrder - 1; k-- > 0;) value = value * t + cell.coefficients.at(k);
  const double off = magnitude(exact - t) + kRoundoff<Wide> * kHalfWidth;
  return {value, rounded_up(cell.error + cell.slope * (x.rad + 2 * off))};
}

template <class M>
Ball<M> FunctionTable::evaluate_slowly(Ball<M> x) const {
  if (!std::isfinite(magnitude(x.mid)) || !std::isfinite(x.rad)) return {0, INFINITY};
  const Interval at = interval_of(x, kWorking<M>);
  const auto value = evaluate(program_, root_, at, kWorking<M>);
  return value ? ball_around<M>(value.value(), kWorking<M>) : Ball<M>{0, INFINITY};
}
template Ball<Quad> FunctionTable::evaluate_slowly(Ball<Quad> x) const;

}  // namespace attncert::rules
