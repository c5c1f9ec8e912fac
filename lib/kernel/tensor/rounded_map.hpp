// Affine maps of a normalised row, computed with roundings: docs/formulas.md#rounding-sums.
#pragma once

#include "attncert/kernel/rounding.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/statement/inputs.hpp"
#include "machine.hpp"

namespace attncert::rules {

/// The computed row y = gain n + shift of all inputs n.
struct NormedRow {
  std::vector<double> gain;
  std::vector<double> shift;
  bool box = false;  // |n_i| <= reach; otherwise |n| <= reach
  Upper reach;
  Upper relative;  // |computed y_i - y_i| <= relative (|gain_i n_i| + |shift_i|) + tiny
  Upper tiny;
  Upper total;    // of sum |gain_i n_i| + |shift_i|
  Upper largest;  // of each |gain_i n_i| + |shift_i|
};
Result<NormedRow> normed_row(const Machine& machine, const Model& model, const Norm& norm,
                             const Inputs& inputs);

/// An affine map together with what storing it rounded means.
struct StoredMap {
  Affine map;
  bool exact = true;   // the format of storage has every number
  bool heads = false;  // the bias is one of the columns, and another column is 0
};
Result<StoredMap> stored_map(const Machine& machine, const Model& model, const AffineMap& names,
                             Affine map);

/// Stored heads' rows [w, c, 0] as an affine map.
Result<StoredMap> stored_rows(const Machine& machine, const Model& model, const std::string& name,
                              long rows);

/// Stored output rows of heads as a map, with the row of the output bias.
Result<StoredMap> stored_output(const Machine& machine, const Model& model, const std::string& name,
                                const std::optional<std::string>& bias, long rows);

/// Of each coordinate of the map's output: its size, how far the computed one is off, and how wide
/// the interval is in which it lies.
struct RoundedRows {
  std::vector<Upper> size;
  std::vector<Upper> error;
  std::vector<Upper> width;
};
Result<RoundedRows> rounded_rows(const Machine& machine, const NormedRow& row,
                                 const StoredMap& stored);

/// What an output map is applied to: sizes of inner values and their errors.
struct InnerValues {
  std::vector<Upper> size;
  std::vector<Upper> error;
  long terms = 0;     // of each sum; several may belong to one inner value
  Upper bias_factor;  // relative error of what multiplies the bias
  Upper scores;       // of the heads that gave these values, if there were any
};

/// What an output map multiplies: |exact inner value|, and the computed one's error with that of its
/// product.
struct InnerErrors {
  Upper relative;  // of products and sums
  std::vector<double> sizes;
  std::vector<double> errors;
  Upper total;  // of computed values
};
Result<InnerErrors> inner_errors(const Machine& machine, const StoredMap& out,
                                 const InnerValues& inner);

/// The largest error of an output coordinate, and the largest size. EnclosureUnbounded where sums
/// overflow fp64
Result<RoundingBound> output_error(const Machine& machine, const StoredMap& out,
                                   const InnerValues& inner);

}  // namespace attncert::rules
