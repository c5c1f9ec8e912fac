// Rule instance: the stored heads are T2's for the original's weights, number by number.
#include "../rules.hpp"
#include "attncert/kernel/mlp.hpp"

namespace attncert::rules {
namespace {

Error mismatch(const std::string& tensor, long row, long column) {
  return fail(ErrorCode::InstanceMismatch,
              "tensor '" + tensor + "' of the converted model is not the construction's at [" +
                  std::to_string(row) + ", " + std::to_string(column) + "]");
}

// Every row j is [expected(j, 0..d-1), ones(j), 0].
template <class Expected, class Ones>
Status check_rows(const TensorFile& file, const std::string& name, long rows, long width,
                  Expected expected, Ones ones) {
  ATTNCERT_TRY(const Tensor stored, file.read(name, {rows, width + 2}));
  for (long j = 0; j < rows; ++j) {
    const auto row = stored.row(j);
    for (long i = 0; i < width + 2; ++i) {
      const double wanted = i < width ? expected(j, i) : i == width ? ones(j) : 0.0;
      if (row[static_cast<std::size_t>(i)] != wanted) return mismatch(name, j, i);
    }
  }
  return ok();
}

Status check_same_vector(const Model& a, const std::optional<std::string>& name_a, const Model& b,
                         const std::optional<std::string>& name_b, long length) {
  if (name_a.has_value() != name_b.has_value()) {
    return fail(ErrorCode::LayerFactsMismatch, "one norm has a bias and the other has none");
  }
  ATTNCERT_TRY(const std::vector<double> left, vector_or_zeros(a.weights, name_a, length));
  ATTNCERT_TRY(const std::vector<double> right, vector_or_zeros(b.weights, name_b, length));
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i]) return mismatch(*name_b, 0, static_cast<long>(i));
  }
  return ok();
}

Status check_same_norm(const Model& original, const Norm& a, const Model& converted,
                       const Norm& b) {
  if (a.kind != b.kind || a.epsilon != b.epsilon) {
    return fail(ErrorCode::LayerFactsMismatch, "the norms differ in kind or epsilon");
  }
  const long width = original.network.d_model;
  ATTNCERT_CHECK(check_same_vector(original, a.weight, converted, b.weight, width));
  return check_same_vector(original, a.bias, converted, b.bias, width);
}

Status check_bias_head(const Model& original, const MlpSublayer& mlp, const Model& converted,
                       const NeuronHeads& heads) {
  const long width = original.network.d_model;
  if (mlp.out.bias.has_value() != heads.bias_output.has_value()) {
    return fail(ErrorCode::LayerFactsMismatch, "the output bias and its head do not go together");
  }
  if (!mlp.out.bias) return ok();
  ATTNCERT_TRY(const std::vector<double> bias,
               vector_or_zeros(original.weights, mlp.out.bias, width));
  return check_rows(
      converted.weights, *heads.bias_output, 1, width,
      [&](long, long i) { return bias[static_cast<std::size_t>(i)]; }, [](long) { return 0.0; });
}

}  // namespace

Status instance(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Instance* goal, conclusion_as<Instance>(step));
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  ATTNCERT_TRY(const MlpSublayer* mlp, sublayer_named<MlpSublayer>(original->network, goal->layer));
  ATTNCERT_TRY(const NeuronHeads* heads,
               sublayer_named<NeuronHeads>(converted->network, goal->layer));
  const long width = original->network.d_model;
  if (converted->network.d_model != width || heads->heads != mlp->d_mlp) {
    return fail(ErrorCode::LayerFactsMismatch, "the models differ in d_model or number of neurons");
  }
  ATTNCERT_CHECK(check_same_norm(*original, mlp->norm, *converted, heads->norm));
  ATTNCERT_TRY(const MlpWeights weights, mlp_weights(*original, *mlp));
  const auto w = [&](long j, long i) { return weights.in.at(j, i); };
  const auto c = [&](long j) { return weights.in_bias[static_cast<std::size_t>(j)]; };
  const TensorFile& file = converted->weights;
  ATTNCERT_CHECK(check_rows(
      file, heads->query, mlp->d_mlp, width, [&](long j, long i) { return -w(j, i); },
      [&](long j) { return -c(j); }));
  ATTNCERT_CHECK(check_rows(file, heads->value, mlp->d_mlp, width, w, c));
  ATTNCERT_CHECK(check_rows(
      file, heads->output, mlp->d_mlp, width, [&](long j, long i) { return weights.out.at(j, i); },
      [](long) { return 0.0; }));
  return check_bias_head(*original, *mlp, *converted, *heads);
}

}  // namespace attncert::rules
