// Encoders of images: PP-OCR's SVTR neck, and ViT as lucidrains writes it.
#include "importers.hpp"

namespace attncert {
namespace {

BlockNames svtr_block(long index) {
  const std::string block = "blocks." + std::to_string(index);
  BlockNames names;
  names.sublayer = block;
  names.attention_norm = block + ".norm1";
  names.fused = block + ".attn.qkv";
  names.attention_out = block + ".attn.proj";
  names.mlp_norm = block + ".norm2";
  names.in = block + ".mlp.fc1";
  names.out = block + ".mlp.fc2";
  return names;
}

BlockNames vit_block(long index) {
  const std::string name = "layers." + std::to_string(index);
  const std::string attention = "transformer." + name + ".0.fn";
  const std::string mlp = "transformer." + name + ".1.fn";
  BlockNames names;
  names.sublayer = name;
  names.attention_norm = attention + ".norm";
  names.query = attention + ".fn.to_q";
  names.key = attention + ".fn.to_k";
  names.value = attention + ".fn.to_v";
  names.attention_out = attention + ".fn.to_out.0";
  names.mlp_norm = mlp + ".norm";
  names.in = mlp + ".fn.net.0";
  names.out = mlp + ".fn.net.3";
  return names;
}

Result<PatchInput> patches_of(const Config& config, long width, TensorNames& names) {
  ATTNCERT_TRY(const long patch, config.size("patch"));
  ATTNCERT_TRY(const long image, config.size("image"));
  if (image % patch != 0) return config_error("'patch' does not divide 'image'");
  PatchInput input;
  input.count = (image / patch) * (image / patch);
  input.width = patch * patch;
  input.layout = names.layout();
  ATTNCERT_TRY(input.projection, names.affine("to_patch_embedding.1", width, input.width));
  ATTNCERT_TRY(input.class_token, names.tensor("cls_token", {1, 1, width}));
  ATTNCERT_TRY(input.position, names.tensor("pos_embedding", {1, input.count + 1, width}));
  return input;
}

}  // namespace

Result<Network> import_svtr(const Config& config, const TensorFile& weights) {
  ATTNCERT_TRY(const BlockFacts facts, block_facts_of(config));
  ATTNCERT_TRY(const long layers, config.size("n_layer"));
  // never square, unlike the others
  ATTNCERT_TRY(const Layout layout,
               TensorNames::layout_of(weights, "blocks.0.attn.qkv.weight",
                                      3 * facts.shape.n_head * facts.shape.d_head, facts.width));
  TensorNames names(weights, layout);
  Network network;
  network.d_model = facts.width;
  for (long i = 0; i < layers; ++i) {
    ATTNCERT_CHECK(import_block(svtr_block(i), facts, names, network));
  }
  ATTNCERT_TRY(network.final_norm,
               names.norm("norm", facts.norm.kind, facts.norm.final_epsilon, facts.width));
  ATTNCERT_CHECK(names.all_used());
  return network;
}

Result<Network> import_vit(const Config& config, const TensorFile& weights) {
  ATTNCERT_TRY(const BlockFacts facts, block_facts_of(config));
  ATTNCERT_TRY(const long layers, config.size("n_layer"));
  ATTNCERT_TRY(const long classes, config.size("classes"));
  ATTNCERT_TRY(const std::string pool, config.words("pool"));
  if (pool != "cls") return config_error("'pool' must be \"cls\"");
  TensorNames names(weights, Layout::out_in);
  Network network;
  network.d_model = facts.width;
  ATTNCERT_TRY(network.input, patches_of(config, facts.width, names));
  for (long i = 0; i < layers; ++i) {
    ATTNCERT_CHECK(import_block(vit_block(i), facts, names, network));
  }
  ATTNCERT_TRY(network.final_norm,
               names.norm("mlp_head.0", facts.norm.kind, facts.norm.final_epsilon, facts.width));
  ATTNCERT_TRY(AffineMap head, names.affine("mlp_head.1", classes, facts.width));
  network.unembedding = Unembedding{names.layout(), classes, std::move(head)};
  network.first_row_only = true;
  ATTNCERT_CHECK(names.all_used());
  return network;
}

}  // namespace attncert
