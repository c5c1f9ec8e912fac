#include "computed_hidden.hpp"

#include <algorithm>

namespace attncert::rules {
namespace {

// |x| <= result
double greatest(Ball<Wide> x) { return raised(magnitude(x.mid) + x.rad); }

// At least e^-t, or 1: log2 e > 1.442.
double exp_minus(double t) {
  constexpr double most = 1000;
  return t > 0 ? std::ldexp(1.0, -static_cast<int>(std::min(most, std::floor(1.442 * t)))) : 1;
}

// Numbers that a machine can store and use.
Status check_gate(const Machine& machine, const Upper& number) {
  ATTNCERT_CHECK(machine.check_size(number, "a gate's number"));
  if (number.is_at_most(static_cast<double>(largest_finite(machine.evaluation().storage)))) {
    return ok();
  }
  return fail(ErrorCode::RoundingOverflow, "a gate's number is beyond the format of storage");
}

}  // namespace

Result<HiddenFunction> HiddenFunction::of_mlp(const Machine& machine, const std::string& activation,
                                              FunctionTables& tables) {
  HiddenFunction result(machine);
  ATTNCERT_TRY(result.function_, tables.of(activation));
  result.at_zero_ = greatest((*result.function_)(Ball<Wide>{0, 0}));
  return result;
}

Result<HiddenFunction> HiddenFunction::of_heads(const Machine& machine, const Gates& gates,
                                                FunctionTables& tables) {
  HiddenFunction result(machine);
  ATTNCERT_TRY(const std::string sum, gate_function(gates));
  ATTNCERT_TRY(result.function_, tables.of(sum));
  const Upper added = machine.accumulate;
  const Upper unit = machine.compute;
  result.score_error_ =
      compound(machine.storage, unit, added, added, compound(added, added, unit)).value();
  result.head_error_ = compound(machine.storage, unit, added, unit, unit).value();
  for (const Gate& gate : gates) {
    GateRounding one;
    ATTNCERT_TRY(const std::string weight, gate_function({{"1", gate.scores}}));
    ATTNCERT_TRY(one.weight, tables.of(weight));
    ATTNCERT_TRY(const Rational coefficient, parse_rational(gate.coefficient));
    ATTNCERT_CHECK(check_gate(machine, Upper::of(coefficient)));
    one.coefficient = Upper::of(coefficient).value();
    for (const Score& score : gate.scores) {
      ATTNCERT_TRY(const Rational slope, parse_rational(score.slope));
      ATTNCERT_TRY(const Rational shift, parse_rational(score.shift));
      ATTNCERT_CHECK(check_gate(machine, max(Upper::of(slope), Upper::of(shift))));
      one.slope = std::max(one.slope, Upper::of(slope).value());
      one.shift = std::max(one.shift, Upper::of(shift).value());
    }
    one.several = gate.scores.size() > 1;
    result.most_scores_ = std::max(result.most_scores_, static_cast<long>(gate.scores.size()));
    ATTNCERT_TRY(
        const SoftmaxError error,
        machine.softmax(static_cast<long>(gate.scores.size()) + 1, true, Upper(), Upper::of(1.0)));
    one.relative = error.relative.value();
    one.absolute = error.absolute.value();
    result.gates_.push_back(std::move(one));
  }
  return result;
}

HiddenUnit HiddenFunction::operator()(Moved z, Moved v) const {
  if (has_values()) return heads(z, v);
  const auto near = function_->expand(z.mid, z.by);
  HiddenUnit unit;
  unit.mid = {near.value.mid, 0};
  unit.by_score = near.slope;
  unit.rest =
      raised(near.value.rad + (near.slope_error + near.bend * z.by) * z.by +
             roundings_.activation * (magnitude(z.mid) + z.by + at_zero_) + roundings_.tiny);
  unit.size = raised(greatest(near.value) + std::fabs(near.slope) * z.by + unit.rest);
  return unit;
}

// Without max-subtraction exponentials of scores must be numbers; masked ones must get the weight 0.
Status HiddenFunction::check_scores(double size) const {
  if (!has_values()) return ok();
  ATTNCERT_CHECK(machine_.check_size(Upper::of(2 * size), "a score"));
  if (!machine_.evaluation().max_subtraction) {
    ATTNCERT_TRY(const SoftmaxError error,
                 machine_.softmax(most_scores_ + 1, true, Upper::of(size), Upper::of(1.0)));
    static_cast<void>(error);
  }
  return machine_.check_masked(Upper(), Upper::of(size));
}

double HiddenFunction::score_error(const GateRounding& gate, double reach) const {
  const double size = gate.slope * reach + gate.shift;
  const double error = score_error_ * size + 16 * roundings_.tiny * (1 + reach);
  return gate.several ? error + 4 * roundings_.unit * (size + error) + 2 * roundings_.tiny : error;
}

// |computed weight - weight|, both at the computed z, which is `by` off at most.
double HiddenFunction::weight_error(const GateRounding& gate, double weight, Moved z) const {
  constexpr double quarter = 0.25;
  const double reach = raised(magnitude(z.mid) + z.by);
  const double size = gate.slope * reach + gate.shift;
  const double score = score_error(gate, reach);
  double moved = score <= quarter ? weight * score * (1 + 2 * score) : INFINITY;
  if (!gate.several) {
    // the logistic function has slopes of at most 1/4, and e^-|s| at s
    const double least =
        gate.slope * (magnitude(z.mid) - z.by) - gate.shift - score - 0x1p-48 * size;
    moved = std::min(moved, score * std::min(quarter, exp_minus(least)));
  }
  return raised(moved + gate.relative * (weight + moved) + gate.absolute);
}

HiddenUnit HiddenFunction::heads(Moved z, Moved v) const {
  const auto near = function_->expand(z.mid, z.by);
  const double value = raised(magnitude(v.mid) + v.by);
  HiddenUnit unit;
  unit.mid = near.value * Ball<Wide>{v.mid, 0};
  unit.by_score = near.slope * static_cast<double>(v.mid);
  unit.by_value = static_cast<double>(near.value.mid);
  double rest = unit.mid.rad + near.value.rad * v.by +
                (near.slope_error + near.bend * z.by) * z.by * value +
                std::fabs(near.slope) * z.by * v.by;
  for (const GateRounding& gate : gates_) {
    const double reach = raised(magnitude(z.mid) + z.by);
    unit.score =
        std::max(unit.score, raised(gate.slope * reach + gate.shift + score_error(gate, reach)));
    const double weight = greatest((*gate.weight)(Ball<Wide>{z.mid, z.by}));
    const double error = weight_error(gate, weight, z);
    const double computed = gate.coefficient * value * (weight + error);
    const double tiny =
        4 * roundings_.tiny * (1 + value) * (1 + weight + error) * (1 + head_error_);
    rest += gate.coefficient * value * error + head_error_ * computed + tiny;
    unit.size += (1 + head_error_) * computed + tiny;
  }
  unit.rest =
      raised(rest + 0x1p-50 * (std::fabs(unit.by_score) * z.by + std::fabs(unit.by_value) * v.by));
  unit.size = raised(unit.size);
  unit.mid.rad = 0;
  return unit;
}

// Scores or values of a row.
struct ComputedHidden::Inner {
  std::vector<double> local;    // what their own computation rounds
  std::vector<double> by;       // how far they may be from the centre's
  std::vector<double> carried;  // sum |w| (rest + spread)
};

// A hidden row, and what its units do not owe to the symbols.
struct ComputedHidden::Row {
  std::vector<HiddenUnit> units;
  std::vector<double> rest;
  std::vector<double> lost;  // carried through slopes: loses digits in fp32
};

ComputedHidden::ComputedHidden(HiddenFunction function, ComputedMap score,
                               std::optional<ComputedMap> value, ComputedMap out)
    : function_(std::move(function)),
      score_(std::move(score)),
      value_(std::move(value)),
      out_(std::move(out)),
      tied_(value_ && value_->map.weight.values == score_.map.weight.values &&
            value_->map.bias == score_.map.bias) {}

Result<ComputedHidden::Inner> ComputedHidden::inner(const ComputedMap& map,
                                                    const Enclosure<Wide>& centre, long row,
                                                    const RowBounds& bounds,
                                                    const std::vector<double>& spread) const {
  Inner result;
  const long n = map.map.weight.columns;
  for (long j = 0; j < centre.columns(); ++j) {
    const auto at = static_cast<std::size_t>(j);
    const auto weight = map.map.weight.row(j);
    const double bias = std::fabs(map.map.bias[at]);
    const double size = magnitudes(weight, bounds.size) + bias;
    const double rest = magnitudes(weight, bounds.rest);
    const double carried = magnitudes(weight, bounds.spread);
    const double local =
        map.relative * size + map.bias_relative * bias + map.tiny + centre.at(row, j).rad;
    result.local.push_back(raised(local));
    result.by.push_back(
        raised(spread[at] + rest + panel_loss(n) * carried + local + panel_tiny(n) * bounds.scope));
    result.carried.push_back(raised(rest + carried));
    ATTNCERT_CHECK(check_reach(map.roundings, raised(2 * size)));
  }
  return result;
}

Result<ComputedHidden::Row> ComputedHidden::hidden_row(const Forms& x, long row,
                                                       const Enclosure<Wide>& score,
                                                       const Enclosure<Wide>& value) const {
  const Panel& terms = x.terms[static_cast<std::size_t>(row)];
  const RowBounds bounds = bounds_of(x, row);
  ATTNCERT_TRY(const Inner z,
               inner(score_, score, row, bounds, product_spreads(score_.narrow, terms)));
  Inner v = z;
  if (value_ && !tied_) {
    ATTNCERT_TRY(v, inner(*value_, value, row, bounds, product_spreads(value_->narrow, terms)));
  }
  Row hidden;
  double most = 0;
  for (long j = 0; j < score.columns(); ++j) {
    const auto at = static_cast<std::size_t>(j);
    const Moved other = value_ ? Moved{value.at(row, j).mid, v.by[at]} : Moved{};
    const HiddenUnit unit = function_({score.at(row, j).mid, z.by[at]}, other);
    const double by_score = std::fabs(unit.by_score);
    const double by_value = std::fabs(unit.by_value);
    hidden.rest.push_back(raised(unit.rest + by_score * z.local[at] + by_value * v.local[at]));
    hidden.lost.push_back(raised(by_score * z.carried[at] + by_value * v.carried[at]));
    hidden.units.push_back(unit);
    ATTNCERT_CHECK(check_reach(score_.roundings, unit.size));
    most = std::max(most, unit.score);
  }
  ATTNCERT_CHECK(function_.check_scores(most));
  return hidden;
}

// out D score + out D' value, D and D' the units' slopes: the sublayer's first derivative.
Panel ComputedHidden::jacobian(const std::vector<HiddenUnit>& units) const {
  const long n = score_.map.weight.columns;
  Panel sloped(score_.map.weight.rows, n);
  for (long j = 0; j < sloped.rows; ++j) {
    const HiddenUnit& unit = units[static_cast<std::size_t>(j)];
    const auto score = score_.map.weight.row(j);
    const auto value = value_ ? value_->map.weight.row(j) : score;
    const auto to = sloped.row(j);
    for (std::size_t k = 0; k < to.size(); ++k) {
      to[k] = static_cast<float>(unit.by_score * score[k] + unit.by_value * value[k]);
    }
  }
  return product(out_.narrow, sloped);
}

Status ComputedHidden::write_row(const Forms& x, long row, const Row& hidden, Forms& y) const {
  const Panel& terms = x.terms[static_cast<std::size_t>(row)];
  const RowBounds bounds = bounds_of(x, row);
  const Panel slopes = jacobian(hidden.units);
  const long n = x.columns();
  const long neurons = score_.map.weight.rows;
  std::vector<double> moved;
  double all = 0;
  for (std::size_t k = 0; k < bounds.rest.size(); ++k) {
    moved.push_back(bounds.rest[k] + panel_loss(n + 2) * bounds.spread[k]);
    all += bounds.rest[k] + bounds.spread[k];
  }
  std::vector<double> own;
  std::vector<double> size;
  for (std::size_t j = 0; j < hidden.units.size(); ++j) {
    own.push_back(hidden.rest[j] + panel_loss(neurons + 6) * hidden.lost[j]);
    size.push_back(hidden.units[j].size);
  }
  for (long k = 0; k < y.columns(); ++k) {
    const auto weight = out_.map.weight.row(k);
    const auto slope = slopes.row(k);
    const std::vector<double> steep(slope.begin(), slope.end());
    const double bias = std::fabs(out_.map.bias[static_cast<std::size_t>(k)]);
    const double whole = magnitudes(weight, size) + bias;
    y.rest.at(row, k) = raised(magnitudes(weight, own) + magnitudes(steep, moved) +
                               out_.relative * whole + out_.bias_relative * bias + out_.tiny +
                               2 * panel_tiny(neurons) * (1 + all) + panel_tiny(n) * bounds.scope);
    ATTNCERT_CHECK(check_reach(out_.roundings, raised(2 * whole)));
  }
  y.terms.push_back(product(slopes, terms));
  return ok();
}

Result<Forms> ComputedHidden::operator()(const Forms& x) const {
  const auto& score = score_.map;
  const auto scores = Enclosure<Wide>::product(x.centre, score.weight, score.bias);
  const auto values = value_ && !tied_
                          ? Enclosure<Wide>::product(x.centre, value_->map.weight, value_->map.bias)
                          : scores;
  Enclosure<Wide> hidden(x.rows(), scores.columns());
  Forms y{{}, {}, Matrix(x.rows(), out_.map.weight.rows)};
  y.centre = Enclosure<Wide>(x.rows(), out_.map.weight.rows);
  for (long t = 0; t < x.rows(); ++t) {
    ATTNCERT_TRY(const Row row, hidden_row(x, t, scores, values));
    for (long j = 0; j < hidden.columns(); ++j) {
      hidden.set(t, j, row.units[static_cast<std::size_t>(j)].mid);
    }
    ATTNCERT_CHECK(write_row(x, t, row, y));
  }
  y.centre = Enclosure<Wide>::product(hidden, out_.map.weight, out_.map.bias);
  absorb(y.centre, y.rest);
  return y;
}

}  // namespace attncert::rules
