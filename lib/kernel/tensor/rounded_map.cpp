#include "rounded_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace attncert::rules {
namespace {

constexpr std::size_t kLanes = 4;
using Lanes = std::array<double, kLanes>;

double total_of(const Lanes& lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

// A sum of n computed terms, each off by a few roundings and 2^-1074: #sums with (n + 8) 2^-51.
Upper sum_up(const Lanes& lanes, std::size_t n) {
  const Upper terms = Upper::of(static_cast<long>(n) + 8);
  const Upper factor = Upper::of(1.0) + terms * Upper::of(0x1p-51);
  return Upper::of(total_of(lanes)) * factor + terms * Upper::of(0x1p-1021);
}

// Sums over one row w: (gain w)^2, or |gain w| over a box; |w shift|; |w|.
struct RowSums {
  Upper turned;
  Upper offset;
  Upper plain;
};

template <bool box>
RowSums sums_of(std::span<const double> w, const NormedRow& row) {
  Lanes turned{};
  Lanes offset{};
  Lanes plain{};
  const auto add = [&](std::size_t i, std::size_t l) {
    const double g = row.gain[i] * w[i];
    const double a = std::fabs(w[i]);
    turned[l] += box ? std::fabs(g) : g * g;
    offset[l] += a * std::fabs(row.shift[i]);
    plain[l] += a;
  };
  std::size_t i = 0;
  for (; i + kLanes <= w.size(); i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) add(i + l, l);
  }
  for (; i < w.size(); ++i) add(i, 0);
  return {sum_up(turned, w.size()), sum_up(offset, w.size()), sum_up(plain, w.size())};
}

// Sums of |w| times two vectors.
struct TwoSums {
  Upper first;
  Upper second;
};

TwoSums dots_of(std::span<const double> w, const std::vector<double>& a,
                const std::vector<double>& b) {
  Lanes first{};
  Lanes second{};
  std::size_t i = 0;
  const auto add = [&](std::size_t at, std::size_t l) {
    const double size = std::fabs(w[at]);
    first[l] += size * a[at];
    second[l] += size * b[at];
  };
  for (; i + kLanes <= w.size(); i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) add(i + l, l);
  }
  for (; i < w.size(); ++i) add(i, 0);
  return {sum_up(first, w.size()), sum_up(second, w.size())};
}

Result<bool> stores_all(const Machine& machine, const TensorFile& file, const std::string& name,
                        std::span<const double> values, bool so_far) {
  ATTNCERT_TRY(const bool all, machine.stores(file, name, values));
  return all && so_far;
}

// Zero where every number is stored as it is.
Upper unless(bool exact, Upper error) { return exact ? Upper() : error; }

}  // namespace

Result<NormedRow> normed_row(const Machine& machine, const Model& model, const Norm& norm,
                             const Inputs& inputs) {
  ATTNCERT_TRY(NormWeights weights, norm_weights(model, norm));
  const auto width = static_cast<long>(weights.gain.size());
  NormedRow row;
  row.box = inputs.kind == Inputs::Kind::computed_box;
  row.reach = Upper::of(inputs.size);
  if (!row.box) row.reach = row.reach * sqrt(Upper::of(width));
  bool exact = true;
  if (norm.kind != "none") {
    ATTNCERT_TRY(exact, machine.stores(model.weights, norm.weight, weights.gain));
    if (norm.bias) {
      ATTNCERT_TRY(exact, stores_all(machine, model.weights, *norm.bias, weights.shift, exact));
    }
    row.relative = compound(unless(exact, machine.storage), machine.compute, machine.compute);
    row.tiny = unless(exact, machine.storage_tiny) * (row.reach + Upper::of(1.0)) +
               Upper::of(2L) * machine.compute_tiny;
  }
  Upper square;
  Upper plain;
  Upper offset;
  for (std::size_t i = 0; i < weights.gain.size(); ++i) {
    const Upper gain = Upper::of(weights.gain[i]);
    const Upper shift = Upper::of(weights.shift[i]);
    row.largest = max(row.largest, gain * row.reach + shift);
    square = square + gain * gain;
    plain = plain + gain;
    offset = offset + shift;
  }
  row.total = row.reach * (row.box ? plain : sqrt(square)) + offset;
  ATTNCERT_CHECK(
      machine.check_size(row.largest * (Upper::of(1.0) + row.relative) + row.tiny * Upper::of(2L),
                         "a normalised row"));
  row.gain = std::move(weights.gain);
  row.shift = std::move(weights.shift);
  return row;
}

Result<StoredMap> stored_map(const Machine& machine, const Model& model, const AffineMap& names,
                             Affine map) {
  StoredMap stored{std::move(map)};
  ATTNCERT_TRY(stored.exact, machine.stores(model.weights, names.weight, stored.map.weight.values));
  if (names.bias) {
    ATTNCERT_TRY(stored.exact,
                 stores_all(machine, model.weights, *names.bias, stored.map.bias, stored.exact));
  }
  return stored;
}

Result<StoredMap> stored_rows(const Machine& machine, const Model& model, const std::string& name,
                              long rows) {
  const long width = model.network.d_model;
  ATTNCERT_TRY(const Matrix all, read_matrix(model.weights, name, rows, width + 2));
  StoredMap stored{{Matrix(rows, width), {}}, true, true};
  ATTNCERT_TRY(stored.exact, machine.stores(model.weights, name, all.values));
  for (long j = 0; j < rows; ++j) {
    const auto row = all.row(j);
    std::copy_n(row.begin(), width, stored.map.weight.row(j).begin());
    stored.map.bias.push_back(row[static_cast<std::size_t>(width)]);
  }
  return stored;
}

Result<StoredMap> stored_output(const Machine& machine, const Model& model, const std::string& name,
                                const std::optional<std::string>& bias, long rows) {
  const long width = model.network.d_model;
  ATTNCERT_TRY(const Matrix stored, read_matrix(model.weights, name, rows, width + 2));
  StoredMap out{{transposed(stored), std::vector<double>(static_cast<std::size_t>(width + 2))}};
  ATTNCERT_TRY(out.exact, machine.stores(model.weights, name, stored.values));
  if (!bias) return out;
  ATTNCERT_TRY(Matrix row, read_matrix(model.weights, *bias, 1, width + 2));
  out.map.bias = std::move(row.values);
  ATTNCERT_TRY(const bool exact, machine.stores(model.weights, *bias, out.map.bias));
  out.exact = out.exact && exact;
  return out;
}

Result<RoundedRows> rounded_rows(const Machine& machine, const NormedRow& row,
                                 const StoredMap& stored) {
  const long width = stored.map.weight.columns;
  const long terms = width + (stored.heads ? 2 : 1);
  ATTNCERT_TRY(const Upper added, machine.sum(terms));
  const Upper relative = compound(unless(stored.exact, machine.storage), row.relative, added,
                                  machine.compute, machine.compute);
  const Upper grown = Upper::of(1.0) + relative;
  const Upper stored_tiny = unless(stored.exact, machine.storage_tiny);
  const Upper fixed = stored_tiny * (row.total + Upper::of(width) * row.tiny + Upper::of(1.0)) +
                      Upper::of(2 * terms) * machine.accumulate_tiny +
                      Upper::of(2L) * machine.compute_tiny;
  RoundedRows rows;
  for (long j = 0; j < stored.map.weight.rows; ++j) {
    const auto w = stored.map.weight.row(j);
    const RowSums sums = row.box ? sums_of<true>(w, row) : sums_of<false>(w, row);
    const Upper reach = row.reach * (row.box ? sums.turned : sqrt(sums.turned));
    const Upper size =
        reach + sums.offset + Upper::of(stored.map.bias[static_cast<std::size_t>(j)]);
    const Upper error = relative * size + grown * (sums.plain * row.tiny + fixed);
    ATTNCERT_CHECK(machine.check_size(size + error, "a sum over a row"));
    rows.size.push_back(size);
    rows.error.push_back(error);
    rows.width.push_back(Upper::of(2L) * reach);
  }
  return rows;
}

Result<InnerErrors> inner_errors(const Machine& machine, const StoredMap& out,
                                 const InnerValues& inner) {
  ATTNCERT_TRY(const Upper added, machine.sum(inner.terms));
  InnerErrors result;
  result.relative =
      compound(unless(out.exact, machine.storage), added, machine.compute, machine.compute);
  for (std::size_t r = 0; r < inner.size.size(); ++r) {
    const Upper computed = inner.size[r] + inner.error[r];
    result.errors.push_back((inner.error[r] + result.relative * computed).value());
    result.sizes.push_back(inner.size[r].value());
    result.total = result.total + computed;
  }
  return result;
}

Result<RoundingBound> output_error(const Machine& machine, const StoredMap& out,
                                   const InnerValues& inner) {
  ATTNCERT_TRY(const InnerErrors each, inner_errors(machine, out, inner));
  const Upper grown = Upper::of(1.0) + each.relative;
  const Upper lost = unless(out.exact, machine.storage_tiny) * (each.total + Upper::of(2.0));
  const Upper fixed = grown * (lost + Upper::of(2 * inner.terms) * machine.accumulate_tiny +
                               Upper::of(2L) * machine.compute_tiny);
  Upper largest;
  Upper size;
  for (long k = 0; k < out.map.weight.rows; ++k) {
    const TwoSums sums = dots_of(out.map.weight.row(k), each.errors, each.sizes);
    const Upper bias = Upper::of(out.map.bias[static_cast<std::size_t>(k)]);
    const Upper moved = compound(each.relative, inner.bias_factor) * bias;
    const Upper error = sums.first + moved + fixed;
    ATTNCERT_CHECK(machine.check_size(sums.second + bias + error, "an output coordinate"));
    largest = max(largest, error);
    size = max(size, sums.second + bias);
  }
  if (!std::isfinite(largest.value()) || !std::isfinite(size.value())) {
    return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
  }
  return RoundingBound{Rational(largest.value()), Rational(size.value()),
                       Rational(inner.scores.value())};
}

}  // namespace attncert::rules
