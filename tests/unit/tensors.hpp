// Tensors in memory, as files and back.
#pragma once

#include <algorithm>

#include "attncert/model/safetensors_writer.hpp"
#include "unit/support.hpp"

namespace attncert::testing {

using TensorMap = std::map<std::string, Tensor>;

/// The bytes of a safetensors file, as planned.
inline std::string bytes_of(const TensorPlan& plan) {
  std::string bytes;
  const Status written = write_safetensors(plan, [&bytes](std::string_view part) {
    bytes += part;
    return ok();
  });
  REQUIRE(written);
  return bytes;
}

/// The bytes of a safetensors file: F32 where every number of a tensor is a float, else F64.
inline std::string bytes_of(const TensorMap& tensors) {
  TensorPlan plan;
  for (const auto& [name, tensor] : tensors) {
    const bool single = std::all_of(tensor.values.begin(), tensor.values.end(), [](double v) {
      return static_cast<double>(static_cast<float>(v)) == v;
    });
    plan[name] = {tensor.shape, single ? NumberType::f32 : NumberType::f64,
                  [values = tensor.values]() -> Result<std::vector<double>> { return values; }};
  }
  return bytes_of(plan);
}

inline TensorMap tensors_of(const TensorPlan& plan) {
  TensorMap tensors;
  for (const auto& [name, planned] : plan) {
    auto values = planned.values();
    REQUIRE(values);
    tensors[name] = {planned.shape, std::move(values).value()};
  }
  return tensors;
}

}  // namespace attncert::testing
