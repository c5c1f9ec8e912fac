// Stored numbers of a converted model against those of the original, one by one.
#pragma once

#include <functional>

#include "attncert/kernel/weights.hpp"

namespace attncert::rules {

/// InstanceMismatch at a place of one of the converted model's tensors.
Error mismatch(const std::string& tensor, long row, long column);

/// Every number of b's tensor is that of a's, of shape (length).
Status check_same_vector(const Model& a, const std::optional<std::string>& name_a, const Model& b,
                         const std::optional<std::string>& name_b, long length);

/// Likewise, of a shape.
Status check_same_tensor(const Model& a, const std::string& name_a, const Model& b,
                         const std::string& name_b, const std::vector<long>& shape);

/// The same affine map, stored the same way.
Status check_same_affine(const Model& a, const AffineMap& map_a, const Model& b,
                         const AffineMap& map_b, Layout layout, long outputs, long inputs);

/// The same function, on streams of width d_model.
Status check_same_norm(const Model& original, const Norm& a, const Model& converted, const Norm& b);

/// A sublayer that was kept as it is: the same facts, the same numbers.
Status check_kept(const Model& original, const Sublayer& before, const Model& converted,
                  const Sublayer& after);

/// A mask as weights: omega where row i may attend to row j, else 0. The bias token is the last row,
/// which allows itself.
/// Errors LayerFactsMismatch without a context, InstanceMismatch
Status check_masks(const Model& converted, const MaskWeights& masks,
                   const std::function<bool(long, long)>& allows);

/// What enters and leaves the two stacks of sublayers is the same.
Status check_same_ends(const Model& original, const Model& converted);

}  // namespace attncert::rules
