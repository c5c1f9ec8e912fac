#include "attncert/model/reference.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "numerics.hpp"

namespace attncert {

std::vector<double> ReferenceModel::Affine::apply(const std::vector<double>& x) const {
  std::vector<double> y = bias;
  for (long i = 0; i < out; ++i) {
    const double* row = weight.data() + i * in;
    y[static_cast<std::size_t>(i)] += std::inner_product(x.begin(), x.end(), row, 0.0);
  }
  return y;
}

std::vector<double> ReferenceModel::NormWeights::apply(const std::vector<double>& x) const {
  return layer_norm(x, gain, shift, epsilon);
}

Result<ReferenceModel::Affine> ReferenceModel::read_affine(const Model& model, const AffineMap& map,
                                                           Layout layout, long out, long in) {
  ATTNCERT_TRY(const NeuronMatrix matrix,
               NeuronMatrix::read(model.weights, map.weight, out, in, layout == Layout::out_in));
  Affine affine{{}, {}, out, in};
  for (long i = 0; i < out; ++i) {
    for (long j = 0; j < in; ++j) affine.weight.push_back(matrix.at(i, j));
  }
  ATTNCERT_TRY(affine.bias, vector_or_zeros(model.weights, map.bias, out));
  return affine;
}

Result<ReferenceModel::NormWeights> ReferenceModel::read_norm(const Model& model,
                                                              const Norm& norm) {
  NormWeights weights;
  weights.epsilon = static_cast<double>(norm.epsilon);
  ATTNCERT_TRY(weights.gain, vector_or_zeros(model.weights, norm.weight, model.network.d_model));
  ATTNCERT_TRY(weights.shift, vector_or_zeros(model.weights, norm.bias, model.network.d_model));
  return weights;
}

Result<ReferenceModel::Block> ReferenceModel::read_block(const Model& model,
                                                         const Sublayer& sublayer) {
  const long width = model.network.d_model;
  if (const auto* layer = std::get_if<AttentionSublayer>(&sublayer)) {
    Attention attention;
    attention.n_head = layer->n_head;
    attention.causal = layer->mask == "causal";
    ATTNCERT_TRY(attention.scale, score_scale(layer->scale));
    ATTNCERT_TRY(attention.norm, read_norm(model, layer->norm));
    ATTNCERT_TRY(attention.qkv, read_affine(model, layer->qkv, layer->layout, 3 * width, width));
    ATTNCERT_TRY(attention.out, read_affine(model, layer->out, layer->layout, width, width));
    if (width % layer->n_head != 0) {
      return fail(ErrorCode::NetworkField, "n_head does not divide d_model in " + layer->name);
    }
    return Block(std::move(attention));
  }
  const auto* layer = std::get_if<MlpSublayer>(&sublayer);
  if (layer == nullptr) {
    return fail(ErrorCode::LayerKind, "only attention and mlp sublayers can be evaluated");
  }
  Mlp mlp;
  mlp.layer = layer;
  ATTNCERT_TRY(mlp.activation, activation_function(layer->activation));
  ATTNCERT_TRY(mlp.norm, read_norm(model, layer->norm));
  ATTNCERT_TRY(mlp.in, read_affine(model, layer->in, layer->layout, layer->d_mlp, width));
  ATTNCERT_TRY(mlp.out, read_affine(model, layer->out, layer->layout, width, layer->d_mlp));
  return Block(std::move(mlp));
}

Result<ReferenceModel> ReferenceModel::make(const Model& model) {
  if (!model.network.ends) {
    return fail(ErrorCode::NetworkField,
                "the network has no embedding: it cannot be run on tokens");
  }
  const Ends& ends = *model.network.ends;
  const long width = model.network.d_model;
  ReferenceModel reference;
  reference.model_ = &model;
  ATTNCERT_TRY(reference.tokens_, model.weights.read(ends.token_embedding, {ends.vocab, width}));
  ATTNCERT_TRY(reference.positions_,
               model.weights.read(ends.position_embedding, {ends.n_ctx, width}));
  for (const Sublayer& sublayer : model.network.sublayers) {
    ATTNCERT_TRY(Block block, read_block(model, sublayer));
    reference.blocks_.push_back(std::move(block));
  }
  ATTNCERT_TRY(reference.final_norm_, read_norm(model, ends.final_norm));
  ATTNCERT_TRY(reference.unembedding_, read_affine(model, {ends.unembedding, std::nullopt},
                                                   ends.unembedding_layout, ends.vocab, width));
  return reference;
}

// stream: tokens x d_model, in place. qkv rows: query, key, value, each n_head x d_head.
void ReferenceModel::attend(const Attention& attention, Rows& stream) {
  const std::size_t width = stream.front().size();
  const std::size_t d_head = width / static_cast<std::size_t>(attention.n_head);
  Rows qkv;
  for (const auto& row : stream) qkv.push_back(attention.qkv.apply(attention.norm.apply(row)));
  for (std::size_t i = 0; i < stream.size(); ++i) {
    std::vector<double> mixed(width, 0.0);
    const std::size_t seen = attention.causal ? i + 1 : stream.size();
    for (std::size_t at = 0; at < width; at += d_head) {
      std::vector<double> scores(seen);
      for (std::size_t j = 0; j < seen; ++j) {
        const double* q = qkv[i].data() + at;
        scores[j] =
            attention.scale * std::inner_product(q, q + d_head, qkv[j].data() + width + at, 0.0);
      }
      softmax(scores);
      for (std::size_t j = 0; j < seen; ++j) {
        for (std::size_t k = 0; k < d_head; ++k) {
          mixed[at + k] += scores[j] * qkv[j][2 * width + at + k];
        }
      }
    }
    add_to(stream[i], attention.out.apply(mixed));
  }
}

void ReferenceModel::step(const Block& block, Rows& stream, const MlpObserver& observer) const {
  if (const auto* attention = std::get_if<Attention>(&block)) {
    attend(*attention, stream);
    return;
  }
  const Mlp& mlp = std::get<Mlp>(block);
  if (observer) observer(*mlp.layer, stream);
  for (auto& row : stream) {
    std::vector<double> hidden = mlp.in.apply(mlp.norm.apply(row));
    std::transform(hidden.begin(), hidden.end(), hidden.begin(), mlp.activation);
    add_to(row, mlp.out.apply(hidden));
  }
}

Result<Rows> ReferenceModel::logits(const std::vector<long>& tokens,
                                    const MlpObserver& observer) const {
  const Ends& ends = *model_->network.ends;
  if (tokens.empty() || static_cast<long>(tokens.size()) > ends.n_ctx) {
    return fail(ErrorCode::NetworkField,
                "a prompt must have 1 to " + std::to_string(ends.n_ctx) + " tokens");
  }
  Rows stream;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || tokens[i] >= ends.vocab) {
      return fail(ErrorCode::NetworkField,
                  "token " + std::to_string(tokens[i]) + " is not in the vocabulary");
    }
    const auto token = tokens_.row(tokens[i]);
    stream.emplace_back(token.begin(), token.end());
    const auto position = positions_.row(static_cast<long>(i));
    add_to(stream.back(), std::vector<double>(position.begin(), position.end()));
  }
  for (const Block& block : blocks_) step(block, stream, observer);
  for (auto& row : stream) row = unembedding_.apply(final_norm_.apply(row));
  return stream;
}

}  // namespace attncert
