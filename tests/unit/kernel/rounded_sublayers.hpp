// Whole sublayers, computed by a rounding machine and exactly enough in fp64.
#pragma once

#include "unit/kernel/rounding_machine.hpp"

namespace attncert::testing {

inline double gelu(double z) { return z * std::erfc(-z / std::sqrt(2.0)) / 2; }

inline Vector computed_mlp(const RoundingMachine& m, const Model& model, const MlpSublayer& mlp,
                           const Vector& n) {
  const MlpWeights w = mlp_weights(model, mlp).value();
  Vector hidden = computed_map(m, w.in, m.normed(n, norm_weights(model, mlp.norm).value()));
  for (double& z : hidden) z = m.op(gelu(z));
  return computed_map(m, w.out, hidden);
}

inline Vector exact_mlp(const Model& model, const MlpSublayer& mlp, const Vector& n) {
  const MlpWeights w = mlp_weights(model, mlp).value();
  Vector hidden = exact_map(w.in, exact_normed(n, norm_weights(model, mlp.norm).value()));
  for (double& z : hidden) z = gelu(z);
  return exact_map(w.out, hidden);
}

inline Affine rows_as_map(const Model& model, const std::string& name, long rows) {
  const long width = model.network.d_model;
  const Matrix all = read_matrix(model.weights, name, rows, width + 2).value();
  Affine map{Matrix(rows, width), {}};
  for (long j = 0; j < rows; ++j) {
    std::copy_n(all.row(j).begin(), width, map.weight.row(j).begin());
    map.bias.push_back(all.at(j, width));
  }
  return map;
}

inline Affine output_map(const Model& model, const std::string& name,
                         const std::optional<std::string>& bias, long rows) {
  const long width = model.network.d_model;
  Affine map{transposed(read_matrix(model.weights, name, rows, width + 2).value()), {}};
  map.bias.assign(static_cast<std::size_t>(width + 2), 0.0);
  if (bias) map.bias = read_matrix(model.weights, *bias, 1, width + 2).value().values;
  return map;
}

inline double number(const std::string& text) { return static_cast<double>(real(text)); }

inline Vector computed_heads(const RoundingMachine& m, const Model& model, const NeuronHeads& heads,
                             const Vector& n) {
  const Vector y = m.normed(n, norm_weights(model, heads.norm).value());
  const Vector q = computed_map(m, rows_as_map(model, heads.query, heads.neurons), y);
  const Vector v = computed_map(m, rows_as_map(model, heads.value, heads.neurons), y);
  const Affine out = output_map(model, heads.output, heads.bias_output, heads.neurons);
  std::vector<Vector> values;  // by neuron, of each gate
  for (std::size_t j = 0; j < q.size(); ++j) {
    values.emplace_back();
    for (const Gate& gate : heads.gates) {
      Vector scores{0};
      for (const Score& s : gate.scores) {
        scores.push_back(
            m.dot({q[j], 1}, {m.op(m.stored(number(s.slope))), m.op(m.stored(-number(s.shift)))}));
      }
      const double value = m.op(m.op(m.stored(number(gate.coefficient))) * v[j]);
      values.back().push_back(m.op(m.sum_op(m.softmax(scores).front() * value)));
    }
  }
  Vector result;
  for (long k = 0; k < model.network.d_model; ++k) {
    Vector terms;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const double weight = m.stored(out.weight.at(k, static_cast<long>(j)));
      for (const double value : values[j]) terms.push_back(m.sum_op(weight * value));
    }
    terms.push_back(m.stored(out.bias[static_cast<std::size_t>(k)]));
    result.push_back(m.op(m.total(terms)));
  }
  return result;
}

inline Vector exact_heads(const Model& model, const NeuronHeads& heads, const Vector& n) {
  const Vector y = exact_normed(n, norm_weights(model, heads.norm).value());
  const Vector q = exact_map(rows_as_map(model, heads.query, heads.neurons), y);
  Vector v = exact_map(rows_as_map(model, heads.value, heads.neurons), y);
  for (std::size_t j = 0; j < q.size(); ++j) {
    double all = 0;
    for (const Gate& gate : heads.gates) {
      double sum = 1;
      for (const Score& s : gate.scores) {
        sum += std::exp(q[j] * number(s.slope) - number(s.shift));
      }
      all += number(gate.coefficient) / sum;
    }
    v[j] *= all;
  }
  Vector out = exact_map(output_map(model, heads.output, heads.bias_output, heads.neurons), v);
  out.resize(static_cast<std::size_t>(model.network.d_model));
  return out;
}

/// The maps of attention, of either side.
struct AttentionMaps {
  Affine query;
  Affine key;
  Affine value;
  Affine out;
  HeadShape shape;
  NormWeights norm;
};

inline AttentionMaps maps_of(const Model& model, const AttentionSublayer& layer) {
  AttentionWeights w = attention_weights(model, layer).value();
  return {w.query, w.key, w.value, w.out, layer.shape, norm_weights(model, layer.norm).value()};
}

inline AttentionMaps maps_of(const Model& model, const TokenHeads& heads) {
  const long inner = heads.shape.n_head * heads.shape.d_head;
  const long shared = heads.shape.n_kv_head * heads.shape.d_head;
  return {rows_as_map(model, heads.query, inner),
          rows_as_map(model, heads.key, shared),
          rows_as_map(model, heads.value, shared),
          output_map(model, heads.output, heads.bias_output, inner),
          heads.shape,
          norm_weights(model, heads.norm).value()};
}

inline double scale_number(const HeadShape& shape) {
  return shape.scale == "1" ? 1.0 : 1 / std::sqrt(static_cast<double>(shape.d_head));
}

inline Vector part(const Vector& v, long first, long count) {
  return {v.begin() + first, v.begin() + first + count};
}

/// Rotary positions turn pairs of a head's coordinates, with or without rounding.
inline Vector turned(const Vector& v, const HeadShape& shape, std::size_t position,
                     const RoundingMachine* machine) {
  if (!shape.rotary) return v;
  const auto op = [machine](double x) { return machine != nullptr ? machine->op(x) : x; };
  const long half = shape.d_head / 2;
  Vector result = v;
  for (long first = 0; first < static_cast<long>(v.size()); first += shape.d_head) {
    for (long p = 0; p < half; ++p) {
      const bool together = shape.rotary->interleaved;
      const auto i = static_cast<std::size_t>(first + (together ? 2 * p : p));
      const auto j = static_cast<std::size_t>(first + (together ? 2 * p + 1 : p + half));
      const double angle =
          static_cast<double>(position) *
          std::pow(static_cast<double>(shape.rotary->base),
                   -2.0 * static_cast<double>(p) / static_cast<double>(shape.d_head));
      const double c = op(std::cos(angle));
      const double s = op(std::sin(angle));
      result[i] = op(op(v[i] * c) - op(v[j] * s));
      result[j] = op(op(v[i] * s) + op(v[j] * c));
    }
  }
  return result;
}

/// What attention adds to the last of some rows, its output map applied.
inline Vector computed_attention(const RoundingMachine& m, const AttentionMaps& maps,
                                 const std::vector<Vector>& rows) {
  std::vector<Vector> keys;
  std::vector<Vector> values;
  for (const Vector& n : rows) {
    keys.push_back(
        turned(computed_map(m, maps.key, m.normed(n, maps.norm)), maps.shape, keys.size(), &m));
    values.push_back(computed_map(m, maps.value, m.normed(n, maps.norm)));
  }
  const Vector query = turned(computed_map(m, maps.query, m.normed(rows.back(), maps.norm)),
                              maps.shape, rows.size() - 1, &m);
  const long d = maps.shape.d_head;
  Vector means;
  for (long h = 0; h < maps.shape.n_head; ++h) {
    const long group = h * maps.shape.n_kv_head / maps.shape.n_head;
    Vector scores;
    for (const Vector& key : keys) {
      scores.push_back(m.op(m.dot(part(query, h * d, d), part(key, group * d, d)) *
                            m.op(scale_number(maps.shape))));
    }
    const Vector weights = m.softmax(scores);
    for (long r = group * d; r < (group + 1) * d; ++r) {
      Vector column;
      for (const Vector& value : values) column.push_back(value[static_cast<std::size_t>(r)]);
      means.push_back(m.dot(weights, column));
    }
  }
  return computed_map(m, maps.out, means);
}

inline Vector exact_attention(const AttentionMaps& maps, const std::vector<Vector>& rows) {
  std::vector<Vector> keys;
  std::vector<Vector> values;
  for (const Vector& n : rows) {
    keys.push_back(
        turned(exact_map(maps.key, exact_normed(n, maps.norm)), maps.shape, keys.size(), nullptr));
    values.push_back(exact_map(maps.value, exact_normed(n, maps.norm)));
  }
  const Vector query = turned(exact_map(maps.query, exact_normed(rows.back(), maps.norm)),
                              maps.shape, rows.size() - 1, nullptr);
  const long d = maps.shape.d_head;
  Vector means;
  for (long h = 0; h < maps.shape.n_head; ++h) {
    const long group = h * maps.shape.n_kv_head / maps.shape.n_head;
    Vector weights;
    for (const Vector& key : keys) {
      const Vector q = part(query, h * d, d);
      const Vector k = part(key, group * d, d);
      weights.push_back(scale_number(maps.shape) *
                        std::inner_product(q.begin(), q.end(), k.begin(), 0.0));
    }
    const double top = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - top);
    for (long r = group * d; r < (group + 1) * d; ++r) {
      double mean = 0;
      for (std::size_t j = 0; j < values.size(); ++j) {
        mean += weights[j] / sum * values[j][static_cast<std::size_t>(r)];
      }
      means.push_back(mean);
    }
  }
  return exact_map(maps.out, means);
}

}  // namespace attncert::testing
