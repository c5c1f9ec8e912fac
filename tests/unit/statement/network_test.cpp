#include "attncert/statement/network.hpp"

#include "attncert/model/network_writer.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr std::string_view kNetwork = R"json({
  "attncert-network": 1,
  "d_model": 4,
  "vocab": 10,
  "n_ctx": 6,
  "embedding": {"token": "wte", "position": "wpe"},
  "sublayers": [
    {"name": "a", "kind": "attention", "layout": "out-in", "n_head": 2, "d_head": 2, "mask": "causal",
     "scale": "rsqrt(2)",
     "norm": {"kind": "layer-norm", "epsilon": "0.00001", "weight": "n1", "bias": "n1b"},
     "qkv": {"weight": "qkv", "bias": "qkvb"}, "out": {"weight": "out"}},
    {"name": "m", "kind": "mlp", "layout": "in-out", "d_mlp": 8, "activation": "gelu_tanh",
     "norm": {"kind": "layer-norm", "epsilon": "0.00001", "weight": "n2"},
     "in": {"weight": "v1"}, "out": {"weight": "v2", "bias": "b2"}},
    {"name": "h", "kind": "neuron-heads", "neurons": 8,
     "gates": [{"coefficient": "1", "scores": [["1.702", "0"]]}],
     "norm": {"kind": "mean-norm", "weight": "n3"},
     "query": "q", "value": "v", "output": "o", "bias_output": "bo"},
    {"name": "t", "kind": "token-heads", "n_head": 4, "n_kv_head": 2, "d_head": 6, "mask": "full",
     "scale": "1", "rotary": {"base": "10000", "pairs": "halves"},
     "norm": {"kind": "rms-norm", "epsilon": "0.00001", "weight": "n4"},
     "query": "tq", "key": "tk", "value": "tv", "output": "to"},
    {"name": "s", "kind": "attention", "layout": "in-out", "n_head": 4, "n_kv_head": 2,
     "d_head": 6, "mask": "full", "scale": "rsqrt(6)",
     "norm": {"kind": "rms-norm", "epsilon": "0.00001", "weight": "n4"},
     "query": {"weight": "sq"}, "key": {"weight": "sk"}, "value": {"weight": "sv"},
     "out": {"weight": "so"}},
    {"name": "g", "kind": "mlp", "layout": "out-in", "d_mlp": 3, "activation": "sigmoid",
     "norm": {"kind": "rms-norm", "epsilon": "0.00001", "weight": "n5"},
     "in": {"weight": "g1"}, "out": {"weight": "g2"}, "gate": {"weight": "g3", "bias": "g4"}}
  ],
  "final_norm": {"kind": "layer-norm", "epsilon": "0.00001", "weight": "nf"},
  "unembedding": {"layout": "out-in", "weight": "head"}
})json";

std::string with(const std::string& path, const Json& value) {
  Json json = parse_json(kNetwork).value();
  json[Json::json_pointer(path)] = value;
  return outcome(parse_network(json.dump()));
}

std::string without(const std::string& parent, const std::string& key) {
  Json json = parse_json(kNetwork).value();
  json[Json::json_pointer(parent)].erase(key);
  return outcome(parse_network(json.dump()));
}

struct Row {
  std::string_view path;
  std::string_view value;  // JSON
  ErrorCode code;
};

constexpr Row kRejected[] = {
    {"/attncert-network", "2", ErrorCode::NetworkVersion},
    {"/attncert-network", "\"1\"", ErrorCode::NetworkVersion},
    {"/extra", "1", ErrorCode::JsonUnknownKey},
    {"/d_model", "0", ErrorCode::NetworkField},
    {"/d_model", "-4", ErrorCode::NetworkField},
    {"/d_model", "9223372036854775807", ErrorCode::NetworkField},
    {"/d_model", "16777217", ErrorCode::NetworkField},
    {"/d_model", "\"4\"", ErrorCode::JsonWrongType},
    {"/n_ctx", "0", ErrorCode::NetworkField},
    {"/embedding", "\"wte\"", ErrorCode::JsonWrongType},
    {"/embedding/extra", "\"x\"", ErrorCode::JsonUnknownKey},
    {"/unembedding/layout", "\"sideways\"", ErrorCode::NetworkField},
    {"/final_norm/kind", "\"mean-norm\"", ErrorCode::NetworkField},
    {"/sublayers/2/norm/epsilon", "\"1\"", ErrorCode::NetworkField},
    {"/pool", "\"last\"", ErrorCode::NetworkField},
    {"/patches", "{}", ErrorCode::NetworkField},
    {"/unembedding/outputs", "0", ErrorCode::NetworkField},
    {"/sublayers/0/scale", "\"rsqrt(0)\"", ErrorCode::NetworkField},
    {"/sublayers/0/scale", "\"rsqrt(2.5)\"", ErrorCode::NetworkField},
    {"/sublayers/0/scale", "\"0.5\"", ErrorCode::NetworkField},
    {"/sublayers/0/query", "{\"weight\": \"x\"}", ErrorCode::NetworkField},
    {"/sublayers/0/n_kv_head", "1", ErrorCode::NetworkField},
    {"/sublayers/4/n_kv_head", "3", ErrorCode::NetworkField},
    {"/sublayers/3/rotary/base", "\"0\"", ErrorCode::NetworkField},
    {"/sublayers/3/rotary/pairs", "\"odd\"", ErrorCode::NetworkField},
    {"/sublayers/3/d_head", "5", ErrorCode::NetworkField},
    {"/sublayers/2/form", "\"neuron\"", ErrorCode::NetworkField},
    {"/sublayers/2/form", "1", ErrorCode::JsonWrongType},
    {"/sublayers", "{}", ErrorCode::JsonWrongType},
    {"/sublayers/0", "[]", ErrorCode::NetworkField},
    {"/sublayers/0/kind", "\"conv\"", ErrorCode::NetworkField},
    {"/sublayers/0/kind", "3", ErrorCode::JsonWrongType},
    {"/sublayers/0/kind", "\"mlp\"", ErrorCode::JsonMissingKey},
    {"/sublayers/0/name", "\"m\"", ErrorCode::NetworkField},
    {"/sublayers/0/name", "\"a b\"", ErrorCode::NameSyntax},
    {"/sublayers/1/name", "\"\"", ErrorCode::NameSyntax},
    {"/sublayers/2/name", "\"h:0\"", ErrorCode::NameSyntax},
    {"/sublayers/0/mask", "\"none\"", ErrorCode::NetworkField},
    {"/sublayers/0/n_head", "0", ErrorCode::NetworkField},
    {"/sublayers/0/layout", "\"in_out\"", ErrorCode::NetworkField},
    {"/sublayers/0/qkv/weight", "1", ErrorCode::JsonWrongType},
    {"/sublayers/0/norm/epsilon", "\"0\"", ErrorCode::NetworkField},
    {"/sublayers/0/norm/epsilon", "\"-0.001\"", ErrorCode::NetworkField},
    {"/sublayers/0/norm/epsilon", "\"tiny\"", ErrorCode::NumberSyntax},
    {"/sublayers/0/norm/epsilon", "\"1e101\"", ErrorCode::NetworkField},
    {"/sublayers/0/norm/epsilon", "\"1e400\"", ErrorCode::NetworkField},
    {"/sublayers/0/norm/epsilon", "1", ErrorCode::JsonWrongType},
    {"/sublayers/0/norm/kind", "\"batch-norm\"", ErrorCode::NormUnsupported},
    {"/sublayers/1/activation", "\"swish\"", ErrorCode::UnknownActivation},
    {"/sublayers/1/d_mlp", "0", ErrorCode::NetworkField},
    {"/sublayers/1/in/extra", "\"x\"", ErrorCode::JsonUnknownKey},
    {"/sublayers/2/gates", "[]", ErrorCode::GatesSyntax},
    {"/sublayers/2/gates/0/scores/0/0", "1", ErrorCode::GatesSyntax},
    {"/sublayers/2/neurons", "0", ErrorCode::NetworkField},
};

}  // namespace

TEST_CASE("network: what is read, and written again") {
  const auto network = parse_network(kNetwork);
  REQUIRE(outcome(network) == "ok");
  const Network& n = network.value();
  CHECK(n.d_model == 4);
  REQUIRE(n.sublayers.size() == 6);
  CHECK(name_of(n.sublayers[2]) == "h");
  const auto& attention = std::get<AttentionSublayer>(n.sublayers[0]);
  REQUIRE(attention.projections.size() == 1);
  CHECK(attention.projections[0].bias == "qkvb");
  CHECK_FALSE(attention.out.bias.has_value());
  const auto& mlp = std::get<MlpSublayer>(n.sublayers[1]);
  CHECK(mlp.layout == Layout::in_out);
  CHECK(mlp.norm.epsilon == real("1e-5"));
  CHECK_FALSE(mlp.norm.bias.has_value());
  CHECK(std::get<NeuronHeads>(n.sublayers[2]).function == "silu:k=1.702");
  CHECK(std::get<TokenHeads>(n.sublayers[3]).shape.rotary->base == 10000);
  CHECK(std::get<AttentionSublayer>(n.sublayers[4]).projections.size() == 3);
  CHECK(std::get<MlpSublayer>(n.sublayers[5]).gate->bias == "g4");
  const std::string text = write_network(n);
  const auto again = parse_network(text);
  REQUIRE(outcome(again) == "ok");
  CHECK(write_network(again.value()) == text);
  CHECK(parse_json(text).value() == parse_json(kNetwork).value());
}

TEST_CASE("network: what is wrong is refused, with its cause") {
  for (const Row& row : kRejected) {
    CAPTURE(row.path);
    CAPTURE(row.value);
    CHECK(with(std::string(row.path), parse_json(row.value).value()) == name(row.code));
  }
  CHECK(with("/d_model", 8) == "ok");
}

TEST_CASE("network: nothing may be left out") {
  for (const char* key : {"attncert-network", "d_model", "sublayers"}) {
    CHECK(without("", key) == name(ErrorCode::JsonMissingKey));
  }
  for (const char* key : {"vocab", "n_ctx", "embedding"}) {
    CHECK(without("", key) == name(ErrorCode::NetworkField));  // they go together
  }
  CHECK(without("", "final_norm") == "ok");
  for (const char* key : {"name", "layout", "n_head", "d_head", "mask", "scale", "norm", "out"}) {
    CHECK(without("/sublayers/0", key) == name(ErrorCode::JsonMissingKey));
  }
  for (const char* key : {"name", "layout", "d_mlp", "activation", "norm", "in", "out"}) {
    CHECK(without("/sublayers/1", key) == name(ErrorCode::JsonMissingKey));
  }
  CHECK(without("/sublayers/0", "qkv") == name(ErrorCode::NetworkField));
  for (const char* key : {"query", "key", "value"}) {
    CHECK(without("/sublayers/4", key) == name(ErrorCode::NetworkField));
  }
  for (const char* key : {"name", "neurons", "gates", "norm", "query", "value", "output"}) {
    CHECK(without("/sublayers/2", key) == name(ErrorCode::JsonMissingKey));
  }
  CHECK(without("/sublayers/0", "kind") == name(ErrorCode::NetworkField));
  CHECK(without("/sublayers/0/norm", "weight") == name(ErrorCode::JsonMissingKey));
  CHECK(without("/sublayers/2", "bias_output") == "ok");
}

TEST_CASE("network: not JSON, or not an object") {
  CHECK(outcome(parse_network("")) == name(ErrorCode::JsonSyntax));
  CHECK(outcome(parse_network("[]")) == name(ErrorCode::JsonWrongType));
  CHECK(outcome(parse_network("{}")) == name(ErrorCode::JsonMissingKey));
  CHECK(outcome(parse_network(R"({"attncert-network":1,"d_model":4,"sublayers":[]})")) == "ok");
  CHECK(outcome(parse_network(R"({"attncert-network":1,"attncert-network":1})")) ==
        name(ErrorCode::JsonDuplicateKey));
}
