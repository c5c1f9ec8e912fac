#include "row_range.hpp"

#include <cmath>

#include "attncert/interval/functions.hpp"

namespace attncert::rules {
namespace {

// sqrt(D) |gamma w - mu 1|
Interval ball_radius(const Direction& direction, Precision precision) {
  const Interval d = integer(static_cast<long>(direction.g.size()), precision);
  const Interval length = length_bound(direction.r, precision);
  const Interval rounding = (length + length_bound(direction.g, precision)) *
                                attncert::enclose(power_of_two(-52), precision) +
                            d * attncert::enclose(power_of_two(-1021), precision);
  return sqrt(d, precision) * (length + rounding);
}

// R sum |gamma w - mean|; the mean computed in fp64 is off by at most 2 D u sum |g| / D, for each of
// D terms, and each difference by what direction_of says.
Result<Rational> box_radius(const Direction& direction, const Rational& reach) {
  std::vector<double> ones(direction.g.size(), 1.0);
  std::vector<double> r;
  std::vector<double> g;
  for (const double value : direction.r) r.push_back(std::fabs(value));
  for (const double value : direction.g) g.push_back(std::fabs(value));
  const Bounded sum_r = dot(r, ones);
  const Bounded sum_g = dot(g, ones);
  if (!std::isfinite(sum_r.error) || !std::isfinite(sum_g.error)) {
    return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
  }
  const Rational size(static_cast<long>(g.size()));
  const Rational total = exact_interval(sum_r).upper + exact_interval(sum_g).upper;
  const Rational rounding = total * (size + 2) * power_of_two(-50) + size * power_of_two(-1018);
  return Rational(reach * (exact_interval(sum_r).upper + rounding));
}

}  // namespace

bool is_linear(const std::string& norm) { return norm == "mean-norm" || norm == "none"; }

// Upper bound of |v| from the fp64 entries of v.
Interval length_bound(const std::vector<double>& v, Precision precision) {
  const Bounded square = dot(v, v);
  if (!std::isfinite(square.error)) return Interval(NanChecking::pos_inf());
  return sqrt(attncert::enclose(exact_interval(square).upper, precision), precision);
}

Extent extent_of(const std::string& norm, const Inputs& inputs) {
  if (inputs.kind == Inputs::Kind::computed) return Extent::ball;
  if (inputs.kind == Inputs::Kind::computed_box) return Extent::box;
  if (!is_linear(norm)) return Extent::ball;
  return inputs.kind == Inputs::Kind::box ? Extent::box : Extent::unbounded;
}

Direction direction_of(const AffineRow& row, const std::string& norm, const Inputs& inputs) {
  const bool without_mean = !inputs.is_computed() && (norm == "layer-norm" || norm == "mean-norm");
  const std::size_t width = row.gain.size();
  Direction result{std::vector<double>(width), std::vector<double>(width)};
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) {
    sum += result.g[i] = row.gain[i] * row.weight[i];
  }
  const double mean = without_mean ? sum / static_cast<double>(width) : 0.0;
  for (std::size_t i = 0; i < width; ++i) result.r[i] = result.g[i] - mean;
  return result;
}

Result<Domain> range_of(const AffineRow& row, const std::string& norm, const Inputs& inputs,
                        Precision precision) {
  const Extent extent = extent_of(norm, inputs);
  if (extent == Extent::unbounded) return Domain{};
  const Bounded centre = dot(row.weight, row.shift);
  const Direction direction = direction_of(row, norm, inputs);
  Rational reach;
  if (extent == Extent::box) {
    ATTNCERT_TRY(reach, box_radius(direction, inputs.size));
  } else {
    const Interval radius = ball_radius(direction, precision);
    if (!is_bounded(radius)) {
      return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
    }
    reach = upper_rational(radius);
    if (inputs.is_computed()) reach *= inputs.size;
  }
  if (!std::isfinite(centre.error)) {
    return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
  }
  const RationalInterval middle = exact_interval(centre);
  return Domain{Rational(middle.lower - reach), Rational(middle.upper + reach)};
}

Result<Interval> scale_of(const std::string& scale, Precision precision) {
  if (scale == "1") return integer(1, precision);
  ATTNCERT_TRY(const Rational n, parse_rational(scale.substr(6, scale.size() - 7)));  // rsqrt(n)
  return integer(1, precision) / sqrt(attncert::enclose(n, precision), precision);
}

}  // namespace attncert::rules
