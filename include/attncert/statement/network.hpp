// The network file: what the bytes of a weights file mean. JSON; see docs/network-format.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attncert/core/json.hpp"

namespace attncert {

/// Tensor names of an affine map x W + b; W is stored (out, in) or (in, out), by the layout.
struct AffineMap {
  std::string weight;
  std::optional<std::string> bias;
};

/// n(x) * weight + bias, n the LayerNorm with biased variance: (x - mean) / sqrt(var + epsilon).
struct Norm {
  std::string kind;  // "layer-norm"
  Rational epsilon;  // > 0
  std::string weight;
  std::optional<std::string> bias;
};

enum class Layout { out_in, in_out };
std::string_view name_of(Layout layout);

/// h(x) = attention with n_head heads, scores times `scale`.
struct AttentionSublayer {
  std::string name;
  Layout layout;
  long n_head = 0;
  std::string mask;   // "causal" or "full"
  std::string scale;  // "1" or "rsqrt(n)"
  Norm norm;
  AffineMap qkv;
  AffineMap out;
};

/// activation(norm(x) V1 + b1) V2 + b2.
struct MlpSublayer {
  std::string name;
  Layout layout;
  long d_mlp = 0;
  std::string activation;
  Norm norm;
  AffineMap in;
  AffineMap out;
};

/// T2: one head of internal dimension 1 for each neuron, and one head for the output bias, on the
/// augmented stream. Rows of the tensors are heads; D + 2 columns are [model, ones, bias].
/// Head j: mask {self, bias}, W_Q = query[j], W_K = score_gain e_bias, W_V = value[j],
/// W_O = output[j]. Bias head: mask {self}, W_V = e_ones, W_O = bias_output (1, D + 2).
struct NeuronHeads {
  std::string name;
  long heads = 0;  // neurons
  Rational score_gain;
  Norm norm;
  std::string query;
  std::string value;
  std::string output;
  std::optional<std::string> bias_output;
};

using Sublayer = std::variant<AttentionSublayer, MlpSublayer, NeuronHeads>;

/// Where tokens enter and leave; absent in a network that is a stack of sublayers only.
struct Ends {
  long vocab = 0;
  long n_ctx = 0;
  std::string token_embedding;
  std::string position_embedding;
  Norm final_norm;
  Layout unembedding_layout;
  std::string unembedding;
};

struct Network {
  long d_model = 0;
  std::vector<Sublayer> sublayers;
  std::optional<Ends> ends;
};

/// The name of a sublayer of any kind.
const std::string& name_of(const Sublayer& sublayer);

/// Reads a network file.
/// Errors   NetworkVersion, NetworkField, NormUnsupported, UnknownActivation, Json...
/// Status   trusted
Result<Network> parse_network(std::string_view bytes);

}  // namespace attncert
