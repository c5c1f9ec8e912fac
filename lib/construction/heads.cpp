#include "attncert/construction/heads.hpp"

#include <algorithm>

#include "attncert/core/rational.hpp"

namespace attncert {
namespace {

constexpr HeadMask self_and_bias(long bias_tokens) {
  return {{MaskPattern::Kind::self, 0, {}}, bias_tokens, false};
}

// [w; c; 0, ...] as one column.
Matrix column_of(const AffineForm& z, double factor, long bias_tokens) {
  const auto width = static_cast<long>(z.w.size());
  Matrix column(width + 1 + bias_tokens, 1);
  for (long i = 0; i < width; ++i) column.at(i, 0) = factor * z.w[static_cast<std::size_t>(i)];
  column.at(width, 0) = factor * z.c;
  return column;
}

// [v, 0, 0, ...] as one row.
Matrix output_row(const std::vector<double>& v, long bias_tokens) {
  Matrix row(1, static_cast<long>(v.size()) + 1 + bias_tokens);
  std::copy(v.begin(), v.end(), row.values.begin());
  return row;
}

Status check_lengths(const char* first, const std::vector<double>& a, const char* second,
                     const std::vector<double>& b) {
  if (a.size() == b.size()) return ok();
  return fail(ErrorCode::TensorShape, std::string(first) + " has shape (" +
                                          std::to_string(a.size()) + ",) and " + second + " (" +
                                          std::to_string(b.size()) + ",): they must be equal");
}

// A stored number: only what fp64 holds exactly may become a weight.
Result<double> weight_of(const std::string& number) {
  ATTNCERT_TRY(const Rational exact, parse_rational(number));
  const auto stored = static_cast<double>(exact);
  if (Rational(stored) == exact) return stored;
  return fail(ErrorCode::GatesSyntax, "fp64 cannot hold the gate's number " + number + " exactly");
}

// Head i of B1; with no shift the inner dimension is 1, as in T1.
Result<Head> gate_head(const AffineForm& z, const AffineForm& p, const std::vector<double>& v,
                       const Gate& gate, long bias_tokens) {
  const auto width = static_cast<long>(z.w.size());
  const auto scores = static_cast<long>(gate.scores.size());
  if (scores > bias_tokens) {
    return fail(ErrorCode::TensorShape, "a gate has " + std::to_string(scores) +
                                            " scores where the stream has " +
                                            std::to_string(bias_tokens) + " bias tokens");
  }
  const bool shifted = std::any_of(gate.scores.begin(), gate.scores.end(),
                                   [](const Score& score) { return score.shift != "0"; });
  Head head;
  const Matrix query = column_of(z, -1, bias_tokens);
  head.query = Matrix(query.rows, shifted ? 2 : 1);
  head.key = Matrix(query.rows, shifted ? 2 : 1);
  for (long i = 0; i < query.rows; ++i) head.query.at(i, 0) = query.at(i, 0);
  if (shifted) head.query.at(width, 1) = 1;
  for (long k = 0; k < scores; ++k) {
    const Score& score = gate.scores[static_cast<std::size_t>(k)];
    ATTNCERT_TRY(head.key.at(width + 1 + k, 0), weight_of(score.slope));
    if (!shifted) continue;
    ATTNCERT_TRY(const double shift, weight_of(score.shift));
    head.key.at(width + 1 + k, 1) = -shift;
  }
  ATTNCERT_TRY(const double coefficient, weight_of(gate.coefficient));
  head.value = column_of(p, coefficient, bias_tokens);
  head.output = output_row(v, bias_tokens);
  head.mask = self_and_bias(scores);
  return head;
}

}  // namespace

Result<Head> silu_neuron(const AffineForm& z, const std::vector<double>& v, double a, double b) {
  ATTNCERT_CHECK(check_lengths("w", z.w, "v", v));
  Head head;
  head.query = column_of(z, -1, 1);
  head.key = Matrix(head.query.rows, 1);
  head.key.at(head.key.rows - 1, 0) = b;
  head.value = column_of(z, a * b, 1);
  head.output = output_row(v, 1);
  head.mask = self_and_bias(1);
  return head;
}

Result<std::vector<Head>> gated_neuron(const AffineForm& z, const AffineForm& p,
                                       const std::vector<double>& v, const Gates& gates,
                                       long bias_tokens) {
  ATTNCERT_CHECK(check_lengths("w", z.w, "v", v));
  ATTNCERT_CHECK(check_lengths("w", z.w, "p", p.w));
  std::vector<Head> heads;
  for (const Gate& gate : gates) {
    ATTNCERT_TRY(Head head, gate_head(z, p, v, gate, bias_tokens));
    heads.push_back(std::move(head));
  }
  return heads;
}

Result<Head> glu_neuron(const AffineForm& g, const AffineForm& p, const std::vector<double>& v) {
  ATTNCERT_TRY(std::vector<Head> heads, gated_neuron(g, p, v, {{"1", {{"1", "0"}}}}, 1));
  return std::move(heads.front());
}

Result<std::vector<Head>> mish_neuron(const AffineForm& z, const std::vector<double>& v) {
  const std::string up = "0x162e42fefa39efp-53";  // ln 2, to nearest
  const Gate rising{"1", {{"1", "-" + up}, {"2", "-" + up}}};
  const Gate falling{"1", {{"-1", up}, {"1", "0"}}};
  return gated_neuron(z, z, v, {rising, falling}, 2);
}

Result<std::vector<Head>> mlp(const Matrix& in, const std::vector<double>& c, const Matrix& out,
                              const std::vector<double>& bias, double a, double b) {
  const auto shape = [](const Matrix& m) {
    return "(" + std::to_string(m.rows) + ", " + std::to_string(m.columns) + ")";
  };
  if (out.rows != in.rows || out.columns != in.columns) {
    return fail(ErrorCode::TensorShape, "out has shape " + shape(out) + " where in has " +
                                            shape(in) + ": they must be equal");
  }
  if (static_cast<long>(c.size()) != in.rows || static_cast<long>(bias.size()) != in.columns) {
    return fail(ErrorCode::TensorShape, "in has shape " + shape(in) + ", but c (" +
                                            std::to_string(c.size()) + ",) and bias (" +
                                            std::to_string(bias.size()) + ",)");
  }
  std::vector<Head> heads;
  for (long j = 0; j < in.rows; ++j) {
    const AffineForm z{{in.row(j).begin(), in.row(j).end()}, c[static_cast<std::size_t>(j)]};
    ATTNCERT_TRY(Head head, silu_neuron(z, {out.row(j).begin(), out.row(j).end()}, a, b));
    heads.push_back(std::move(head));
  }
  ATTNCERT_TRY(Head last, linear(Matrix(in.columns, in.columns), bias));
  heads.push_back(std::move(last));
  return heads;
}

Result<Head> linear(const Matrix& m, const std::vector<double>& bias) {
  const long width = m.rows;
  if (m.columns != width || static_cast<long>(bias.size()) != width) {
    return fail(ErrorCode::TensorShape, "M has shape (" + std::to_string(m.rows) + ", " +
                                            std::to_string(m.columns) + ") and bias (" +
                                            std::to_string(bias.size()) + ",): M must be square");
  }
  Head head;
  head.query = Matrix(width + 2, 1);
  head.key = Matrix(width + 2, 1);
  head.value = Matrix(width + 2, width + 2);
  head.output = Matrix(width + 2, width + 2);
  for (long i = 0; i < width + 2; ++i) head.value.at(i, i) = 1;
  for (long i = 0; i < width; ++i) {
    std::copy(m.row(i).begin(), m.row(i).end(), head.output.row(i).begin());
  }
  std::copy(bias.begin(), bias.end(), head.output.row(width).begin());
  head.mask = self_and_bias(0);
  return head;
}

Result<Head> activation(long d_model, long j, double a, double b) {
  if (j < 0 || j >= d_model) {
    return fail(ErrorCode::TensorShape, "coordinate " + std::to_string(j) +
                                            " is not one of a stream of width " +
                                            std::to_string(d_model));
  }
  std::vector<double> unit(static_cast<std::size_t>(d_model), 0.0);
  unit[static_cast<std::size_t>(j)] = 1;
  return silu_neuron({unit, 0}, unit, a, b);
}

}  // namespace attncert
