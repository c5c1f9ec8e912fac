#include "attncert/kernel/rigorous_model.hpp"

#include <algorithm>

#include "bias_token.hpp"
#include "enclosed_sublayers.hpp"

namespace attncert {

struct RigorousModel::Parts {
  Network network;
  Matrix tokens;
  Matrix positions;
  rules::EnclosedMap patches;
  std::vector<double> class_token;
  std::vector<rules::EnclosedUpdate> updates;
  std::optional<rules::EnclosedNorm> final_norm;
  rules::EnclosedMap unembedding;
  bool causal = true;

  Status read_input(const Model& model);
  Status read_output(const Model& model);

  template <class M>
  Result<Enclosure<Wide>> run(const Enclosure<Quad>& input, long first) const;
};

namespace {

Result<Matrix> read_3d(const TensorFile& file, const std::string& name, long rows, long columns) {
  ATTNCERT_TRY(Tensor tensor, file.read(name, {1, rows, columns}));
  Matrix matrix(rows, columns);
  matrix.values = std::move(tensor.values);
  return matrix;
}

Status check_tokens(const TokenInput& input, const std::vector<long>& tokens, long first) {
  const auto count = static_cast<long>(tokens.size());
  const bool known = std::all_of(tokens.begin(), tokens.end(),
                                 [&](long token) { return token >= 0 && token < input.vocab; });
  if (known && count >= 1 && count <= input.n_ctx && first >= 0 && first < count) return ok();
  return fail(ErrorCode::NetworkField, "a prompt needs 1 to " + std::to_string(input.n_ctx) +
                                           " tokens from 0 to " + std::to_string(input.vocab - 1));
}

bool is_causal_layer(const Sublayer& sublayer) {
  const auto* attention = std::get_if<AttentionSublayer>(&sublayer);
  const auto* heads = std::get_if<TokenHeads>(&sublayer);
  return (attention == nullptr || attention->shape.mask == "causal") &&
         (heads == nullptr || heads->shape.mask == "causal");
}

}  // namespace

Status RigorousModel::Parts::read_input(const Model& model) {
  const TensorFile& file = model.weights;
  const long width = network.d_model;
  if (const auto* input = std::get_if<TokenInput>(&network.input)) {
    ATTNCERT_TRY(tokens, read_matrix(file, input->token, input->vocab, width));
    if (!input->position) return ok();
    ATTNCERT_TRY(positions, read_matrix(file, *input->position, input->n_ctx, width));
  }
  const auto* input = std::get_if<PatchInput>(&network.input);
  if (input == nullptr) return ok();
  ATTNCERT_TRY(const Affine projection,
               read_affine(file, input->projection, input->layout, width, input->width));
  patches = rules::map_of(projection);
  ATTNCERT_TRY(Matrix first, read_3d(file, input->class_token, 1, width));
  class_token = std::move(first.values);
  ATTNCERT_TRY(positions, read_3d(file, input->position, input->count + 1, width));
  return ok();
}

Status RigorousModel::Parts::read_output(const Model& model) {
  if (network.final_norm) {
    ATTNCERT_TRY(final_norm, rules::EnclosedNorm::make(model, *network.final_norm));
  }
  if (!network.unembedding) return ok();
  const Unembedding& end = *network.unembedding;
  ATTNCERT_TRY(const Affine map,
               read_affine(model.weights, end.map, end.layout, end.outputs, network.d_model));
  unembedding = rules::map_of(map);
  return ok();
}

Result<RigorousModel> RigorousModel::make(const Model& model) {
  auto parts = std::make_shared<Parts>();
  parts->network = model.network;
  parts->causal = !model.network.first_row_only;
  ATTNCERT_CHECK(rules::check_bias_token(model));
  ATTNCERT_CHECK(parts->read_input(model));
  rules::FunctionTables tables;
  for (const Sublayer& sublayer : model.network.sublayers) {
    ATTNCERT_TRY(rules::EnclosedUpdate update, rules::enclosed_update(model, sublayer, tables));
    parts->updates.push_back(std::move(update));
    parts->causal = parts->causal && is_causal_layer(sublayer);
  }
  ATTNCERT_CHECK(parts->read_output(model));
  return RigorousModel(std::move(parts));
}

template <class M>
Result<Enclosure<Wide>> RigorousModel::Parts::run(const Enclosure<Quad>& input, long first) const {
  auto stream = input.rows_as<M>(0, input.rows());
  for (const auto& update : updates)
    stream = stream.plus(std::get<rules::Update<M>>(update)(stream));
  stream = network.first_row_only ? stream.template rows_as<M>(0, 1)
                                  : stream.template rows_as<M>(first, stream.rows() - first);
  if (final_norm) stream = (*final_norm)(stream);
  if (network.unembedding) stream = unembedding(stream);
  if (stream.is_finite()) return stream.template rows_as<Wide>(0, stream.rows());
  return fail(ErrorCode::EnclosureUnbounded, "nothing is known of some outputs");
}

bool RigorousModel::is_causal() const { return parts_->causal; }

Result<Enclosure<Wide>> RigorousModel::run_tokens(const std::vector<long>& tokens, long first,
                                                  const Enough& enough) const {
  const auto* input = std::get_if<TokenInput>(&parts_->network.input);
  if (input == nullptr) {
    return fail(ErrorCode::NetworkField, "the network reads rows of numbers, not tokens");
  }
  ATTNCERT_CHECK(check_tokens(*input, tokens, first));
  Enclosure<Quad> stream(static_cast<long>(tokens.size()), parts_->network.d_model);
  for (long i = 0; i < stream.rows(); ++i) {
    const long token = tokens[static_cast<std::size_t>(i)];
    for (long k = 0; k < stream.columns(); ++k) {
      const Ball<Quad> position{input->position ? parts_->positions.at(i, k) : 0.0, 0};
      stream.set(i, k, Ball<Quad>{parts_->tokens.at(token, k), 0} + position);
    }
  }
  return run(stream, first, enough);
}

Result<Enclosure<Wide>> RigorousModel::run_rows(const Matrix& rows, const Enough& enough) const {
  const Network& network = parts_->network;
  const auto* input = std::get_if<PatchInput>(&network.input);
  const bool fits = input == nullptr ? rows.columns == network.d_model && rows.rows > 0
                                     : rows.rows == input->count && rows.columns == input->width;
  if (std::holds_alternative<TokenInput>(network.input) || !fits) {
    return fail(ErrorCode::TensorShape, "the input does not have the shape the network reads");
  }
  if (input == nullptr) return run(Enclosure<Quad>(rows), 0, enough);
  const auto projected = parts_->patches(Enclosure<Quad>(rows));
  Enclosure<Quad> stream(rows.rows + 1, network.d_model);
  for (long i = 0; i < stream.rows(); ++i) {
    for (long k = 0; k < stream.columns(); ++k) {
      const Ball<Quad> x = i == 0 ? Ball<Quad>{parts_->class_token[static_cast<std::size_t>(k)], 0}
                                  : projected.at(i - 1, k);
      stream.set(i, k, x + Ball<Quad>{parts_->positions.at(i, k), 0});
    }
  }
  return run(stream, 0, enough);
}

Result<Enclosure<Wide>> RigorousModel::run(const Enclosure<Quad>& input, long first,
                                           const Enough& enough) const {
  auto outputs = parts_->run<Wide>(input, first);
  if (outputs && (!enough || enough(outputs.value()))) return outputs;
  return parts_->run<Quad>(input, first);
}

}  // namespace attncert
