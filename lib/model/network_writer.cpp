#include "attncert/model/network_writer.hpp"

namespace attncert {
namespace {

using Ordered = nlohmann::ordered_json;

Ordered affine(const AffineMap& map) {
  Ordered json{{"weight", map.weight}};
  if (map.bias) json["bias"] = *map.bias;
  return json;
}

Ordered norm(const Norm& norm) {
  Ordered json{{"kind", norm.kind}, {"epsilon", to_string(norm.epsilon)}, {"weight", norm.weight}};
  if (norm.bias) json["bias"] = *norm.bias;
  return json;
}

Ordered sublayer(const AttentionSublayer& layer) {
  return {{"name", layer.name},       {"kind", "attention"},      {"layout", name_of(layer.layout)},
          {"n_head", layer.n_head},   {"mask", layer.mask},       {"scale", layer.scale},
          {"norm", norm(layer.norm)}, {"qkv", affine(layer.qkv)}, {"out", affine(layer.out)}};
}

Ordered sublayer(const MlpSublayer& layer) {
  return {{"name", layer.name},
          {"kind", "mlp"},
          {"layout", name_of(layer.layout)},
          {"d_mlp", layer.d_mlp},
          {"activation", layer.activation},
          {"norm", norm(layer.norm)},
          {"in", affine(layer.in)},
          {"out", affine(layer.out)}};
}

Ordered sublayer(const NeuronHeads& layer) {
  Ordered json{{"name", layer.name},       {"kind", "neuron-heads"},
               {"heads", layer.heads},     {"score_gain", to_string(layer.score_gain)},
               {"norm", norm(layer.norm)}, {"query", layer.query},
               {"value", layer.value},     {"output", layer.output}};
  if (layer.bias_output) json["bias_output"] = *layer.bias_output;
  return json;
}

}  // namespace

std::string write_network(const Network& network) {
  Ordered json{{"attncert-network", 1}, {"d_model", network.d_model}};
  if (network.ends) {
    const Ends& ends = *network.ends;
    json["vocab"] = ends.vocab;
    json["n_ctx"] = ends.n_ctx;
    json["embedding"] = {{"token", ends.token_embedding}, {"position", ends.position_embedding}};
  }
  json["sublayers"] = Ordered::array();
  for (const Sublayer& one : network.sublayers) {
    json["sublayers"].push_back(std::visit([](const auto& layer) { return sublayer(layer); }, one));
  }
  if (network.ends) {
    json["final_norm"] = norm(network.ends->final_norm);
    json["unembedding"] = {{"layout", name_of(network.ends->unembedding_layout)},
                           {"weight", network.ends->unembedding}};
  }
  return json.dump(2) + "\n";
}

}  // namespace attncert
