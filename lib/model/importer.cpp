#include "attncert/model/importer.hpp"

#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "attncert/model/network_writer.hpp"
#include "importers.hpp"

namespace attncert {
namespace {

Result<std::string> network_text_of(const std::filesystem::path& folder,
                                    const TensorFile& weights) {
  std::error_code problem;
  if (std::filesystem::exists(folder / "network.json", problem)) {
    return read_file(folder / "network.json");
  }
  if (!std::filesystem::exists(folder / "config.json", problem)) {
    return fail(ErrorCode::FileUnreadable,
                "'" + folder.string() + "' has neither network.json nor config.json");
  }
  ATTNCERT_TRY(const std::string text, read_file(folder / "config.json"));
  ATTNCERT_TRY(const Network network, import_network(text, weights));
  return write_network(network);
}

}  // namespace

Result<Network> import_network(std::string_view config_text, const TensorFile& weights) {
  ATTNCERT_TRY(const Config config, Config::parse(config_text));
  if (config.has("model_type")) {
    ATTNCERT_TRY(const std::string type, config.words("model_type"));
    if (type == "gpt2") return import_hugging_face_gpt2(config, weights);
    return config_error("model_type '" + type.substr(0, 60) + "' is not supported: gpt2 is");
  }
  ATTNCERT_TRY(const std::string family, config.words("family"));
  if (family.starts_with("gpt2-like")) return import_gpt2_like(config, weights);
  if (family.starts_with("llama2.c")) return import_llama2c(config, weights);
  if (family.starts_with("SVTR")) return import_svtr(config, weights);
  if (family.starts_with("ViT (lucidrains style)")) return import_vit(config, weights);
  return config_error("family '" + family.substr(0, 60) +
                      "' is not supported: gpt2-like, llama2.c, SVTR and "
                      "ViT (lucidrains style) are");
}

Result<LoadedModel> load_model(const std::filesystem::path& folder) {
  LoadedModel loaded;
  std::error_code problem;
  if (!std::filesystem::is_directory(folder, problem)) {
    return fail(ErrorCode::FileUnreadable,
                "'" + folder.string() +
                    "' is not a model folder: it needs model.safetensors and "
                    "network.json or config.json");
  }
  loaded.weights_path = folder / "model.safetensors";
  ATTNCERT_TRY(MappedFile file, MappedFile::open(loaded.weights_path));
  loaded.weights_file = std::make_shared<const MappedFile>(std::move(file));
  auto weights = TensorFile::parse(loaded.weights_file->bytes());
  if (!weights) {
    return fail(weights.error().code,
                loaded.weights_path.string() + ": " + weights.error().message);
  }
  loaded.model.weights = std::move(weights).value();
  ATTNCERT_TRY(loaded.network_text, network_text_of(folder, loaded.model.weights));
  ATTNCERT_TRY(loaded.model.network, parse_network(loaded.network_text));
  loaded.model.hashes = {sha256_hex(loaded.network_text), sha256_hex(loaded.weights_file->bytes())};
  return loaded;
}

}  // namespace attncert
