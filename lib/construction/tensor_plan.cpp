#include "attncert/construction/tensor_plan.hpp"

namespace attncert {

Status add_tensor(TensorPlan& plan, const std::string& name, PlannedTensor tensor) {
  if (plan.emplace(name, std::move(tensor)).second) return ok();
  return fail(ErrorCode::NetworkField, "two tensors of the converted model would be named '" +
                                           name + "': rename a sublayer");
}

std::string_view name_of(NumberType type) {
  constexpr std::string_view names[] = {"F16", "BF16", "F32", "F64"};
  return names[static_cast<std::size_t>(type)];
}

NumberType type_of(const TensorFile& file, const std::string& name) {
  const std::string* dtype = file.dtype_of(name);
  return dtype != nullptr && *dtype != "F64" ? NumberType::f32 : NumberType::f64;
}

Status add_copy(TensorPlan& plan, const TensorFile& file, const std::string& name) {
  const std::vector<long>* shape = file.shape_of(name);
  if (shape == nullptr) {
    return fail(ErrorCode::TensorMissing, "tensor '" + name + "' is not in the weights file");
  }
  const auto found = plan.find(name);
  if (found != plan.end() && found->second.shape == *shape) return ok();
  const auto values = [&file, name, shape = *shape]() -> Result<std::vector<double>> {
    ATTNCERT_TRY(Tensor tensor, file.read(name, shape));
    return std::move(tensor.values);
  };
  return add_tensor(plan, name, {*shape, type_of(file, name), values});
}

}  // namespace attncert
