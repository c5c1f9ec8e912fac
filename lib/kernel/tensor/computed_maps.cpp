#include "computed_maps.hpp"

#include <algorithm>

namespace attncert::rules {

double magnitudes(std::span<const double> w, const std::vector<double>& x) {
  double even = 0;
  double odd = 0;
  std::size_t k = 0;
  for (; k + 1 < x.size(); k += 2) {
    even += std::fabs(w[k]) * x[k];
    odd += std::fabs(w[k + 1]) * x[k + 1];
  }
  if (k < x.size()) even += std::fabs(w[k]) * x[k];
  return even + odd;
}

Roundings::Roundings(const Machine& machine)
    : unit(machine.compute.value()),
      storage(machine.storage.value()),
      tiny(max(max(machine.compute_tiny, machine.accumulate_tiny), machine.storage_tiny).value()),
      activation(machine.activation.value()),
      largest(machine.largest) {}

Status check_reach(const Roundings& roundings, double size) {
  if (size <= roundings.largest) return ok();
  if (!std::isfinite(size)) {
    return fail(ErrorCode::EnclosureUnbounded, "nothing is known of some computed numbers");
  }
  return fail(ErrorCode::RoundingOverflow,
              "overflow is possible: some computed numbers may exceed the largest of the format");
}

RowBounds bounds_of(const Forms& x, long row) {
  RowBounds bounds{spreads(x.terms[static_cast<std::size_t>(row)]), {}, {}};
  for (long k = 0; k < x.columns(); ++k) {
    bounds.rest.push_back(x.rest.at(row, k));
    bounds.size.push_back(raised(std::fabs(middle(x.centre, row, k)) +
                                 bounds.spread[static_cast<std::size_t>(k)] + bounds.rest.back()));
    bounds.scope += bounds.spread[static_cast<std::size_t>(k)];
  }
  bounds.scope =
      raised(bounds.scope + static_cast<double>(x.terms[static_cast<std::size_t>(row)].columns));
  return bounds;
}

Result<ComputedMap> ComputedMap::make(const Machine& machine, const TensorFile& file,
                                      const std::string& name, Affine map, long terms) {
  ATTNCERT_TRY(const bool weight, machine.stores(file, name, map.weight.values));
  ATTNCERT_TRY(const bool bias, machine.stores(file, "", map.bias));
  if (!weight || !bias) {
    return fail(ErrorCode::RoundingUnsupported,
                "numbers of '" + name + "' or its bias are not of the format of storage: convert " +
                    "to that format first, or store in a wider one");
  }
  ComputedMap result(machine);
  ATTNCERT_TRY(const Upper sum, machine.sum(terms));
  // the complete sum to the compute format, and once more where the bias is added last
  result.relative = compound(sum, machine.compute, machine.compute).value();
  result.tiny =
      raised((2 * static_cast<double>(terms) + 2) * (1 + result.relative) * result.roundings.tiny);
  result.narrow = Panel(map.weight);
  result.map = std::move(map);
  return result;
}

Result<Forms> ComputedMap::operator()(const Forms& x) const {
  Forms y{Enclosure<Wide>::product(x.centre, map.weight, map.bias),
          {},
          Matrix(x.rows(), map.weight.rows)};
  const long n = map.weight.columns;
  for (long t = 0; t < x.rows(); ++t) {
    const Panel& terms = x.terms[static_cast<std::size_t>(t)];
    const RowBounds row = bounds_of(x, t);
    std::vector<double> moved(row.rest.size());
    for (std::size_t k = 0; k < moved.size(); ++k) {
      moved[k] = row.rest[k] + panel_loss(n) * row.spread[k];
    }
    const double lost = tiny + panel_tiny(n) * row.scope;
    for (long i = 0; i < y.columns(); ++i) {
      const double bias = std::fabs(map.bias[static_cast<std::size_t>(i)]);
      const double size = magnitudes(map.weight.row(i), row.size) + bias;
      y.rest.at(t, i) = raised(magnitudes(map.weight.row(i), moved) + relative * size +
                               bias_relative * bias + lost);
      ATTNCERT_CHECK(check_reach(roundings, raised(2 * size)));
    }
    y.terms.push_back(product(narrow, terms));
  }
  absorb(y.centre, y.rest);
  return y;
}

Result<ComputedNorm> ComputedNorm::make(const Machine& machine, const Model& model,
                                        const Norm& norm) {
  ComputedNorm result(machine);
  result.kind_ = norm.kind;
  if (norm.kind == "layer-norm" && machine.evaluation().norm == NormPasses::one) {
    return fail(ErrorCode::RoundingUnsupported, "rounding on prompts needs norms in two passes");
  }
  const long width = model.network.d_model;
  ATTNCERT_TRY(result.weights_, norm_weights(model, norm));
  ATTNCERT_TRY(const bool gain, machine.stores(model.weights, norm.weight, result.weights_.gain));
  ATTNCERT_TRY(const bool shift, machine.stores(model.weights, "", result.weights_.shift));
  if (!gain || !shift) {
    return fail(ErrorCode::RoundingUnsupported,
                "numbers of norm '" + norm.weight + "' are not of the format of storage");
  }
  ATTNCERT_TRY(const Upper sum, machine.sum(width));
  const Upper unit = machine.compute;
  result.mean_error_ = compound(sum, unit, unit, machine.division).value();
  // what underflow adds to the sum of squares, to epsilon and to their sum, relative to epsilon
  const Upper tiny = Upper::of(result.roundings_.tiny) * Upper::of(3 * width + 6) *
                     (norm.epsilon > 0 ? Upper::of(Rational(1 / norm.epsilon)) : Upper());
  const Upper squares = compound(sum, unit, unit, unit, machine.division, machine.storage) + tiny;
  if (!squares.is_at_most(0.5) || !machine.division.is_at_most(0.25)) {
    return fail(ErrorCode::RoundingUseless, "no useful bound: a norm's sums may lose every digit");
  }
  // 1 / (1 - q) <= 1 + q + 2 q^2 for the root that is divided by
  const Upper root = machine.division + Upper::of(2.0) * machine.division * machine.division;
  result.factor_error_ =
      compound(Upper::of(0.5) * squares + squares * squares, root, machine.division).value();
  result.epsilon_ = ball_cast<Wide>(ball_of(norm.epsilon));
  return result;
}

Result<Forms> ComputedNorm::operator()(Symbols& symbols, Forms x) const {
  if (kind_ == "layer-norm" || kind_ == "mean-norm") {
    ATTNCERT_CHECK(centre(x));
  }
  if (kind_ == "layer-norm" || kind_ == "rms-norm") {
    ATTNCERT_CHECK(divide(symbols, x));
  }
  if (kind_ != "none") {
    ATTNCERT_CHECK(scale(x));
  }
  return x;
}

namespace {

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double one : x) sum += one;
  return raised(sum / static_cast<double>(x.size()));
}

// Subtracts from each row of the terms their mean.
void subtract_means(Panel& terms) {
  Panel means(1, terms.columns);
  const auto factor = static_cast<float>(-1 / static_cast<double>(terms.rows));
  for (long k = 0; k < terms.rows; ++k) add_scaled(means.row(0), factor, terms.row(k));
  for (long k = 0; k < terms.rows; ++k) add_scaled(terms.row(k), 1, means.row(0));
}

}  // namespace

// x - mean(x): the computed mean is off by `off`, and each difference is rounded.
Status ComputedNorm::centre(Forms& x) const {
  const long n = x.columns();
  std::vector<RowBounds> rows;
  for (long t = 0; t < x.rows(); ++t) rows.push_back(bounds_of(x, t));
  x.centre.subtract_means();
  absorb(x.centre, x.rest);
  for (long t = 0; t < x.rows(); ++t) {
    Panel& terms = x.terms[static_cast<std::size_t>(t)];
    const RowBounds& row = rows[static_cast<std::size_t>(t)];
    const double rest = mean(row.rest);
    const double spread = mean(row.spread);
    const double off = mean_error_ * mean(row.size) + 4 * static_cast<double>(n) * roundings_.tiny;
    for (long k = 0; k < n; ++k) {
      const double own = row.spread[static_cast<std::size_t>(k)] + spread;
      const double moved = x.rest.at(t, k) + rest + off;
      const double size = std::fabs(middle(x.centre, t, k)) + own + moved;
      x.rest.at(t, k) = raised(moved + roundings_.unit * size + panel_loss(n + 4) * own +
                               2 * panel_tiny(n) * static_cast<double>(terms.columns));
      ATTNCERT_CHECK(check_reach(roundings_, raised(2 * static_cast<double>(n) * mean(row.size))));
    }
    subtract_means(terms);
  }
  return ok();
}

// d / sqrt(mean(d^2) + epsilon)
Status ComputedNorm::divide(Symbols& symbols, Forms& x) const {
  const Ball<Wide> size{static_cast<double>(x.columns()), 0};
  symbols.add(std::vector<long>(static_cast<std::size_t>(x.rows()), 1));
  for (long t = 0; t < x.rows(); ++t) {
    const auto mid = x.centre.mid(t);
    const auto rad = x.centre.rad(t);
    const Ball<Wide> inverse =
        (Ball<Wide>::dot(mid, rad, mid, rad) / size + epsilon_).reciprocal_sqrt();
    ATTNCERT_CHECK(divide_row(symbols, x, t, inverse));
  }
  absorb(x.centre, x.rest);
  return ok();
}

// A centred row d of width D, to be divided by s = sqrt(|d|^2 / D + epsilon).
struct ComputedNorm::Division {
  RowBounds bounds;
  std::vector<double> d;
  double by = 0;            // 1 / s
  double steep = 0;         // 1 / (s - length / sqrt D), rounded up
  double squares = 0;       // 1 / (D s^3)
  double share = 0;         // 1 / D
  double length = 0;        // of the greatest change of d
  double along_rest = 0;    // |d| . rest
  double along_spread = 0;  // |d| . spread

  static Result<Division> make(const Forms& x, long row, Ball<Wide> inverse) {
    Division result{bounds_of(x, row), {}};
    double length = 0;
    for (std::size_t k = 0; k < result.bounds.rest.size(); ++k) {
      result.d.push_back(middle(x.centre, row, static_cast<long>(k)));
      const double moved = result.bounds.rest[k] + result.bounds.spread[k];
      length += moved * moved;
      result.along_rest += std::fabs(result.d[k]) * result.bounds.rest[k];
      result.along_spread += std::fabs(result.d[k]) * result.bounds.spread[k];
    }
    result.length = raised(std::sqrt(length));
    result.by = static_cast<double>(inverse.mid);
    result.share = 1 / static_cast<double>(x.columns());
    result.squares = result.share * result.by * result.by * result.by;
    const double turned = raised(result.length * std::sqrt(result.share) * result.by);
    if (!(turned <= 0.5) || !(inverse.rad <= 0x1p-40 * result.by)) {
      return fail(ErrorCode::EnclosureUnbounded, "rounding may change a norm's input too much");
    }
    result.steep = raised(result.by / (1 - turned));
    return result;
  }

  // How far the quotient may be from first-order terms, and from the centre's.
  double second(std::size_t k) const {
    const double moved = bounds.rest[k] + bounds.spread[k];
    return raised(moved * length * std::sqrt(share) * steep * steep +
                  (std::fabs(d[k]) + moved) * length * length * share * steep * steep * steep);
  }
  double first(std::size_t k) const {
    return raised(by * (bounds.rest[k] + bounds.spread[k]) +
                  std::fabs(d[k]) * squares * (along_rest + along_spread));
  }
};

// To first order d + a becomes d / s + a / s - d (d a) / (D s^3); what that leaves, and the roundings:
// docs/formulas.md#forms.
Status ComputedNorm::divide_row(const Symbols& symbols, Forms& x, long row,
                                Ball<Wide> inverse) const {
  const long n = x.columns();
  ATTNCERT_TRY(const Division division, Division::make(x, row, inverse));
  Panel& old = x.terms[static_cast<std::size_t>(row)];
  Panel terms(n, symbols.width(row));
  Panel products(1, old.columns);
  for (long k = 0; k < n; ++k) {
    const auto factor = static_cast<float>(division.d[static_cast<std::size_t>(k)]);
    add_scaled(products.row(0), factor, old.row(k));
  }
  for (long k = 0; k < n; ++k) {
    const auto at = static_cast<std::size_t>(k);
    const double d = division.d[at];
    const auto to = terms.row(k);
    add_scaled(to, static_cast<float>(division.by), old.row(k));
    add_scaled(to, static_cast<float>(-d * division.squares), products.row(0));
    to[static_cast<std::size_t>(symbols.own(row))] =
        static_cast<float>(d * division.by * factor_error_);
    x.rest.at(row, k) = quotient_rest(division, at);
    x.centre.set(row, k, x.centre.at(row, k) * inverse);
    ATTNCERT_CHECK(check_reach(roundings_, std::fabs(d) * division.by + division.first(at)));
  }
  old = std::move(terms);
  return ok();
}

double ComputedNorm::quotient_rest(const Division& division, std::size_t k) const {
  const auto n = static_cast<long>(division.d.size());
  const double size = std::fabs(division.d[k]);
  const double second = division.second(k);
  const double moved = division.first(k) + second;
  const double value = size * division.by + moved;
  const double turned = size * division.squares;
  const double carried = division.by * division.bounds.rest[k] + turned * division.along_rest;
  const double lost = panel_loss(n + 6) * (division.by * division.bounds.spread[k] +
                                           turned * division.along_spread) +
                      4 * panel_tiny(n) * division.bounds.scope * (1 + division.by + turned);
  const double factor = factor_error_ * moved + panel_loss(2) * size * division.by * factor_error_;
  return raised(carried + second + lost + factor + (1 + factor_error_) * roundings_.unit * value +
                2 * roundings_.tiny + 0x1p-147);
}

// n gain + shift
Status ComputedNorm::scale(Forms& x) const {
  const double both = raised(2 * roundings_.unit + roundings_.unit * roundings_.unit);
  for (long t = 0; t < x.rows(); ++t) {
    const RowBounds row = bounds_of(x, t);
    Panel& terms = x.terms[static_cast<std::size_t>(t)];
    for (long k = 0; k < x.columns(); ++k) {
      const auto at = static_cast<std::size_t>(k);
      const double gain = std::fabs(weights_.gain[at]);
      const double shift = std::fabs(weights_.shift[at]);
      const double size = gain * row.size[at] + shift;
      x.rest.at(t, k) = raised(gain * (row.rest[at] + panel_loss(2) * row.spread[at]) +
                               both * size + 3 * roundings_.tiny + panel_tiny(2) * row.scope);
      const auto factor = static_cast<float>(weights_.gain[at]);
      for (float& term : terms.row(k)) term *= factor;
      ATTNCERT_CHECK(check_reach(roundings_, raised(2 * size)));
    }
  }
  x.centre.scale_and_shift(weights_.gain, weights_.shift);
  absorb(x.centre, x.rest);
  return ok();
}

Result<Forms> computed_sum(const Roundings& roundings, const Forms& stream, Forms update) {
  const auto centre = stream.centre.plus(update.centre);
  for (long t = 0; t < stream.rows(); ++t) {
    const RowBounds before = bounds_of(stream, t);
    const RowBounds added = bounds_of(update, t);
    Panel& terms = update.terms[static_cast<std::size_t>(t)];
    for (long k = 0; k < stream.columns(); ++k) {
      const auto at = static_cast<std::size_t>(k);
      const double rest = before.rest[at] + added.rest[at];
      const double spread = before.spread[at] + added.spread[at];
      const double size = std::fabs(static_cast<double>(centre.at(t, k).mid)) + rest + spread;
      update.rest.at(t, k) =
          raised(rest + panel_loss(1) * spread + roundings.unit * size + roundings.tiny +
                 panel_tiny(1) * static_cast<double>(terms.columns));
      add_scaled(terms.row(k), 1, stream.terms[static_cast<std::size_t>(t)].row(k));
      ATTNCERT_CHECK(check_reach(roundings, raised(2 * size)));
    }
  }
  update.centre = centre;
  absorb(update.centre, update.rest);
  return update;
}

}  // namespace attncert::rules
