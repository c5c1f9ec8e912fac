// The paper's constructions as explicit heads: T1, T2, T4, T5, T6, and gated neurons.
#pragma once

#include "attncert/construction/head.hpp"
#include "attncert/statement/gates.hpp"

namespace attncert {

/// w . x + c.
struct AffineForm {
  std::vector<double> w;
  double c = 0;
};

/// T1: one head of internal dimension 1 that writes a SiLU(b (w.x + c)) v on real tokens.
/// Maths    W_Q = -[w; c; 0], W_K = b e_bias, W_V = a b [w; c; 0], W_O = [v, 0, 0]; mask {self, bias}
/// Shapes   w, v: (d_model)
/// Requires w and v of one length (TensorShape)
/// Source   docs/formulas.md#heads; Huben & Morris 2023, theorem 1
Result<Head> silu_neuron(const AffineForm& z, const std::vector<double>& v, double a, double b);

/// B1: for each gate one head that writes c_i (p.x + q) / (1 + sum_k e^-(b_ik z + beta_ik)) v.
/// Maths    W_Q = [-[w; c; 0], e_ones], W_K = sum_k (e_bias_k times [b_ik, -beta_ik])
/// Requires gates whose numbers fp64 holds exactly (GatesSyntax), at most `bias_tokens` scores each
/// Source   docs/formulas.md#heads
Result<std::vector<Head>> gated_neuron(const AffineForm& z, const AffineForm& p,
                                       const std::vector<double>& v, const Gates& gates,
                                       long bias_tokens);

/// sigmoid(g) p v with g, p affine: one head, exactly.
Result<Head> glu_neuron(const AffineForm& g, const AffineForm& p, const std::vector<double>& v);

/// Mish(z) v: two heads, two bias tokens; exact but for shifts +-ln 2 rounded to fp64.
/// Maths    z / (1 + 2 e^-z + 2 e^-2z) + z / (1 + e^z / 2 + e^-z)
Result<std::vector<Head>> mish_neuron(const AffineForm& z, const std::vector<double>& v);

/// T2: an MLP layer sum_j a SiLU(b z_j) out_j + bias, z = in x + c: a head for each neuron, and one
/// of mask {self} for the bias.
/// Shapes   in: (d_mlp, d_model), c: (d_mlp), out: (d_mlp, d_model), bias: (d_model)
Result<std::vector<Head>> mlp(const Matrix& in, const std::vector<double>& c, const Matrix& out,
                              const std::vector<double>& bias, double a, double b);

/// T4: one head of mask {self} that writes x M + bias on real tokens.
/// Shapes   m: (d_model, d_model), bias: (d_model)
Result<Head> linear(const Matrix& m, const std::vector<double>& bias);

/// T5: one head that writes a SiLU(b x_j) into coordinate j.
/// Requires 0 <= j < d_model (TensorShape)
Result<Head> activation(long d_model, long j, double a, double b);

/// How T6 writes a mask: omega added to the scores of allowed pairs, or taken from masked ones.
/// Softmax is shift invariant: both are the same function of real numbers, not of rounded ones.
enum class MaskEncoding { add_to_allowed, subtract_from_masked };

/// T6: the same head without a mask, on the stream [rows | one-hot positions].
/// Maths    W_QK + omega Lambda (or - omega (1 - Lambda)) as blocks of W_Q; with scale rsqrt(n) the
///          block holds omega sqrt(n), rounded up
/// Ensures  scores differ by at least omega where the mask did
/// Shapes   query, key: (columns + rows, internal dimension + rows)
Result<Head> pseudo_mask(const Head& head, const StreamShape& shape, double omega,
                         MaskEncoding encoding);

/// The stream a pseudo-masked head reads: rows with one-hot positions appended, and its shape.
Matrix with_positions(const Matrix& rows);
StreamShape with_positions(const StreamShape& shape);

}  // namespace attncert
