#include "attncert/model/importer.hpp"

#include <set>

#include "attncert/core/file.hpp"
#include "attncert/model/network_writer.hpp"

namespace attncert {
namespace {

Error config_error(const std::string& what) {
  return fail(ErrorCode::NetworkField, "config.json: " + what);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Result<std::string> activation_of(const std::string& words) {
  if (contains(words, "gelu_new") || contains(words, "tanh")) return std::string("gelu_tanh");
  if (contains(words, "GELU") || words == "gelu") return std::string("gelu");
  if (words.starts_with("ReLU") || words == "relu") return std::string("relu");
  if ((words.starts_with("SiLU") || words == "silu") && !contains(words, "gate")) {
    return std::string("silu");
  }
  return config_error("activation '" + words + "' is not supported");
}

// "LayerNorm ... eps 1e-5 ..."
Result<Rational> norm_epsilon_of(const std::string& words) {
  const auto at = words.find("eps ");
  if (!words.starts_with("LayerNorm") || at == std::string::npos) {
    return config_error("norm '" + words + "' is not supported: 'LayerNorm eps ...' is");
  }
  const std::string rest = words.substr(at + 4);
  return parse_rational(rest.substr(0, rest.find_first_not_of("0123456789.e-")));
}

Result<std::string> words_of(const Json& config, const char* key) {
  if (!config.is_object() || !config.contains(key)) {
    return config_error(std::string("'") + key + "' is missing");
  }
  return text_of(config, key);
}

// Names tensors, and remembers which were named.
class Gpt2Names {
public:
  explicit Gpt2Names(const TensorFile& weights) : weights_(weights) {}

  Result<std::string> need(const std::string& name) {
    used_.insert(name);
    if (weights_.shape_of(name) != nullptr) return name;
    return fail(ErrorCode::TensorMissing, "tensor '" + name + "' is not in the weights file");
  }

  std::optional<std::string> perhaps(const std::string& name) {
    if (weights_.shape_of(name) == nullptr) return std::nullopt;
    used_.insert(name);
    return name;
  }

  Result<AffineMap> affine(const std::string& prefix) {
    ATTNCERT_TRY(std::string weight, need(prefix + ".weight"));
    return AffineMap{std::move(weight), perhaps(prefix + ".bias")};
  }

  Result<Norm> norm(const std::string& prefix, const Rational& epsilon) {
    Norm norm{"layer-norm", epsilon, prefix + ".gamma", std::nullopt};
    if (!perhaps(norm.weight)) {
      ATTNCERT_TRY(norm.weight, need(prefix + ".weight"));
    }
    norm.bias = perhaps(prefix + ".bias");
    return norm;
  }

  Status all_used() const {
    for (const std::string& name : weights_.names()) {
      if (!used_.contains(name)) {
        return fail(ErrorCode::NetworkField, "tensor '" + name + "' has no place in this model");
      }
    }
    return ok();
  }

private:
  const TensorFile& weights_;
  std::set<std::string> used_;
};

struct Gpt2Config {
  long n_layer = 0;
  long n_head = 0;
  long d_mlp = 0;
  std::string activation;
  Rational epsilon;
};

Result<Layout> layout_of(const TensorFile& weights, const std::string& name, long out, long in) {
  const std::vector<long>* shape = weights.shape_of(name);
  if (shape != nullptr && *shape == std::vector<long>{out, in}) return Layout::out_in;
  if (shape != nullptr && *shape == std::vector<long>{in, out}) return Layout::in_out;
  return fail(ErrorCode::TensorShape,
              "tensor '" + name + "' has shape " +
                  (shape == nullptr ? std::string("(none)") : shape_text(*shape)) + " where " +
                  shape_text({out, in}) + " or " + shape_text({in, out}) + " is needed");
}

Status import_block(long index, const Gpt2Config& config, const TensorFile& weights,
                    Gpt2Names& names, Network& network) {
  const std::string prefix = "transformer.h." + std::to_string(index);
  const std::string name = "h." + std::to_string(index);
  const long width = network.d_model;
  AttentionSublayer attention;
  attention.name = name + ".attn";
  attention.n_head = config.n_head;
  attention.mask = "causal";
  attention.scale = "rsqrt(" + std::to_string(width / config.n_head) + ")";
  ATTNCERT_TRY(attention.layout,
               layout_of(weights, prefix + ".attn.c_attn.weight", 3 * width, width));
  ATTNCERT_TRY(attention.norm, names.norm(prefix + ".ln_1", config.epsilon));
  ATTNCERT_TRY(attention.qkv, names.affine(prefix + ".attn.c_attn"));
  ATTNCERT_TRY(attention.out, names.affine(prefix + ".attn.c_proj"));
  MlpSublayer mlp;
  mlp.name = name + ".mlp";
  mlp.d_mlp = config.d_mlp;
  mlp.activation = config.activation;
  ATTNCERT_TRY(mlp.layout, layout_of(weights, prefix + ".mlp.c_fc.weight", config.d_mlp, width));
  ATTNCERT_TRY(mlp.norm, names.norm(prefix + ".ln_2", config.epsilon));
  ATTNCERT_TRY(mlp.in, names.affine(prefix + ".mlp.c_fc"));
  ATTNCERT_TRY(mlp.out, names.affine(prefix + ".mlp.c_proj"));
  network.sublayers.emplace_back(std::move(attention));
  network.sublayers.emplace_back(std::move(mlp));
  return ok();
}

Result<std::string> network_text_of(const std::filesystem::path& folder,
                                    const TensorFile& weights) {
  if (std::filesystem::exists(folder / "network.json")) return read_file(folder / "network.json");
  ATTNCERT_TRY(const std::string text, read_file(folder / "config.json"));
  const Json config = Json::parse(text, nullptr, false);
  ATTNCERT_TRY(const Network network, import_gpt2_like(config, weights));
  return write_network(network);
}

}  // namespace

Result<Network> import_gpt2_like(const Json& config, const TensorFile& weights) {
  ATTNCERT_TRY(const std::string family, words_of(config, "family"));
  if (!family.starts_with("gpt2-like")) {
    return config_error("family '" + family + "' is not supported: 'gpt2-like ...' is");
  }
  Gpt2Config facts;
  ATTNCERT_TRY(const std::string activation, words_of(config, "activation"));
  ATTNCERT_TRY(facts.activation, activation_of(activation));
  ATTNCERT_TRY(const std::string norm, words_of(config, "norm"));
  ATTNCERT_TRY(facts.epsilon, norm_epsilon_of(norm));
  for (const char* key : {"n_layer", "n_head", "d_model", "d_mlp", "vocab", "n_ctx"}) {
    if (!config.contains(key)) return config_error(std::string("'") + key + "' is missing");
    ATTNCERT_TRY(const long size, integer_of(config, key));
    if (size < 1) return config_error(std::string("'") + key + "' must be positive");
  }
  facts.n_layer = config.at("n_layer").get<long>();
  facts.n_head = config.at("n_head").get<long>();
  facts.d_mlp = config.at("d_mlp").get<long>();
  Network network;
  network.d_model = config.at("d_model").get<long>();
  if (network.d_model % facts.n_head != 0) return config_error("n_head does not divide d_model");
  Gpt2Names names(weights);
  for (long i = 0; i < facts.n_layer; ++i) {
    ATTNCERT_CHECK(import_block(i, facts, weights, names, network));
  }
  Ends ends;
  ends.vocab = config.at("vocab").get<long>();
  ends.n_ctx = config.at("n_ctx").get<long>();
  ATTNCERT_TRY(ends.token_embedding, names.need("transformer.wte.weight"));
  ATTNCERT_TRY(ends.position_embedding, names.need("transformer.wpe.weight"));
  ATTNCERT_TRY(ends.final_norm, names.norm("transformer.ln_f", facts.epsilon));
  ends.unembedding_layout = Layout::out_in;
  ATTNCERT_TRY(ends.unembedding, names.need("lm_head.weight"));
  network.ends = std::move(ends);
  ATTNCERT_CHECK(names.all_used());
  return network;
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
  ATTNCERT_TRY(std::string bytes, read_file(loaded.weights_path));
  loaded.weights_bytes = std::make_shared<const std::string>(std::move(bytes));
  auto weights = TensorFile::parse(*loaded.weights_bytes);
  if (!weights) {
    return fail(weights.error().code,
                loaded.weights_path.string() + ": " + weights.error().message);
  }
  loaded.model.weights = std::move(weights).value();
  ATTNCERT_TRY(loaded.network_text, network_text_of(folder, loaded.model.weights));
  ATTNCERT_TRY(loaded.model.network, parse_network(loaded.network_text));
  return loaded;
}

}  // namespace attncert
