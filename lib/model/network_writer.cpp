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
  Ordered json{{"kind", norm.kind}};
  if (norm.kind == "none") return json;
  if (norm.epsilon != 0) json["epsilon"] = to_string(norm.epsilon);
  json["weight"] = norm.weight;
  if (norm.bias) json["bias"] = *norm.bias;
  return json;
}

void add_shape(Ordered& json, const HeadShape& shape) {
  json["n_head"] = shape.n_head;
  if (shape.n_kv_head != shape.n_head) json["n_kv_head"] = shape.n_kv_head;
  json["d_head"] = shape.d_head;
  json["mask"] = shape.mask;
  json["scale"] = shape.scale;
  if (!shape.rotary) return;
  json["rotary"] = {{"base", to_string(shape.rotary->base)},
                    {"pairs", shape.rotary->interleaved ? "interleaved" : "halves"}};
}

void fill(Ordered& json, const AttentionSublayer& layer) {
  json["kind"] = "attention";
  json["layout"] = name_of(layer.layout);
  add_shape(json, layer.shape);
  json["norm"] = norm(layer.norm);
  if (layer.projections.size() == 1) {
    json["qkv"] = affine(layer.projections[0]);
  } else {
    json["query"] = affine(layer.projections[0]);
    json["key"] = affine(layer.projections[1]);
    json["value"] = affine(layer.projections[2]);
  }
  json["out"] = affine(layer.out);
}

void fill(Ordered& json, const MlpSublayer& layer) {
  json["kind"] = "mlp";
  json["layout"] = name_of(layer.layout);
  json["d_mlp"] = layer.d_mlp;
  json["activation"] = layer.activation;
  json["norm"] = norm(layer.norm);
  json["in"] = affine(layer.in);
  if (layer.gate) json["gate"] = affine(*layer.gate);
  json["out"] = affine(layer.out);
}

void fill(Ordered& json, const LinearSublayer& layer) {
  json["kind"] = "linear";
  json["layout"] = name_of(layer.layout);
  json["norm"] = norm(layer.norm);
  json["map"] = affine(layer.map);
}

void fill_masks(Ordered& json, const std::optional<MaskWeights>& masks) {
  if (masks) json["masks"] = {{"omega", to_string(masks->omega)}, {"query", masks->query}};
}

void fill(Ordered& json, const TokenHeads& layer) {
  json["kind"] = "token-heads";
  add_shape(json, layer.shape);
  json["norm"] = norm(layer.norm);
  json["query"] = layer.query;
  json["key"] = layer.key;
  json["value"] = layer.value;
  json["output"] = layer.output;
  if (layer.bias_output) json["bias_output"] = *layer.bias_output;
  fill_masks(json, layer.masks);
}

void fill(Ordered& json, const NeuronHeads& layer) {
  json["kind"] = "neuron-heads";
  json["neurons"] = layer.neurons;
  if (layer.gated) json["form"] = "glu";
  json["gates"] = to_json(layer.gates);
  json["norm"] = norm(layer.norm);
  json["query"] = layer.query;
  json["value"] = layer.value;
  json["output"] = layer.output;
  if (layer.bias_output) json["bias_output"] = *layer.bias_output;
  fill_masks(json, layer.masks);
}

void fill(Ordered& json, const SelfHeads& layer) {
  json["kind"] = "self-heads";
  json["norm"] = norm(layer.norm);
  json["output"] = layer.output;
}

void add_input(Ordered& json, const Input& input) {
  if (const auto* tokens = std::get_if<TokenInput>(&input)) {
    json["vocab"] = tokens->vocab;
    json["n_ctx"] = tokens->n_ctx;
    json["embedding"] = {{"token", tokens->token}};
    if (tokens->position) json["embedding"]["position"] = *tokens->position;
  }
  if (const auto* patches = std::get_if<PatchInput>(&input)) {
    json["patches"] = {{"count", patches->count},
                       {"width", patches->width},
                       {"layout", name_of(patches->layout)},
                       {"projection", affine(patches->projection)},
                       {"class_token", patches->class_token},
                       {"position", patches->position}};
  }
}

void add_unembedding(Ordered& json, const Unembedding& unembedding, const Input& input) {
  Ordered part{{"layout", name_of(unembedding.layout)}};
  const auto* tokens = std::get_if<TokenInput>(&input);
  if (tokens == nullptr || tokens->vocab != unembedding.outputs) {
    part["outputs"] = unembedding.outputs;
  }
  part.update(affine(unembedding.map));
  json["unembedding"] = part;
}

}  // namespace

std::string write_network(const Network& network) {
  Ordered json{{"attncert-network", 1}, {"d_model", network.d_model}};
  add_input(json, network.input);
  json["sublayers"] = Ordered::array();
  for (const Sublayer& one : network.sublayers) {
    Ordered sublayer{{"name", name_of(one)}};
    std::visit([&sublayer](const auto& layer) { fill(sublayer, layer); }, one);
    json["sublayers"].push_back(std::move(sublayer));
  }
  if (network.final_norm) json["final_norm"] = norm(*network.final_norm);
  if (network.unembedding) add_unembedding(json, *network.unembedding, network.input);
  if (network.first_row_only) json["pool"] = "first";
  return json.dump(2) + "\n";
}

}  // namespace attncert
