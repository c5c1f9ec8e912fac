#include "attncert/statement/network.hpp"

#include <set>

#include "attncert/expression/zoo.hpp"
#include "attncert/statement/name.hpp"

namespace attncert {
namespace {

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
  ATTNCERT_CHECK(check_keys(json, "a norm", {"kind", "epsilon", "weight"}, {"bias"}));
  Norm norm;
  ATTNCERT_TRY(norm.kind, text_of(json, "kind"));
  if (norm.kind != "layer-norm") {
    return fail(ErrorCode::NormUnsupported,
                "norm '" + norm.kind.substr(0, 40) + "' is not supported: use layer-norm");
  }
  ATTNCERT_TRY(norm.epsilon, real_of(json, "epsilon"));
  if (norm.epsilon <= 0) return field_error("a norm's epsilon must be positive");
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

Result<Sublayer> attention_of(const Json& json) {
  ATTNCERT_CHECK(
      check_keys(json, "an attention sublayer",
                 {"name", "kind", "layout", "n_head", "mask", "scale", "norm", "qkv", "out"}));
  AttentionSublayer layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.layout, layout_of(json));
  ATTNCERT_TRY(layer.n_head, size_of(json, "n_head"));
  ATTNCERT_TRY(layer.mask, text_of(json, "mask"));
  ATTNCERT_TRY(layer.scale, text_of(json, "scale"));
  if (layer.mask != "causal" && layer.mask != "full") return field_error("unknown mask");
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.qkv, affine_of(json.at("qkv")));
  ATTNCERT_TRY(layer.out, affine_of(json.at("out")));
  return Sublayer(std::move(layer));
}

Result<Sublayer> mlp_of(const Json& json) {
  ATTNCERT_CHECK(
      check_keys(json, "an mlp sublayer",
                 {"name", "kind", "layout", "d_mlp", "activation", "norm", "in", "out"}));
  MlpSublayer layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.layout, layout_of(json));
  ATTNCERT_TRY(layer.d_mlp, size_of(json, "d_mlp"));
  ATTNCERT_TRY(const std::string activation, text_of(json, "activation"));
  ATTNCERT_TRY(layer.activation, canonical_function(activation));
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.in, affine_of(json.at("in")));
  ATTNCERT_TRY(layer.out, affine_of(json.at("out")));
  return Sublayer(std::move(layer));
}

Result<Sublayer> heads_of(const Json& json) {
  ATTNCERT_CHECK(
      check_keys(json, "a neuron-heads sublayer",
                 {"name", "kind", "heads", "score_gain", "norm", "query", "value", "output"},
                 {"bias_output"}));
  NeuronHeads layer;
  ATTNCERT_TRY(layer.name, name_in(json, "name"));
  ATTNCERT_TRY(layer.heads, size_of(json, "heads"));
  ATTNCERT_TRY(layer.score_gain, real_of(json, "score_gain"));
  if (layer.score_gain == 0) return field_error("score_gain must not be zero");
  ATTNCERT_TRY(layer.norm, norm_of(json.at("norm")));
  ATTNCERT_TRY(layer.query, text_of(json, "query"));
  ATTNCERT_TRY(layer.value, text_of(json, "value"));
  ATTNCERT_TRY(layer.output, text_of(json, "output"));
  if (json.contains("bias_output")) {
    ATTNCERT_TRY(layer.bias_output, text_of(json, "bias_output"));
  }
  return Sublayer(std::move(layer));
}

Result<Sublayer> sublayer_of(const Json& json) {
  if (!json.is_object() || !json.contains("kind")) return field_error("a sublayer lacks 'kind'");
  ATTNCERT_TRY(const std::string kind, text_of(json, "kind"));
  if (kind == "attention") return attention_of(json);
  if (kind == "mlp") return mlp_of(json);
  if (kind == "neuron-heads") return heads_of(json);
  return field_error("unknown kind of sublayer '" + kind.substr(0, 40) + "'");
}

Result<Ends> ends_of(const Json& json) {
  Ends ends;
  ATTNCERT_TRY(ends.vocab, size_of(json, "vocab"));
  ATTNCERT_TRY(ends.n_ctx, size_of(json, "n_ctx"));
  const Json& embedding = json.at("embedding");
  ATTNCERT_CHECK(check_keys(embedding, "embedding", {"token", "position"}));
  ATTNCERT_TRY(ends.token_embedding, text_of(embedding, "token"));
  ATTNCERT_TRY(ends.position_embedding, text_of(embedding, "position"));
  ATTNCERT_TRY(ends.final_norm, norm_of(json.at("final_norm")));
  const Json& unembedding = json.at("unembedding");
  ATTNCERT_CHECK(check_keys(unembedding, "unembedding", {"layout", "weight"}));
  ATTNCERT_TRY(ends.unembedding_layout, layout_of(unembedding));
  ATTNCERT_TRY(ends.unembedding, text_of(unembedding, "weight"));
  return ends;
}

}  // namespace

std::string_view name_of(Layout layout) { return layout == Layout::out_in ? "out-in" : "in-out"; }

const std::string& name_of(const Sublayer& sublayer) {
  return std::visit([](const auto& layer) -> const std::string& { return layer.name; }, sublayer);
}

Result<Network> parse_network(std::string_view bytes) {
  ATTNCERT_TRY(const Json json, parse_json(bytes));
  const bool whole = json.is_object() && json.contains("vocab");
  if (whole) {
    ATTNCERT_CHECK(check_keys(json, "the network file",
                              {"attncert-network", "d_model", "sublayers", "vocab", "n_ctx",
                               "embedding", "final_norm", "unembedding"}));
  } else {
    ATTNCERT_CHECK(
        check_keys(json, "the network file", {"attncert-network", "d_model", "sublayers"}));
  }
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
  if (whole) {
    ATTNCERT_TRY(network.ends, ends_of(json));
  }
  return network;
}

}  // namespace attncert
