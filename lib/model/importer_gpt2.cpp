// GPT-2 and its likes.
#include "importers.hpp"

namespace attncert {
namespace {

struct Decoder {
  BlockFacts block;
  long n_layer = 0;
  TokenInput input;
  std::string prefix;  // of the tensors' names: "transformer." or ""
  bool tied = false;   // a missing lm_head is the token embedding
};

BlockNames block_names(const std::string& prefix, const std::string& name) {
  const std::string block = prefix + name;
  BlockNames names;
  names.sublayer = name;
  names.attention_norm = block + ".ln_1";
  names.fused = block + ".attn.c_attn";
  names.attention_out = block + ".attn.c_proj";
  names.mlp_norm = block + ".ln_2";
  names.in = block + ".mlp.c_fc";
  names.out = block + ".mlp.c_proj";
  return names;
}

Result<Unembedding> unembedding_of(const Decoder& decoder, TensorNames& names) {
  const long vocab = decoder.input.vocab;
  const long width = decoder.block.width;
  Unembedding result;
  result.layout = Layout::out_in;  // also where the blocks' maps are stored the other way
  result.outputs = vocab;
  if (decoder.tied && !names.has("lm_head.weight")) {
    result.map.weight = decoder.input.token;
    return result;
  }
  ATTNCERT_TRY(result.map.weight, names.tensor("lm_head.weight", {vocab, width}));
  ATTNCERT_TRY(result.map.bias, names.optional("lm_head.bias", {vocab}));
  return result;
}

Result<Network> import_decoder(Decoder& decoder, TensorNames names) {
  const BlockFacts& facts = decoder.block;
  Network network;
  network.d_model = facts.width;
  for (long i = 0; i < decoder.n_layer; ++i) {
    const std::string name = "h." + std::to_string(i);
    ATTNCERT_CHECK(import_block(block_names(decoder.prefix, name), facts, names, network));
    // buffers of the causal mask
    names.ignore(decoder.prefix + name + ".attn.bias");
    names.ignore(decoder.prefix + name + ".attn.masked_bias");
  }
  ATTNCERT_TRY(decoder.input.token,
               names.tensor(decoder.prefix + "wte.weight", {decoder.input.vocab, facts.width}));
  ATTNCERT_TRY(decoder.input.position,
               names.tensor(decoder.prefix + "wpe.weight", {decoder.input.n_ctx, facts.width}));
  network.input = decoder.input;
  ATTNCERT_TRY(network.final_norm, names.norm(decoder.prefix + "ln_f", facts.norm.kind,
                                              facts.norm.final_epsilon, facts.width));
  ATTNCERT_TRY(network.unembedding, unembedding_of(decoder, names));
  ATTNCERT_CHECK(names.all_used());
  return network;
}

// Settings that change what the model computes, and that network files cannot say.
Status refuse_settings(const Config& config) {
  for (const char* key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"}) {
    ATTNCERT_TRY(const bool set, config.flag(key, false));
    if (set) return config_error("'" + std::string(key) + "' is not supported");
  }
  return ok();
}

Result<BlockFacts> hugging_face_block(const Config& config) {
  BlockFacts facts;
  ATTNCERT_TRY(facts.width, config.size("n_embd"));
  ATTNCERT_TRY(facts.d_mlp, config.size_or("n_inner", 4 * facts.width));
  ATTNCERT_TRY(facts.shape.n_head, config.size("n_head"));
  if (facts.width % facts.shape.n_head != 0) {
    return config_error("n_head " + std::to_string(facts.shape.n_head) +
                        " does not divide n_embd " + std::to_string(facts.width));
  }
  facts.shape.n_kv_head = facts.shape.n_head;
  facts.shape.d_head = facts.width / facts.shape.n_head;
  facts.shape.mask = "causal";
  ATTNCERT_TRY(const bool scaled, config.flag("scale_attn_weights", true));
  facts.shape.scale = scaled ? "rsqrt(" + std::to_string(facts.shape.d_head) + ")" : "1";
  ATTNCERT_TRY(const std::string activation, config.words("activation_function"));
  ATTNCERT_TRY(facts.activation, activation_of(activation));
  ATTNCERT_TRY(facts.norm.epsilon, config.positive("layer_norm_epsilon"));
  facts.norm.kind = "layer-norm";
  facts.norm.final_epsilon = facts.norm.epsilon;
  return facts;
}

}  // namespace

Result<Network> import_hugging_face_gpt2(const Config& config, const TensorFile& weights) {
  ATTNCERT_CHECK(refuse_settings(config));
  Decoder decoder;
  ATTNCERT_TRY(decoder.block, hugging_face_block(config));
  ATTNCERT_TRY(decoder.n_layer, config.size("n_layer"));
  ATTNCERT_TRY(decoder.input.vocab, config.size("vocab_size"));
  ATTNCERT_TRY(decoder.input.n_ctx, config.size("n_positions"));
  ATTNCERT_TRY(decoder.tied, config.flag("tie_word_embeddings", true));
  if (weights.shape_of("transformer.wte.weight") != nullptr) decoder.prefix = "transformer.";
  return import_decoder(decoder, TensorNames(weights, Layout::in_out));
}

Result<Network> import_gpt2_like(const Config& config, const TensorFile& weights) {
  Decoder decoder;
  decoder.prefix = "transformer.";
  ATTNCERT_TRY(decoder.block, block_facts_of(config));
  ATTNCERT_TRY(decoder.n_layer, config.size("n_layer"));
  ATTNCERT_TRY(decoder.input.vocab, config.size("vocab"));
  ATTNCERT_TRY(decoder.input.n_ctx, config.size("n_ctx"));
  // never square, unlike the others
  ATTNCERT_TRY(const Layout layout,
               TensorNames::layout_of(weights, "transformer.h.0.attn.c_attn.weight",
                                      3 * decoder.block.shape.n_head * decoder.block.shape.d_head,
                                      decoder.block.width));
  return import_decoder(decoder, TensorNames(weights, layout));
}

}  // namespace attncert
