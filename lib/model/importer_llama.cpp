// The Llama family, as llama2.c names it.
#include "importers.hpp"

namespace attncert {
namespace {

constexpr long kRotaryBase = 10000;

BlockNames block_names(long index) {
  const std::string block = "layers." + std::to_string(index);
  BlockNames names;
  names.sublayer = block;
  names.attention_norm = block + ".attention_norm";
  names.query = block + ".attention.wq";
  names.key = block + ".attention.wk";
  names.value = block + ".attention.wv";
  names.attention_out = block + ".attention.wo";
  names.mlp_norm = block + ".ffn_norm";
  names.in = block + ".feed_forward.w3";
  names.gate = block + ".feed_forward.w1";
  names.out = block + ".feed_forward.w2";
  return names;
}

Status import_ends(const Config& config, const BlockFacts& facts, TensorNames& names,
                   Network& network) {
  TokenInput input;
  ATTNCERT_TRY(input.vocab, config.size("vocab"));
  ATTNCERT_TRY(input.n_ctx, config.size("n_ctx"));
  ATTNCERT_TRY(input.token, names.tensor("tok_embeddings.weight", {input.vocab, facts.width}));
  ATTNCERT_TRY(network.final_norm,
               names.norm("norm", facts.norm.kind, facts.norm.final_epsilon, facts.width));
  ATTNCERT_TRY(const bool tied, config.flag("tied", false));
  Unembedding unembedding{Layout::out_in, input.vocab, {input.token, std::nullopt}};
  if (!tied) {
    ATTNCERT_TRY(unembedding.map, names.affine("output", input.vocab, facts.width));
  }
  network.unembedding = std::move(unembedding);
  network.input = std::move(input);
  return ok();
}

}  // namespace

Result<Network> import_llama2c(const Config& config, const TensorFile& weights) {
  ATTNCERT_TRY(BlockFacts facts, block_facts_of(config));
  if (!facts.activation.gated) return config_error("llama2.c models have gated MLPs: SwiGLU");
  if (facts.shape.d_head % 2 != 0) return config_error("rotary positions need an even d_head");
  facts.shape.rotary = Rotary{kRotaryBase, true};
  ATTNCERT_TRY(const long layers, config.size("n_layer"));
  TensorNames names(weights, Layout::out_in);
  Network network;
  network.d_model = facts.width;
  for (long i = 0; i < layers; ++i) {
    ATTNCERT_CHECK(import_block(block_names(i), facts, names, network));
  }
  ATTNCERT_CHECK(import_ends(config, facts, names, network));
  ATTNCERT_CHECK(names.all_used());
  return network;
}

}  // namespace attncert
