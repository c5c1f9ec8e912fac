// One importer for each family of models (private to the module).
#pragma once

#include "attncert/tensor/safetensors.hpp"
#include "config.hpp"
#include "tensor_names.hpp"

namespace attncert {

/// What blocks of all families have in common.
struct BlockFacts {
  long width = 0;
  long d_mlp = 0;
  HeadShape shape;
  NormWords norm;
  ActivationWords activation;
};

/// Reads d_model, d_mlp, n_head, n_kv_head, d_head, activation, norm and attention.
/// Errors   NetworkField, also where n_head does not divide d_model and d_head is not given
Result<BlockFacts> block_facts_of(const Config& config);

/// Tensor names within a block: `fused` is the map for query, key and value in one.
struct BlockNames {
  std::string sublayer;  // the sublayers are called this, with ".attn" and ".mlp"
  std::string attention_norm;
  std::string fused;
  std::string query;
  std::string key;
  std::string value;
  std::string attention_out;
  std::string mlp_norm;
  std::string in;
  std::string gate;
  std::string out;
};

/// Adds an attention and an MLP sublayer.
Status import_block(const BlockNames& block, const BlockFacts& facts, TensorNames& names,
                    Network& network);

/// Hugging Face's gpt2: model_type gpt2.
Result<Network> import_hugging_face_gpt2(const Config& config, const TensorFile& weights);
/// "gpt2-like ...": minGPT, nanoGPT, makemore.
Result<Network> import_gpt2_like(const Config& config, const TensorFile& weights);
/// "llama2.c": RMSNorm, rotary positions, grouped queries, SwiGLU.
Result<Network> import_llama2c(const Config& config, const TensorFile& weights);
/// "SVTR ...": a stack of blocks on rows.
Result<Network> import_svtr(const Config& config, const TensorFile& weights);
/// "ViT (lucidrains style) ...".
Result<Network> import_vit(const Config& config, const TensorFile& weights);

}  // namespace attncert
