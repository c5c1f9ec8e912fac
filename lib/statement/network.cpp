#include "attncert/statement/network.hpp"

#include <set>

#include "attncert/expression/zoo.hpp"
#include "attncert/statement/name.hpp"

namespace attncert {
namespace {

// Beyond what anyone needs, and well within fp64.
bool is_large(const Rational& real) { return real > power_of_ten(100); }

Error field_error(const std::string& what) {
  return fail(ErrorCode::NetworkField, "network file: " + what);
}

Result<long> size_of(const Json& json, const char* key) {
  ATTNCERT_TRY(const long size, integer_of(json, key));
  constexpr long largest = 1L << 24;
  if (size < 1 || size > largest) return field_error(std::string(key) + " is out of range");
  return size;
}

Result<AffineMap> affine_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "an affine map", {"weight"}, {"bias"}));
  AffineMap map;
  ATTNCERT_TRY(map.weight, text_of(json, "weight"));
  if (json.contains("bias")) {
    ATTNCERT_TRY(map.bias, text_of(json, "bias"));
  }
  return map;
}

Result<Norm> norm_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "a norm", {"kind"}, {"epsilon", "weight", "bias"}));
  Norm norm;
  ATTNCERT_TRY(norm.kind, text_of(json, "kind"));
  if (norm.kind == "none") {
    return json.size() == 1 ? Result<Norm>(norm) : field_error("norm none has no other fields");
  }
  ATTNCERT_CHECK(check_keys(json, "a norm", {"kind", "weight"}, {"epsilon", "bias"}));
  if (norm.kind == "mean-norm") {
    if (json.contains("epsilon")) return field_error("a mean-norm has no epsilon");
  } else if (norm.kind == "layer-norm" || norm.kind == "rms-norm") {
    if (!json.contains("epsilon")) return field_error("a " + norm.kind + " needs an epsilon");
    ATTNCERT_TRY(norm.epsilon, real_of(json, "epsilon"));
    if (norm.epsilon <= 0 || is_large(norm.epsilon)) {
      return field_error("a norm's epsilon must be positive, and at most 1e100");
    }
  } else {
    return fail(ErrorCode::NormUnsupported, "norm '" + norm.kind.substr(0, 40) +
                                                "' is not supported: use layer-norm, rms-norm, "
                                                "mean-norm or none");
  }
  ATTNCERT_TRY(norm.weight, text_of(json, "weight"));
  if (json.contains("bias")) {
    ATTNCERT_TRY(norm.bias, text_of(json, "bias"));
  }
  return norm;
}

Result<Layout> layout_of(const Json& json) {
  ATTNCERT_TRY(const std::string text, text_of(json, "layout"));
  if (text == "out-in") return Layout::out_in;
  if (text == "in-out") return Layout::in_out;
  return field_error("layout must be \"out-in\" or \"in-out\"");
}

Result<std::string> mask_of(const Json& json) {
  ATTNCERT_TRY(std::string mask, text_of(json, "mask"));
  if (mask == "causal" || mask == "full" || mask == "none") return mask;
  return field_error("unknown mask '" + mask.substr(0, 40) + "'");
}

// "1" or "rsqrt(n)", n a positive integer.
Result<std::string> scale_of(const Json& json) {
  ATTNCERT_TRY(std::string scale, text_of(json, "scale"));
  if (scale == "1") return scale;
  if (scale.size() > 7 && scale.size() < 24 && scale.starts_with("rsqrt(") && scale.back() == ')') {
    const std::string n = scale.substr(6, scale.size() - 7);
    if (n.find_first_not_of("0123456789") == n.npos && n.front() != '0') return scale;
  }
  return field_error("scale must be \"1\" or \"rsqrt(n)\", such as rsqrt(64)");
}

Result<Rotary> rotary_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "rotary", {"base", "pairs"}));
  Rotary rotary;
  ATTNCERT_TRY(rotary.base, real_of(json, "base"));
  ATTNCERT_TRY(const std::string pairs, text_of(json, "pairs"));
  rotary.interleaved = pairs == "interleaved";
  if (rotary.base <= 0) return field_error("a rotary base must be positive");
  if (rotary.interleaved || pairs == "halves") return rotary;
  return field_error("rotary pairs must be \"interleaved\" or \"halves\"");
}

Result<HeadShape> shape_of(const Json& json) {
  HeadShape shape;
  ATTNCERT_TRY(shape.n_head, size_of(json, "n_head"));
  ATTNCERT_TRY(shape.n_kv_head, size_of(json, json.contains("n_kv_head") ? "n_kv_head" : "n_head"));
  ATTNCERT_TRY(shape.d_head, size_of(json, "d_head"));
  if (shape.n_head % shape.n_kv_head != 0) return field_error("n_kv_head must divide n_head");
  ATTNCERT_TRY(shape.mask, mask_of(json));
  ATTNCERT_TRY(shape.scale, scale_of(json));
  if (!json.contains("rotary")) return shape;
  if (shape.d_head % 2 != 0) return field_error("rotary positions need an even d_head");
  ATTNCERT_TRY(shape.rotary, rotary_of(json.at("rotary")));
  return shape;
}

Result<Sublayer> attention_of(const Json& json) {
  ATTNCERT_CHECK(
      check_keys(json, "an attention sublayer",
                 {"name", "kind", "layout", "n_head", "d_head", "mask", "scale", "norm", "out"},
                 {"n_kv_head", "rotary", "qkv", "query", "key", "value"}));
  AttentionSublayer layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.layout, layout_of(json));
  ATTNCERT_TRY(layer.shape, shape_of(json));
  if (layer.shape.mask == "none") return field_error("attention needs a mask");
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  const bool fused = json.contains("qkv");
  const long others = json.contains("query") + json.contains("key") + json.contains("value");
  if (others != (fused ? 0 : 3) || (fused && layer.shape.n_head != layer.shape.n_kv_head)) {
    return field_error("attention needs qkv, or query, key and value");
  }
  for (const char* key : {"qkv", "query", "key", "value"}) {
    if (!json.contains(key)) continue;
    ATTNCERT_TRY(AffineMap map, affine_of(json.at(key)));
    layer.projections.push_back(std::move(map));
  }
  ATTNCERT_TRY(layer.out, affine_of(json.at("out")));
  return Sublayer(std::move(layer));
}

Result<Sublayer> mlp_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "an mlp sublayer",
                            {"name", "kind", "layout", "d_mlp", "activation", "norm", "in", "out"},
                            {"gate"}));
  MlpSublayer layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.layout, layout_of(json));
  ATTNCERT_TRY(layer.d_mlp, size_of(json, "d_mlp"));
  ATTNCERT_TRY(const std::string activation, text_of(json, "activation"));
  ATTNCERT_TRY(layer.activation, canonical_function(activation));
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.in, affine_of(json.at("in")));
  ATTNCERT_TRY(layer.out, affine_of(json.at("out")));
  if (json.contains("gate")) {
    ATTNCERT_TRY(layer.gate, affine_of(json.at("gate")));
  }
  return Sublayer(std::move(layer));
}

// What token-heads and neuron-heads share.
template <class Heads>
Status read_heads(const Json& json, Heads& layer) {
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.query, text_of(json, "query"));
  ATTNCERT_TRY(layer.value, text_of(json, "value"));
  ATTNCERT_TRY(layer.output, text_of(json, "output"));
  if (json.contains("bias_output")) {
    ATTNCERT_TRY(layer.bias_output, text_of(json, "bias_output"));
  }
  return ok();
}

Status read_masks(const Json& json, std::optional<MaskWeights>& masks) {
  if (!json.contains("masks")) return ok();
  ATTNCERT_CHECK(check_keys(json.at("masks"), "masks", {"omega", "query"}));
  masks.emplace();
  ATTNCERT_TRY(masks->omega, real_of(json.at("masks"), "omega"));
  if (masks->omega < 0 || is_large(masks->omega)) {
    return field_error("omega must not be negative, and at most 1e100");
  }
  ATTNCERT_TRY(masks->query, text_of(json.at("masks"), "query"));
  return ok();
}

Result<Sublayer> token_heads_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "a token-heads sublayer",
                            {"name", "kind", "n_head", "d_head", "mask", "scale", "norm", "query",
                             "key", "value", "output"},
                            {"n_kv_head", "rotary", "bias_output", "masks"}));
  TokenHeads layer;
  ATTNCERT_CHECK(read_masks(json, layer.masks));
  ATTNCERT_TRY(layer.shape, shape_of(json));
  if (layer.masks.has_value() != (layer.shape.mask == "none")) {
    return field_error("mask \"none\" and masks go together");
  }
  ATTNCERT_TRY(layer.key, text_of(json, "key"));
  ATTNCERT_CHECK(read_heads(json, layer));
  return Sublayer(std::move(layer));
}

Result<Sublayer> neuron_heads_of(const Json& json) {
  ATTNCERT_CHECK(
      check_keys(json, "a neuron-heads sublayer",
                 {"name", "kind", "neurons", "gates", "norm", "query", "value", "output"},
                 {"form", "bias_output", "masks"}));
  NeuronHeads layer;
  ATTNCERT_CHECK(read_masks(json, layer.masks));
  ATTNCERT_TRY(layer.neurons, size_of(json, "neurons"));
  ATTNCERT_TRY(layer.gates, gates_of(json.at("gates")));
  if (json.contains("form")) {
    ATTNCERT_TRY(const std::string form, text_of(json, "form"));
    if (form != "glu") return field_error("form, where present, must be 'glu'");
    layer.gated = true;
  }
  ATTNCERT_TRY(layer.function,
               layer.gated ? gate_function(layer.gates) : neuron_function(layer.gates));
  ATTNCERT_CHECK(read_heads(json, layer));
  return Sublayer(std::move(layer));
}

Result<Sublayer> linear_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "a linear sublayer", {"name", "kind", "layout", "norm", "map"}));
  LinearSublayer layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.layout, layout_of(json));
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.map, affine_of(json.at("map")));
  return Sublayer(std::move(layer));
}

Result<Sublayer> self_heads_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "a self-heads sublayer", {"name", "kind", "norm", "output"}));
  SelfHeads layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.output, text_of(json, "output"));
  return Sublayer(std::move(layer));
}

Result<Sublayer> sublayer_of(const Json& json) {
  if (!json.is_object() || !json.contains("kind")) return field_error("a sublayer lacks 'kind'");
  ATTNCERT_TRY(const std::string kind, text_of(json, "kind"));
  if (kind == "attention") return attention_of(json);
  if (kind == "mlp") return mlp_of(json);
  if (kind == "token-heads") return token_heads_of(json);
  if (kind == "neuron-heads") return neuron_heads_of(json);
  if (kind == "linear") return linear_of(json);
  if (kind == "self-heads") return self_heads_of(json);
  return field_error("unknown kind of sublayer '" + kind.substr(0, 40) + "'");
}

Result<Input> tokens_of(const Json& json) {
  TokenInput input;
  ATTNCERT_TRY(input.vocab, size_of(json, "vocab"));
  ATTNCERT_TRY(input.n_ctx, size_of(json, "n_ctx"));
  const Json& embedding = json.at("embedding");
  ATTNCERT_CHECK(check_keys(embedding, "embedding", {"token"}, {"position"}));
  ATTNCERT_TRY(input.token, text_of(embedding, "token"));
  if (embedding.contains("position")) {
    ATTNCERT_TRY(input.position, text_of(embedding, "position"));
  }
  return Input(std::move(input));
}

Result<Input> patches_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "patches",
                            {"count", "width", "layout", "projection", "class_token", "position"}));
  PatchInput input;
  ATTNCERT_TRY(input.count, size_of(json, "count"));
  ATTNCERT_TRY(input.width, size_of(json, "width"));
  ATTNCERT_TRY(input.layout, layout_of(json));
  ATTNCERT_TRY(input.projection, affine_of(json.at("projection")));
  ATTNCERT_TRY(input.class_token, text_of(json, "class_token"));
  ATTNCERT_TRY(input.position, text_of(json, "position"));
  return Input(std::move(input));
}

Result<Unembedding> unembedding_of(const Json& json, const Input& input) {
  const auto* tokens = std::get_if<TokenInput>(&input);
  ATTNCERT_CHECK(check_keys(json, "unembedding", {"layout", "weight"}, {"bias", "outputs"}));
  Unembedding unembedding;
  ATTNCERT_TRY(unembedding.layout, layout_of(json));
  if (tokens != nullptr && !json.contains("outputs")) {
    unembedding.outputs = tokens->vocab;
  } else if (json.contains("outputs")) {
    ATTNCERT_TRY(unembedding.outputs, size_of(json, "outputs"));
  } else {
    return field_error("an unembedding without tokens needs 'outputs'");
  }
  Json map = json;
  map.erase("layout");
  map.erase("outputs");
  ATTNCERT_TRY(unembedding.map, affine_of(map));
  return unembedding;
}

Status read_ends(const Json& json, Network& network) {
  const bool tokens = json.contains("vocab");
  if (tokens != json.contains("n_ctx") || tokens != json.contains("embedding") ||
      (tokens && json.contains("patches"))) {
    return field_error("vocab, n_ctx and embedding go together, and without patches");
  }
  if (tokens) {
    ATTNCERT_TRY(network.input, tokens_of(json));
  } else if (json.contains("patches")) {
    ATTNCERT_TRY(network.input, patches_of(json.at("patches")));
  }
  if (json.contains("final_norm")) {
    ATTNCERT_TRY(network.final_norm, norm_of(json.at("final_norm")));
  }
  if (json.contains("unembedding")) {
    ATTNCERT_TRY(network.unembedding, unembedding_of(json.at("unembedding"), network.input));
  }
  if (!json.contains("pool")) return ok();
  network.first_row_only = json.at("pool") == "first";
  return network.first_row_only ? ok() : field_error("pool, where present, must be \"first\"");
}

}  // namespace

std::string_view name_of(Layout layout) { return layout == Layout::out_in ? "out-in" : "in-out"; }

const std::string& name_of(const Sublayer& sublayer) {
  return std::visit([](const auto& layer) -> const std::string& { return layer.name; }, sublayer);
}

std::optional<long> context_of(const Network& network) {
  if (const auto* tokens = std::get_if<TokenInput>(&network.input)) return tokens->n_ctx;
  if (const auto* patches = std::get_if<PatchInput>(&network.input)) return patches->count + 1;
  return std::nullopt;
}

Result<Network> parse_network(std::string_view bytes) {
  ATTNCERT_TRY(const Json json, parse_json(bytes));
  ATTNCERT_CHECK(
      check_keys(json, "the network file", {"attncert-network", "d_model", "sublayers"},
                 {"vocab", "n_ctx", "embedding", "patches", "final_norm", "unembedding", "pool"}));
  if (json.at("attncert-network") != 1) {
    return fail(ErrorCode::NetworkVersion, "network file: only attncert-network 1 is supported");
  }
  Network network;
  ATTNCERT_TRY(network.d_model, size_of(json, "d_model"));
  ATTNCERT_TRY(const Json sublayers, array_of(json, "sublayers"));
  std::set<std::string> names;
  for (const Json& one : sublayers) {
    ATTNCERT_TRY(Sublayer sublayer, sublayer_of(one));
    if (!names.insert(name_of(sublayer)).second) {
      return field_error("two sublayers named '" + name_of(sublayer) + "'");
    }
    network.sublayers.push_back(std::move(sublayer));
  }
  ATTNCERT_CHECK(read_ends(json, network));
  return network;
}

}  // namespace attncert
