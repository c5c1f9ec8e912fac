// Writing safetensors files.
#pragma once

#include <map>
#include <string>

#include "attncert/tensor/safetensors.hpp"

namespace attncert {

/// The bytes of a safetensors file with these tensors, in name order, data aligned to 8 bytes.
/// Ensures  F32 where every value of the tensor is a float, else F64; either way exact
std::string write_safetensors(const std::map<std::string, Tensor>& tensors);

}  // namespace attncert
