#include "importers.hpp"

namespace attncert {
namespace {

Result<HeadShape> shape_of(const Config& config, long width) {
  HeadShape shape;
  ATTNCERT_TRY(shape.n_head, config.size("n_head"));
  ATTNCERT_TRY(shape.n_kv_head, config.size_or("n_kv_head", shape.n_head));
  if (shape.n_head % shape.n_kv_head != 0) {
    return config_error("n_kv_head " + std::to_string(shape.n_kv_head) +
                        " does not divide n_head " + std::to_string(shape.n_head));
  }
  if (!config.has("d_head") && width % shape.n_head != 0) {
    return config_error("n_head " + std::to_string(shape.n_head) + " does not divide d_model " +
                        std::to_string(width));
  }
  ATTNCERT_TRY(shape.d_head, config.size_or("d_head", width / shape.n_head));
  shape.scale = "rsqrt(" + std::to_string(shape.d_head) + ")";
  ATTNCERT_TRY(const std::string attention, config.words("attention"));
  ATTNCERT_TRY(shape.mask, mask_of(attention));
  return shape;
}

Result<Sublayer> attention_of(const BlockNames& block, const BlockFacts& facts,
                              TensorNames& names) {
  const long width = facts.width;
  const long inner = facts.shape.n_head * facts.shape.d_head;
  const long shared = facts.shape.n_kv_head * facts.shape.d_head;
  AttentionSublayer layer;
  layer.name = block.sublayer + ".attn";
  layer.layout = names.layout();
  layer.shape = facts.shape;
  ATTNCERT_TRY(layer.norm,
               names.norm(block.attention_norm, facts.norm.kind, facts.norm.epsilon, width));
  if (!block.fused.empty()) {
    ATTNCERT_TRY(AffineMap map, names.affine(block.fused, 3 * inner, width));
    layer.projections.push_back(std::move(map));
  } else {
    ATTNCERT_TRY(AffineMap query, names.affine(block.query, inner, width));
    ATTNCERT_TRY(AffineMap key, names.affine(block.key, shared, width));
    ATTNCERT_TRY(AffineMap value, names.affine(block.value, shared, width));
    layer.projections = {std::move(query), std::move(key), std::move(value)};
  }
  ATTNCERT_TRY(layer.out, names.affine(block.attention_out, width, inner));
  return Sublayer(std::move(layer));
}

Result<Sublayer> mlp_of(const BlockNames& block, const BlockFacts& facts, TensorNames& names) {
  MlpSublayer layer;
  layer.name = block.sublayer + ".mlp";
  layer.layout = names.layout();
  layer.d_mlp = facts.d_mlp;
  layer.activation = facts.activation.function;
  ATTNCERT_TRY(layer.norm,
               names.norm(block.mlp_norm, facts.norm.kind, facts.norm.epsilon, facts.width));
  ATTNCERT_TRY(layer.in, names.affine(block.in, facts.d_mlp, facts.width));
  ATTNCERT_TRY(layer.out, names.affine(block.out, facts.width, facts.d_mlp));
  if (!facts.activation.gated) return Sublayer(std::move(layer));
  if (block.gate.empty()) return config_error("this family has no gated MLPs");
  ATTNCERT_TRY(layer.gate, names.affine(block.gate, facts.d_mlp, facts.width));
  return Sublayer(std::move(layer));
}

}  // namespace

Result<BlockFacts> block_facts_of(const Config& config) {
  BlockFacts facts;
  ATTNCERT_TRY(facts.width, config.size("d_model"));
  ATTNCERT_TRY(facts.d_mlp, config.size("d_mlp"));
  ATTNCERT_TRY(facts.shape, shape_of(config, facts.width));
  ATTNCERT_TRY(const std::string activation, config.words("activation"));
  ATTNCERT_TRY(facts.activation, activation_of(activation));
  ATTNCERT_TRY(const std::string norm, config.words("norm"));
  ATTNCERT_TRY(facts.norm, norm_of(norm));
  return facts;
}

Status import_block(const BlockNames& block, const BlockFacts& facts, TensorNames& names,
                    Network& network) {
  ATTNCERT_TRY(Sublayer attention, attention_of(block, facts, names));
  ATTNCERT_TRY(Sublayer mlp, mlp_of(block, facts, names));
  network.sublayers.push_back(std::move(attention));
  network.sublayers.push_back(std::move(mlp));
  return ok();
}

}  // namespace attncert
