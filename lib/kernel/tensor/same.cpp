#include "same.hpp"

namespace attncert::rules {
namespace {

Error differ(const std::string& what) {
  return fail(ErrorCode::LayerFactsMismatch, "the models differ in " + what);
}

Status check_same_tokens(const Model& a, const TokenInput& in_a, const Model& b,
                         const TokenInput& in_b) {
  if (in_a.vocab != in_b.vocab || in_a.n_ctx != in_b.n_ctx ||
      in_a.position.has_value() != in_b.position.has_value()) {
    return differ("vocabulary, context or positions");
  }
  const long width = a.network.d_model;
  ATTNCERT_CHECK(check_same_tensor(a, in_a.token, b, in_b.token, {in_a.vocab, width}));
  if (!in_a.position) return ok();
  return check_same_tensor(a, *in_a.position, b, *in_b.position, {in_a.n_ctx, width});
}

Status check_same_patches(const Model& a, const PatchInput& in_a, const Model& b,
                          const PatchInput& in_b) {
  if (in_a.count != in_b.count || in_a.width != in_b.width || in_a.layout != in_b.layout) {
    return differ("patches");
  }
  const long width = a.network.d_model;
  ATTNCERT_CHECK(
      check_same_affine(a, in_a.projection, b, in_b.projection, in_a.layout, width, in_a.width));
  ATTNCERT_CHECK(check_same_tensor(a, in_a.class_token, b, in_b.class_token, {1, 1, width}));
  return check_same_tensor(a, in_a.position, b, in_b.position, {1, in_a.count + 1, width});
}

}  // namespace

Error mismatch(const std::string& tensor, long row, long column) {
  return fail(ErrorCode::InstanceMismatch,
              "tensor '" + tensor + "' of the converted model is not the construction's at [" +
                  std::to_string(row) + ", " + std::to_string(column) + "]");
}

Status check_same_vector(const Model& a, const std::optional<std::string>& name_a, const Model& b,
                         const std::optional<std::string>& name_b, long length) {
  if (name_a.has_value() != name_b.has_value()) return differ("having a bias");
  if (!name_a) return ok();
  return check_same_tensor(a, *name_a, b, *name_b, {length});
}

Status check_same_tensor(const Model& a, const std::string& name_a, const Model& b,
                         const std::string& name_b, const std::vector<long>& shape) {
  ATTNCERT_TRY(const Tensor left, a.weights.read(name_a, shape));
  ATTNCERT_TRY(const Tensor right, b.weights.read(name_b, shape));
  const long columns = shape.back();
  for (std::size_t i = 0; i < left.values.size(); ++i) {
    const long at = static_cast<long>(i);
    if (left.values[i] != right.values[i]) return mismatch(name_b, at / columns, at % columns);
  }
  return ok();
}

Status check_same_affine(const Model& a, const AffineMap& map_a, const Model& b,
                         const AffineMap& map_b, Layout layout, long outputs, long inputs) {
  const std::vector<long> shape = layout == Layout::out_in ? std::vector<long>{outputs, inputs}
                                                           : std::vector<long>{inputs, outputs};
  ATTNCERT_CHECK(check_same_tensor(a, map_a.weight, b, map_b.weight, shape));
  return check_same_vector(a, map_a.bias, b, map_b.bias, outputs);
}

Status check_same_norm(const Model& original, const Norm& a, const Model& converted,
                       const Norm& b) {
  if (a.kind != b.kind || a.epsilon != b.epsilon) return differ("a norm's kind or epsilon");
  if (a.kind == "none") return ok();
  const long width = original.network.d_model;
  ATTNCERT_CHECK(check_same_vector(original, a.weight, converted, b.weight, width));
  return check_same_vector(original, a.bias, converted, b.bias, width);
}

Status check_same_ends(const Model& original, const Model& converted) {
  const Network& a = original.network;
  const Network& b = converted.network;
  if (a.d_model != b.d_model || a.input.index() != b.input.index() ||
      a.final_norm.has_value() != b.final_norm.has_value() ||
      a.unembedding.has_value() != b.unembedding.has_value() ||
      a.first_row_only != b.first_row_only) {
    return differ("what enters or leaves the stack of sublayers");
  }
  if (const auto* tokens = std::get_if<TokenInput>(&a.input)) {
    ATTNCERT_CHECK(check_same_tokens(original, *tokens, converted, std::get<TokenInput>(b.input)));
  }
  if (const auto* patches = std::get_if<PatchInput>(&a.input)) {
    ATTNCERT_CHECK(
        check_same_patches(original, *patches, converted, std::get<PatchInput>(b.input)));
  }
  if (a.final_norm) {
    ATTNCERT_CHECK(check_same_norm(original, *a.final_norm, converted, *b.final_norm));
  }
  if (!a.unembedding) return ok();
  if (a.unembedding->layout != b.unembedding->layout ||
      a.unembedding->outputs != b.unembedding->outputs) {
    return differ("the unembedding's layout or size");
  }
  return check_same_affine(original, a.unembedding->map, converted, b.unembedding->map,
                           a.unembedding->layout, a.unembedding->outputs, a.d_model);
}

Status check_masks(const Model& converted, const MaskWeights& masks,
                   const std::function<bool(long, long)>& allows) {
  const std::optional<long> context = context_of(converted.network);
  const auto omega = static_cast<double>(masks.omega);
  if (!context || Rational(omega) != masks.omega) {
    return fail(ErrorCode::LayerFactsMismatch,
                "masks as weights need a network with a context, and an omega that fp64 holds");
  }
  const long n = *context + 1;
  ATTNCERT_TRY(const Matrix stored, read_matrix(converted.weights, masks.query, n, n));
  for (long i = 0; i < n; ++i) {
    for (long j = 0; j < n; ++j) {
      const bool allowed = i == *context ? j == i : allows(i, j);
      if (stored.at(i, j) != (allowed ? omega : 0.0)) return mismatch(masks.query, i, j);
    }
  }
  return ok();
}

}  // namespace attncert::rules
