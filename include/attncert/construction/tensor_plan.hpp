// Tensors that are computed one at a time, when they are written: whole models never stand in
// memory.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "attncert/tensor/safetensors.hpp"

namespace attncert {

/// A tensor to be: its shape, and a recipe for its numbers.
struct PlannedTensor {
  std::vector<long> shape;
  bool single = true;  // F32 holds every number exactly; F64 otherwise
  std::function<Result<std::vector<double>>()> values;
};

/// Tensors by name, in the order of a safetensors file.
using TensorPlan = std::map<std::string, PlannedTensor>;

/// Adds a tensor. Errors NetworkField where the name is taken by another one
Status add_tensor(TensorPlan& plan, const std::string& name, PlannedTensor tensor);

/// A tensor of a file as it is; adding the same one twice is no error.
Status add_copy(TensorPlan& plan, const TensorFile& file, const std::string& name);

/// Whether F32 holds every number of a stored tensor.
bool is_single(const TensorFile& file, const std::string& name);

}  // namespace attncert
