// Writing safetensors files, tensor by tensor.
#pragma once

#include "attncert/construction/progress.hpp"
#include "attncert/construction/tensor_plan.hpp"
#include "attncert/model/output_files.hpp"

namespace attncert {

/// Writes a safetensors file, in name order, data aligned to 8 bytes.
/// Requires numbers that fit the types planned, exactly but where a tensor is rounded: TensorType
///          otherwise
/// Ensures  rounded numbers are the nearest ones, ties to even; one tensor at a time stands in memory
Status write_safetensors(const TensorPlan& plan, const ByteSink& sink,
                         const Progress& progress = {});

}  // namespace attncert
