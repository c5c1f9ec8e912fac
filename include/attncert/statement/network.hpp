// The network file: what the bytes of a weights file mean. JSON; see docs/network-format.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attncert/statement/gates.hpp"

namespace attncert {

/// Tensor names of an affine map x W + b; W is stored (out, in) or (in, out), by the layout.
struct AffineMap {
  std::string weight;
  std::optional<std::string> bias;
};

/// n(x) * weight + bias, where n(x) is, with mean m and biased variance v of x,
///   "layer-norm"  (x - m) / sqrt(v + epsilon)
///   "rms-norm"    x / sqrt(m^2 + v + epsilon)
///   "mean-norm"   x - m; epsilon = 0
///   "none"        x, without weight and bias
struct Norm {
  std::string kind;
  Rational epsilon;
  std::string weight;
  std::optional<std::string> bias;
};

enum class Layout { out_in, in_out };
std::string_view name_of(Layout layout);

/// Rotary positions: the coordinates of queries and keys are turned in pairs; pair p of d/2 by the
/// angle (position) base^(-2p/d). Pairs are (2p, 2p + 1) or (p, p + d/2).
struct Rotary {
  Rational base;
  bool interleaved = true;
  bool operator==(const Rotary&) const = default;
};

/// What attention heads have in common, whatever the stream they read.
struct HeadShape {
  long n_head = 0;
  long n_kv_head = 0;  // divides n_head; head h uses keys and values h n_kv_head / n_head
  long d_head = 0;
  std::string mask;   // "causal" or "full"; "none" where MaskWeights stand for it
  std::string scale;  // scores are multiplied by "1" or "rsqrt(n)"
  std::optional<Rotary> rotary;
  bool operator==(const HeadShape&) const = default;
};

/// Attention of an original model.
struct AttentionSublayer {
  std::string name;
  Layout layout;
  HeadShape shape;
  Norm norm;
  std::vector<AffineMap> projections;  // one for query, key and value together, or one for each
  AffineMap out;
};

/// (activation(norm(x) V1 + b1)) V2 + b2; with a gate G the hidden vector is
/// activation(norm(x) G + g) * (norm(x) V1 + b1).
struct MlpSublayer {
  std::string name;
  Layout layout;
  long d_mlp = 0;
  std::string activation;
  Norm norm;
  AffineMap in;
  AffineMap out;
  std::optional<AffineMap> gate;
};

/// norm(x) M + b.
struct LinearSublayer {
  std::string name;
  Layout layout;
  Norm norm;
  AffineMap map;
};

/// T6: a mask as weights. The sublayer's heads have no mask: every token attends to every token, the
/// bias token included, and the score of the pair (i, j) is raised by query[i, j], which is what
/// one-hot positions appended to the stream, W_Q = query and W_K = I on them, add. Positions are
/// those of the context; the bias token's is the last.
struct MaskWeights {
  Rational omega;     // what the scores of allowed pairs are raised by; others by 0
  std::string query;  // (context + 1, context + 1)
};

/// T3: the heads of an attention sublayer on the augmented stream, whose rows are
/// [model, ones, bias]. Row r of query, key, value and output belongs to inner dimension r of all
/// heads together: score = scale (query x)(key y), biases are read from `ones`. Real tokens attend
/// real tokens, by the mask; the bias token attends itself. One more head of mask {self},
/// W_V = e_ones, W_O = bias_output.
struct TokenHeads {
  std::string name;
  HeadShape shape;
  Norm norm;
  std::string query;   // (n_head d_head, d_model + 2)
  std::string key;     // (n_kv_head d_head, d_model + 2)
  std::string value;   // (n_kv_head d_head, d_model + 2)
  std::string output;  // (n_head d_head, d_model + 2)
  std::optional<std::string> bias_output;
  std::optional<MaskWeights> masks;
};

/// T2: for each neuron one head per gate, and one head for the output bias, on the augmented
/// stream. Rows of the tensors are neurons; D + 2 columns are [model, ones, bias].
/// Head (j, i): mask {self, bias tokens}, W_Q = [query[j], e_ones], against bias token k
/// W_K = [slope_ik, -shift_ik], W_V = coefficient_i value[j], W_O = output[j].
/// Bias head: mask {self}, W_V = e_ones, W_O = bias_output (1, D + 2); with masks as weights it has
/// the others' mask, gives the bias token half its weight, and bias_output is twice the bias.
struct NeuronHeads {
  std::string name;
  long neurons = 0;
  bool gated = false;  // value is not the score's own vector: a GLU neuron
  Gates gates;
  Norm norm;
  std::string query;
  std::string value;
  std::string output;
  std::optional<std::string> bias_output;
  std::optional<MaskWeights> masks;
  std::string function;  // what the gates compute, canonical: of z, or with `gated` of the gate

  long head_count() const {
    return neurons * static_cast<long>(gates.size()) + (bias_output ? 1 : 0);
  }
};

/// T4: one head of mask {self} on the augmented stream, W_V = I, W_O = output (D + 2, D + 2).
struct SelfHeads {
  std::string name;
  Norm norm;
  std::string output;
};

using Sublayer = std::variant<AttentionSublayer, MlpSublayer, TokenHeads, NeuronHeads,
                              LinearSublayer, SelfHeads>;

/// The stream starts as token embedding + position embedding.
struct TokenInput {
  long vocab = 0;
  long n_ctx = 0;
  std::string token;
  std::optional<std::string> position;
};

/// The stream starts as [class token; patches W + b] + position embedding.
struct PatchInput {
  long count = 0;
  long width = 0;
  Layout layout;
  AffineMap projection;
  std::string class_token;  // (1, 1, d_model)
  std::string position;     // (1, count + 1, d_model)
};

/// monostate: the rows of the stream are given.
using Input = std::variant<std::monostate, TokenInput, PatchInput>;

struct Unembedding {
  Layout layout;
  long outputs = 0;
  AffineMap map;
};

struct Network {
  long d_model = 0;
  Input input;
  std::vector<Sublayer> sublayers;
  std::optional<Norm> final_norm;
  std::optional<Unembedding> unembedding;
  bool first_row_only = false;  // "pool": "first"
};

/// The number of tokens the network takes at most; absent where it takes rows.
std::optional<long> context_of(const Network& network);

/// The name of a sublayer of any kind.
const std::string& name_of(const Sublayer& sublayer);

/// Reads a network file.
/// Errors   NetworkVersion, NetworkField, NormUnsupported, UnknownActivation, GatesSyntax, Json...
/// Status   trusted
Result<Network> parse_network(std::string_view bytes);

}  // namespace attncert
