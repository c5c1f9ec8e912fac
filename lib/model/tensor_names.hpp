// Which tensors of a file play which part (private to the module).
#pragma once

#include <set>

#include "attncert/statement/network.hpp"
#include "attncert/tensor/safetensors.hpp"

namespace attncert {

/// Names tensors of the right shapes, and remembers which were named.
class TensorNames {
public:
  using Shape = std::vector<long>;

  TensorNames(const TensorFile& weights, Layout layout) : weights_(weights), layout_(layout) {}

  /// The layout that a weight's shape tells. Requires outputs != inputs
  static Result<Layout> layout_of(const TensorFile& weights, const std::string& weight,
                                  long outputs, long inputs);

  Layout layout() const { return layout_; }
  bool has(const std::string& name) const { return weights_.shape_of(name) != nullptr; }

  /// Errors   TensorMissing, TensorShape (both shapes named)
  Result<std::string> tensor(const std::string& name, const Shape& shape);
  Result<std::optional<std::string>> optional(const std::string& name, const Shape& shape);
  /// PREFIX.weight, and PREFIX.bias where there is one.
  Result<AffineMap> affine(const std::string& prefix, long outputs, long inputs);
  /// PREFIX.weight or PREFIX.gamma, and PREFIX.bias or PREFIX.beta where there is one.
  Result<Norm> norm(const std::string& prefix, const std::string& kind, const Rational& epsilon,
                    long width);

  /// Passes over a tensor that plays no part, such as a mask.
  void ignore(const std::string& name) { used_.insert(name); }
  /// Errors   NetworkField: a tensor without a part
  Status all_used() const;

private:
  const TensorFile& weights_;
  Layout layout_;
  std::set<std::string> used_;
};

}  // namespace attncert
