// Sublayers whose masks are weights, computed by a rounding machine and exactly enough in fp64: every
// token takes part, the bias token included, which comes last.
#pragma once

#include "unit/kernel/rounded_sublayers.hpp"

namespace attncert::testing {

/// What token i's scores of the first `count` tokens and of the bias token are raised by.
inline Vector raised_by(const Model& model, const MaskWeights& masks, std::size_t i,
                        std::size_t count) {
  const long n = context_of(model.network).value() + 1;
  const Matrix query = read_matrix(model.weights, masks.query, n, n).value();
  Vector row;
  for (std::size_t j = 0; j < count; ++j) {
    row.push_back(query.at(static_cast<long>(i), static_cast<long>(j)));
  }
  row.push_back(query.at(static_cast<long>(i), n - 1));
  return row;
}

/// A sum of products times a scale, raised: afterwards, or by one more term.
inline double raised_score(const RoundingMachine& m, Vector a, Vector b, double scale, double by,
                           bool within) {
  if (!within) return m.op(m.op(m.dot(a, b) * m.op(scale)) + m.stored(by));
  for (double& x : a) x = scale == 1 ? x : m.op(x * m.op(scale));
  a.push_back(m.stored(by));
  b.push_back(1);
  return m.dot(a, b);
}

inline Vector exact_softmax(Vector scores) {
  const double top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - top);
  for (double& score : scores) score /= sum;
  return scores;
}

/// The mean of ones, but 0 of the bias token, by which the output bias is multiplied.
inline double computed_bias_mean(const RoundingMachine& m, const Vector& raised) {
  Vector scores;
  for (const double by : raised) scores.push_back(m.op(m.stored(by)));
  Vector ones(raised.size(), 1.0);
  ones.back() = 0;
  return m.dot(m.softmax(scores), ones);
}
inline double exact_bias_mean(const Vector& raised) { return 1 - exact_softmax(raised).back(); }

/// The output map, its bias times a number.
inline Vector computed_output(const RoundingMachine& m, const Affine& out, const Vector& inner,
                              double ones) {
  Vector values = inner;
  values.push_back(ones);
  Vector result;
  for (long k = 0; k < out.weight.rows; ++k) result.push_back(m.dot(stored_row(m, out, k), values));
  return result;
}
inline Vector exact_output(Affine out, const Vector& inner, double ones) {
  for (double& bias : out.bias) bias *= ones;
  return exact_map(out, inner);
}

/// What token i of some rows gets from token heads.
inline Vector computed_raised_attention(const RoundingMachine& m, const Model& model,
                                        const TokenHeads& heads, const std::vector<Vector>& rows,
                                        std::size_t i, bool within) {
  const AttentionMaps maps = maps_of(model, heads);
  const Vector raised = raised_by(model, *heads.masks, i, rows.size());
  std::vector<Vector> keys;
  std::vector<Vector> values;
  for (const Vector& n : rows) {
    keys.push_back(computed_map(m, maps.key, m.normed(n, maps.norm)));
    values.push_back(computed_map(m, maps.value, m.normed(n, maps.norm)));
  }
  keys.emplace_back(keys.front().size(), 0.0);
  values.emplace_back(values.front().size(), 0.0);
  const Vector query = computed_map(m, maps.query, m.normed(rows[i], maps.norm));
  const long d = maps.shape.d_head;
  Vector means;
  for (long h = 0; h < maps.shape.n_head; ++h) {
    const long group = h * maps.shape.n_kv_head / maps.shape.n_head;
    Vector scores;
    for (std::size_t j = 0; j < keys.size(); ++j) {
      scores.push_back(raised_score(m, part(query, h * d, d), part(keys[j], group * d, d),
                                    scale_number(maps.shape), raised[j], within));
    }
    const Vector weights = m.softmax(scores);
    for (long r = group * d; r < (group + 1) * d; ++r) {
      Vector column;
      for (const Vector& value : values) column.push_back(value[static_cast<std::size_t>(r)]);
      means.push_back(m.dot(weights, column));
    }
  }
  return computed_output(m, maps.out, means, computed_bias_mean(m, raised));
}

inline Vector exact_raised_attention(const Model& model, const TokenHeads& heads,
                                     const std::vector<Vector>& rows, std::size_t i) {
  const AttentionMaps maps = maps_of(model, heads);
  const Vector raised = raised_by(model, *heads.masks, i, rows.size());
  const Vector query = exact_map(maps.query, exact_normed(rows[i], maps.norm));
  const long d = maps.shape.d_head;
  Vector means;
  for (long h = 0; h < maps.shape.n_head; ++h) {
    const long group = h * maps.shape.n_kv_head / maps.shape.n_head;
    Vector scores = raised;
    std::vector<Vector> values;
    for (std::size_t j = 0; j < rows.size(); ++j) {
      const Vector y = exact_normed(rows[j], maps.norm);
      const Vector q = part(query, h * d, d);
      const Vector k = part(exact_map(maps.key, y), group * d, d);
      scores[j] +=
          scale_number(maps.shape) * std::inner_product(q.begin(), q.end(), k.begin(), 0.0);
      values.push_back(part(exact_map(maps.value, y), group * d, d));
    }
    const Vector weights = exact_softmax(scores);
    for (std::size_t r = 0; r < static_cast<std::size_t>(d); ++r) {
      double mean = 0;
      for (std::size_t j = 0; j < values.size(); ++j) mean += weights[j] * values[j][r];
      means.push_back(mean);
    }
  }
  return exact_output(maps.out, means, exact_bias_mean(raised));
}

/// What token i gets from neuron heads; gates have one score.
inline Vector computed_raised_heads(const RoundingMachine& m, const Model& model,
                                    const NeuronHeads& heads, const std::vector<Vector>& rows,
                                    std::size_t i, bool within) {
  const NormWeights norm = norm_weights(model, heads.norm).value();
  const Vector raised = raised_by(model, *heads.masks, i, rows.size());
  const Vector q =
      computed_map(m, rows_as_map(model, heads.query, heads.neurons), m.normed(rows[i], norm));
  std::vector<Vector> values;
  for (const Vector& n : rows) {
    values.push_back(
        computed_map(m, rows_as_map(model, heads.value, heads.neurons), m.normed(n, norm)));
  }
  const Affine out = output_map(model, heads.output, heads.bias_output, heads.neurons);
  Affine wide{Matrix(out.weight.rows, 0), out.bias};
  wide.weight.columns = heads.neurons * static_cast<long>(heads.gates.size());
  Vector inner;
  for (std::size_t j = 0; j < q.size(); ++j) {
    for (const Gate& gate : heads.gates) {
      const Score& s = gate.scores.front();
      const Vector key{m.op(m.stored(number(s.slope))), m.op(m.stored(-number(s.shift)))};
      Vector scores;
      for (std::size_t t = 0; t < rows.size(); ++t) scores.push_back(m.op(m.stored(raised[t])));
      scores.push_back(raised_score(m, {q[j], 1}, key, 1, raised.back(), within));
      Vector column;
      for (const Vector& v : values) {
        column.push_back(m.op(m.op(m.stored(number(gate.coefficient))) * v[j]));
      }
      column.push_back(0);
      inner.push_back(m.dot(m.softmax(scores), column));
    }
  }
  for (long k = 0; k < out.weight.rows; ++k) {
    for (long j = 0; j < heads.neurons; ++j) {
      for (std::size_t g = 0; g < heads.gates.size(); ++g) {
        wide.weight.values.push_back(out.weight.at(k, j));
      }
    }
  }
  return computed_output(m, wide, inner, computed_bias_mean(m, raised));
}

inline Vector exact_raised_heads(const Model& model, const NeuronHeads& heads,
                                 const std::vector<Vector>& rows, std::size_t i) {
  const NormWeights norm = norm_weights(model, heads.norm).value();
  const Vector raised = raised_by(model, *heads.masks, i, rows.size());
  const Vector q =
      exact_map(rows_as_map(model, heads.query, heads.neurons), exact_normed(rows[i], norm));
  Vector inner(q.size(), 0.0);
  for (const Gate& gate : heads.gates) {
    const Score& s = gate.scores.front();
    for (std::size_t t = 0; t < rows.size(); ++t) {
      const Vector v =
          exact_map(rows_as_map(model, heads.value, heads.neurons), exact_normed(rows[t], norm));
      for (std::size_t j = 0; j < q.size(); ++j) {
        Vector scores = raised;
        scores.back() += q[j] * number(s.slope) - number(s.shift);
        inner[j] += number(gate.coefficient) * exact_softmax(scores)[t] * v[j];
      }
    }
  }
  return exact_output(output_map(model, heads.output, heads.bias_output, heads.neurons), inner,
                      exact_bias_mean(raised));
}

}  // namespace attncert::testing
