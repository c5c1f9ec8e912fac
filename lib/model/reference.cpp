#include "attncert/model/reference.hpp"

#include <algorithm>
#include <cmath>

#include "reference_sublayers.hpp"

namespace attncert {

struct ReferenceModel::Parts {
  Network network;
  std::vector<StreamUpdate> updates;
  std::shared_ptr<const Matrix> tokens;  // shared with the unembedding where they are tied
  Matrix positions;
  Affine patches;
  std::vector<double> class_token;
  std::optional<ReferenceNorm> final_norm;
  std::shared_ptr<const Matrix> unembedding;
  std::vector<double> unembedding_bias;

  Status read_input(const Model& model);
  Status read_output(const Model& model);
};

namespace {

Error wrong_shape(const std::string& what, const Matrix& given, const std::string& needed) {
  return fail(ErrorCode::TensorShape, what + " has shape " +
                                          shape_text({given.rows, given.columns}) + " where " +
                                          needed + " is needed");
}

Result<Matrix> read_3d(const TensorFile& file, const std::string& name, long rows, long columns) {
  ATTNCERT_TRY(Tensor tensor, file.read(name, {1, rows, columns}));
  Matrix matrix(rows, columns);
  matrix.values = std::move(tensor.values);
  return matrix;
}

Status check_tokens(const TokenInput& input, const std::vector<long>& tokens) {
  const auto count = static_cast<long>(tokens.size());
  if (count < 1 || count > input.n_ctx) {
    return fail(ErrorCode::NetworkField, "a prompt must have 1 to " + std::to_string(input.n_ctx) +
                                             " tokens, not " + std::to_string(count));
  }
  for (const long token : tokens) {
    if (token >= 0 && token < input.vocab) continue;
    return fail(ErrorCode::NetworkField, "token " + std::to_string(token) +
                                             " is not in the vocabulary: use 0 to " +
                                             std::to_string(input.vocab - 1));
  }
  return ok();
}

}  // namespace

Status ReferenceModel::Parts::read_input(const Model& model) {
  const TensorFile& file = model.weights;
  const long width = network.d_model;
  if (const auto* input = std::get_if<TokenInput>(&network.input)) {
    ATTNCERT_TRY(Matrix matrix, read_matrix(file, input->token, input->vocab, width));
    tokens = std::make_shared<const Matrix>(std::move(matrix));
    if (!input->position) return ok();
    ATTNCERT_TRY(positions, read_matrix(file, *input->position, input->n_ctx, width));
    return ok();
  }
  const auto* input = std::get_if<PatchInput>(&network.input);
  if (input == nullptr) return ok();
  ATTNCERT_TRY(patches, read_affine(file, input->projection, input->layout, width, input->width));
  ATTNCERT_TRY(Matrix first, read_3d(file, input->class_token, 1, width));
  class_token = std::move(first.values);
  ATTNCERT_TRY(positions, read_3d(file, input->position, input->count + 1, width));
  return ok();
}

Status ReferenceModel::Parts::read_output(const Model& model) {
  if (network.final_norm) {
    ATTNCERT_TRY(final_norm, ReferenceNorm::make(model, *network.final_norm));
  }
  if (!network.unembedding) return ok();
  const Unembedding& end = *network.unembedding;
  const auto* input = std::get_if<TokenInput>(&network.input);
  const bool tied = input != nullptr && input->token == end.map.weight &&
                    end.layout == Layout::out_in && end.outputs == input->vocab;
  if (tied) {
    unembedding = tokens;
    ATTNCERT_TRY(unembedding_bias, vector_or_zeros(model.weights, end.map.bias, end.outputs));
    return ok();
  }
  ATTNCERT_TRY(Affine map,
               read_affine(model.weights, end.map, end.layout, end.outputs, network.d_model));
  unembedding = std::make_shared<const Matrix>(std::move(map.weight));
  unembedding_bias = std::move(map.bias);
  return ok();
}

Result<ReferenceModel> ReferenceModel::make(const Model& model) {
  use_one_blas_thread();
  auto parts = std::make_shared<Parts>();
  parts->network = model.network;
  ATTNCERT_CHECK(parts->read_input(model));
  for (const Sublayer& sublayer : model.network.sublayers) {
    ATTNCERT_TRY(StreamUpdate update, update_of(model, sublayer));
    parts->updates.push_back(std::move(update));
  }
  ATTNCERT_CHECK(parts->read_output(model));
  return ReferenceModel(std::move(parts));
}

const Network& ReferenceModel::network() const { return parts_->network; }

Result<Matrix> ReferenceModel::run_tokens(const std::vector<long>& tokens,
                                          const StreamObserver& observer) const {
  const auto* input = std::get_if<TokenInput>(&parts_->network.input);
  if (input == nullptr) {
    return fail(ErrorCode::NetworkField, "the network reads rows of numbers, not tokens");
  }
  ATTNCERT_CHECK(check_tokens(*input, tokens));
  Matrix stream(static_cast<long>(tokens.size()), parts_->network.d_model);
  for (long i = 0; i < stream.rows; ++i) {
    const auto token = parts_->tokens->row(tokens[static_cast<std::size_t>(i)]);
    std::copy(token.begin(), token.end(), stream.row(i).begin());
  }
  if (input->position) {
    add_to(stream, parts_->positions);
  }
  return run(std::move(stream), observer);
}

Result<Matrix> ReferenceModel::run_rows(const Matrix& rows, const StreamObserver& observer) const {
  const Network& network = parts_->network;
  if (std::holds_alternative<TokenInput>(network.input)) {
    return fail(ErrorCode::NetworkField, "the network reads tokens, not rows of numbers");
  }
  const auto* input = std::get_if<PatchInput>(&network.input);
  if (input == nullptr) {
    if (rows.columns == network.d_model && rows.rows > 0) return run(rows, observer);
    return wrong_shape("the input", rows, "(rows, " + std::to_string(network.d_model) + ")");
  }
  if (rows.rows != input->count || rows.columns != input->width) {
    return wrong_shape("the input", rows, shape_text({input->count, input->width}));
  }
  const Matrix projected = apply(parts_->patches, rows);
  Matrix stream(rows.rows + 1, network.d_model);
  const auto after =
      std::copy(parts_->class_token.begin(), parts_->class_token.end(), stream.values.begin());
  std::copy(projected.values.begin(), projected.values.end(), after);
  add_to(stream, parts_->positions);
  return run(std::move(stream), observer);
}

Result<Matrix> ReferenceModel::run(Matrix stream, const StreamObserver& observer) const {
  const Network& network = parts_->network;
  for (std::size_t i = 0; i < parts_->updates.size(); ++i) {
    if (observer) observer(network.sublayers[i], stream);
    add_to(stream, parts_->updates[i](stream));
  }
  if (network.first_row_only) {
    stream.rows = 1;
    stream.values.resize(static_cast<std::size_t>(stream.columns));
  }
  if (parts_->final_norm) stream = parts_->final_norm->apply(std::move(stream));
  if (parts_->unembedding) {
    stream = times_transposed(stream, *parts_->unembedding);
    add_to_rows(stream, parts_->unembedding_bias);
  }
  const auto finite = [](double value) { return std::isfinite(value); };
  if (std::all_of(stream.values.begin(), stream.values.end(), finite)) return stream;
  return fail(ErrorCode::EnclosureUnbounded, "the evaluation overflows in fp64");
}

Result<Matrix> ReferenceModel::sublayer_update(const Sublayer& sublayer,
                                               const Matrix& stream) const {
  const Network& network = parts_->network;
  if (stream.columns != network.d_model) {
    return wrong_shape("the stream", stream, "(rows, " + std::to_string(network.d_model) + ")");
  }
  for (std::size_t i = 0; i < parts_->updates.size(); ++i) {
    if (name_of(network.sublayers[i]) == name_of(sublayer)) return parts_->updates[i](stream);
  }
  return fail(ErrorCode::LayerMissing, "no sublayer '" + name_of(sublayer) + "' in the network");
}

}  // namespace attncert
