// Models from disk: a folder with weights and something that says what they mean.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "attncert/kernel/kernel.hpp"
#include "attncert/model/mapped_file.hpp"

namespace attncert {

/// A model with the memory its tensors are views into; its hashes are those of its files.
struct LoadedModel {
  std::filesystem::path weights_path;
  std::shared_ptr<const MappedFile> weights_file;
  std::string network_text;  // canonical network file
  Model model;
};

/// Loads a folder with model.safetensors and network.json, or a config.json that can be imported.
/// Errors   FileUnreadable, NetworkField, TensorMissing, TensorShape, ...: naming file or tensor
Result<LoadedModel> load_model(const std::filesystem::path& folder);

/// The network that a config.json and the names and shapes of tensors describe.
/// Requires Hugging Face's "model_type": "gpt2", or a "family": gpt2-like, llama2.c, SVTR,
///          ViT (lucidrains style); see docs/network-format.md
/// Ensures  every tensor is used, with the shape its place needs, or an error names it
/// Errors   NetworkField, TensorMissing, TensorShape
Result<Network> import_network(std::string_view config_text, const TensorFile& weights);

}  // namespace attncert
