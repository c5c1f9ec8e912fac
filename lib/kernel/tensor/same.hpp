// Stored numbers of a converted model against those of the original, one by one.
#pragma once

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

/// The same function, on streams of width d_model.
Status check_same_norm(const Model& original, const Norm& a, const Model& converted, const Norm& b);

/// What enters and leaves the two stacks of sublayers is the same.
Status check_same_ends(const Model& original, const Model& converted);

}  // namespace attncert::rules
