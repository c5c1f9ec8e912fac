#include "tensor_names.hpp"

namespace attncert {
namespace {

Error missing(const std::string& name) {
  return fail(ErrorCode::TensorMissing, "tensor '" + name + "' is not in the weights file");
}

}  // namespace

Result<Layout> TensorNames::layout_of(const TensorFile& weights, const std::string& weight,
                                      long outputs, long inputs) {
  const Shape* shape = weights.shape_of(weight);
  if (shape == nullptr) return missing(weight);
  if (*shape == Shape{outputs, inputs}) return Layout::out_in;
  if (*shape == Shape{inputs, outputs}) return Layout::in_out;
  return fail(ErrorCode::TensorShape, "tensor '" + weight + "' has shape " + shape_text(*shape) +
                                          " where " + shape_text({outputs, inputs}) + " or " +
                                          shape_text({inputs, outputs}) + " is needed");
}

Result<std::string> TensorNames::tensor(const std::string& name, const Shape& shape) {
  const Shape* stored = weights_.shape_of(name);
  if (stored == nullptr) return missing(name);
  used_.insert(name);
  if (*stored == shape) return name;
  return fail(ErrorCode::TensorShape, "tensor '" + name + "' has shape " + shape_text(*stored) +
                                          " where " + shape_text(shape) + " is needed");
}

Result<std::optional<std::string>> TensorNames::optional(const std::string& name,
                                                         const Shape& shape) {
  if (!has(name)) return std::optional<std::string>();
  ATTNCERT_TRY(std::string found, tensor(name, shape));
  return std::optional<std::string>(std::move(found));
}

Result<AffineMap> TensorNames::affine(const std::string& prefix, long outputs, long inputs) {
  AffineMap map;
  const Shape shape = layout_ == Layout::out_in ? Shape{outputs, inputs} : Shape{inputs, outputs};
  ATTNCERT_TRY(map.weight, tensor(prefix + ".weight", shape));
  ATTNCERT_TRY(map.bias, optional(prefix + ".bias", {outputs}));
  return map;
}

Result<Norm> TensorNames::norm(const std::string& prefix, const std::string& kind,
                               const Rational& epsilon, long width) {
  const bool greek = has(prefix + ".gamma");
  Norm norm{kind, epsilon, "", std::nullopt};
  ATTNCERT_TRY(norm.weight, tensor(prefix + (greek ? ".gamma" : ".weight"), {width}));
  ATTNCERT_TRY(norm.bias, optional(prefix + (has(prefix + ".beta") ? ".beta" : ".bias"), {width}));
  return norm;
}

Status TensorNames::all_used() const {
  for (const std::string& name : weights_.names()) {
    if (!used_.contains(name)) {
      return fail(ErrorCode::NetworkField, "tensor '" + name + "' of shape " +
                                               shape_text(*weights_.shape_of(name)) +
                                               " has no place in this model");
    }
  }
  return ok();
}

}  // namespace attncert
