// Models from disk: a folder with weights and something that says what they mean.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "attncert/kernel/kernel.hpp"

namespace attncert {

/// A model with the buffers its tensors are views into.
struct LoadedModel {
  std::filesystem::path weights_path;
  std::shared_ptr<const std::string> weights_bytes;
  std::string network_text;  // canonical network file
  Model model;
};

/// Loads a folder with model.safetensors and network.json, or config.json of a GPT-2-like model.
/// Errors   FileUnreadable, NetworkField, TensorMissing, TensorShape, ...: naming file or tensor
Result<LoadedModel> load_model(const std::filesystem::path& folder);

/// The network of a GPT-2-like decoder from its config.json and the shapes of its tensors.
/// Requires tensors transformer.h.N.{ln_1,attn.c_attn,attn.c_proj,ln_2,mlp.c_fc,mlp.c_proj}, in
///          either layout (told from c_fc's shape); every tensor is used, or an error names it
Result<Network> import_gpt2_like(const Json& config, const TensorFile& weights);

}  // namespace attncert
