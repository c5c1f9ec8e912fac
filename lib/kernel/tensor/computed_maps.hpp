// What a machine's norms, affine maps and residual sums do to affine forms.
#pragma once

#include "attncert/kernel/weights.hpp"
#include "forms.hpp"
#include "function_table.hpp"
#include "machine.hpp"

namespace attncert::rules {

/// A machine's constants in fp64, all rounded up.
struct Roundings {
  double unit = 0;     // of single operations
  double storage = 0;  // of constants stored
  double tiny = 0;     // what an underflow may add
  double activation = 0;
  double largest = 0;

  explicit Roundings(const Machine& machine);
};

/// EnclosureUnbounded where nothing is known of a number of this size, RoundingOverflow where it may
/// be beyond the largest.
Status check_reach(const Roundings& roundings, double size);

/// What is known of a row of forms, entry by entry.
struct RowBounds {
  std::vector<double> spread;  // first-order terms together
  std::vector<double> rest;
  std::vector<double> size;  // of the computed number
  double scope = 0;          // symbols and spreads together: how often an fp32 underflow may count
};
RowBounds bounds_of(const Forms& x, long row);

/// sum_k |w_k| x_k
double magnitudes(std::span<const double> w, const std::vector<double>& x);

/// x W^T + b, computed.
struct ComputedMap {
  /// Numbers are those of the format of storage: RoundingUnsupported names the tensor otherwise.
  /// Requires terms: products in a sum, the bias among them
  static Result<ComputedMap> make(const Machine& machine, const TensorFile& file,
                                  const std::string& name, Affine map, long terms);

  Result<Forms> operator()(const Forms& x) const;

  Affine map;
  Panel narrow;  // the weight
  double relative = 0;
  double tiny = 0;
  double bias_relative = 0;  // of the bias: more, where a head of its own writes it
  Roundings roundings;

private:
  explicit ComputedMap(const Machine& machine) : roundings(machine) {}
};

/// A norm: two passes, sums of products of centred numbers.
class ComputedNorm {
public:
  static Result<ComputedNorm> make(const Machine& machine, const Model& model, const Norm& norm);
  /// One more stage of symbols where it divides by lengths.
  Result<Forms> operator()(Symbols& symbols, Forms x) const;

private:
  explicit ComputedNorm(const Machine& machine) : roundings_(machine) {}
  Status centre(Forms& x) const;
  Status divide(Symbols& symbols, Forms& x) const;
  struct Division;
  Status divide_row(const Symbols& symbols, Forms& x, long row, Ball<Wide> inverse) const;
  double quotient_rest(const Division& division, std::size_t k) const;
  Status scale(Forms& x) const;

  Roundings roundings_;
  std::string kind_;
  NormWeights weights_;
  Ball<Wide> epsilon_;
  double mean_error_ = 0;    // of a mean, relative to the magnitudes'
  double factor_error_ = 0;  // of 1 / length
};

/// stream + update, computed.
Result<Forms> computed_sum(const Roundings& roundings, const Forms& stream, Forms update);

}  // namespace attncert::rules
