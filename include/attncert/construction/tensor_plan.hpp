// Tensors that are computed one at a time, when they are written: whole models never stand in
// memory.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "attncert/tensor/safetensors.hpp"

namespace attncert {

/// How numbers are stored; names as in safetensors.
enum class NumberType { f16, bf16, f32, f64 };
std::string_view name_of(NumberType type);

/// A tensor to be: its shape, and a recipe for its numbers.
struct PlannedTensor {
  std::vector<long> shape;
  NumberType type = NumberType::f32;
  std::function<Result<std::vector<double>>()> values;
  bool rounded = false;  // to the nearest number of the type, ties to even; exact otherwise
};

/// Tensors by name, in the order of a safetensors file.
using TensorPlan = std::map<std::string, PlannedTensor>;

/// Adds a tensor. Errors NetworkField where the name is taken by another one
Status add_tensor(TensorPlan& plan, const std::string& name, PlannedTensor tensor);

/// A tensor of a file as it is; adding the same one twice is no error.
Status add_copy(TensorPlan& plan, const TensorFile& file, const std::string& name);

/// The type, F32 or F64, that holds every number of a stored tensor.
NumberType type_of(const TensorFile& file, const std::string& name);

}  // namespace attncert
