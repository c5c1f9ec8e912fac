// A machine that computes networks in fp32, its sums in random order, or as badly as any order may:
// what certified enclosures must hold.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include "attncert/expression/zoo.hpp"
#include "attncert/kernel/weights.hpp"
#include "unit/support.hpp"

namespace attncert::testing {

using Row = std::vector<float>;
using Rows = std::vector<Row>;

class FloatMachine {
public:
  /// With `worst`, sums are off by nine tenths of what n roundings of all terms may lose, up or down.
  FloatMachine(const Model& model, unsigned seed, bool worst = false)
      : model_(model), random_(seed), worst_(worst) {}

  bool plain = false;                  // softmax: without max-subtraction
  std::optional<float> mask_constant;  // by which masked scores are lowered

  /// Outputs of every position.
  Rows run(const std::vector<long>& tokens) {
    const auto& input = std::get<TokenInput>(model_.network.input);
    const long width = model_.network.d_model;
    const Matrix token = read(input.token, input.vocab, width);
    const Matrix position = read(*input.position, input.n_ctx, width);
    Rows stream;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      Row row;
      for (long k = 0; k < width; ++k) {
        row.push_back(static_cast<float>(token.at(tokens[i], k)) +
                      static_cast<float>(position.at(static_cast<long>(i), k)));
      }
      stream.push_back(row);
    }
    for (const Sublayer& sublayer : model_.network.sublayers) {
      const Rows update = std::visit([&](const auto& s) { return update_of(s, stream); }, sublayer);
      for (std::size_t i = 0; i < stream.size(); ++i) {
        for (std::size_t k = 0; k < stream[i].size(); ++k) stream[i][k] += update[i][k];
      }
    }
    if (model_.network.final_norm) stream = normed(*model_.network.final_norm, stream);
    if (!model_.network.unembedding) return stream;
    const auto& end = *model_.network.unembedding;
    return mapped(read_affine(model_.weights, end.map, end.layout, end.outputs, width).value(),
                  stream);
  }

private:
  Matrix read(const std::string& name, long rows, long columns) {
    return read_matrix(model_.weights, name, rows, columns).value();
  }

  // In some order, some pairs of neighbours added first.
  float sum(std::vector<float> terms) {
    if (worst_) return worst_sum(terms);
    std::shuffle(terms.begin(), terms.end(), random_);
    while (terms.size() > 1 && random_() % 3 != 0) {
      const std::size_t i = random_() % (terms.size() - 1);
      terms[i] += terms[i + 1];
      terms.erase(terms.begin() + static_cast<long>(i) + 1);
    }
    float total = 0;
    for (const float term : terms) total += term;
    return total;
  }

  float worst_sum(const std::vector<float>& terms) {
    double total = 0;
    double size = 0;
    for (const float term : terms) {
      total += static_cast<double>(term);
      size += std::fabs(static_cast<double>(term));
    }
    const double lost = 0.9 * 0x1p-24 * static_cast<double>(terms.size()) * size;
    return static_cast<float>(random_() % 2 == 0 ? total + lost : total - lost);
  }

  float dot(std::span<const double> weight, double bias, const Row& x) {
    std::vector<float> terms{static_cast<float>(bias)};
    for (std::size_t k = 0; k < x.size(); ++k)
      terms.push_back(static_cast<float>(weight[k]) * x[k]);
    return sum(std::move(terms));
  }

  Rows mapped(const Affine& map, const Rows& x) {
    Rows result;
    for (const Row& row : x) {
      Row y;
      for (long i = 0; i < map.weight.rows; ++i) {
        y.push_back(dot(map.weight.row(i), map.bias[static_cast<std::size_t>(i)], row));
      }
      result.push_back(y);
    }
    return result;
  }

  Rows normed(const Norm& norm, Rows x) {
    const NormWeights weights = norm_weights(model_, norm).value();
    for (Row& row : x) {
      const auto n = static_cast<float>(row.size());
      if (norm.kind != "rms-norm") {
        const float mean = sum(row) / n;
        for (float& one : row) one -= mean;
      }
      std::vector<float> squares;
      for (const float one : row) squares.push_back(one * one);
      const float length =
          std::sqrt(sum(squares) / n + static_cast<float>(static_cast<double>(norm.epsilon)));
      for (std::size_t k = 0; k < row.size(); ++k) {
        row[k] = row[k] * (1 / length) * static_cast<float>(weights.gain[k]) +
                 static_cast<float>(weights.shift[k]);
      }
    }
    return x;
  }

  // e^x within an ulp, some way or other.
  float exponential(float x) {
    const auto value = static_cast<float>(std::exp(static_cast<double>(x)));
    return random_() % 2 == 0 ? value : std::nextafter(value, 0.0F);
  }

  Row softmax(Row scores) {
    const float greatest = plain ? 0 : *std::max_element(scores.begin(), scores.end());
    for (float& score : scores) score = exponential(score - greatest);
    const float total = sum(scores);
    const bool by_reciprocal = random_() % 2 == 0;
    for (float& score : scores) score = by_reciprocal ? score * (1 / total) : score / total;
    return scores;
  }

  Rows attention(const HeadShape& shape, const Rows& query, const Rows& key, const Rows& value) {
    Rows mixed = query;
    const float scale = shape.scale == "1" ? 1 : 1 / std::sqrt(static_cast<float>(shape.d_head));
    for (long h = 0; h < shape.n_head; ++h) {
      const auto own = static_cast<std::size_t>(h * shape.d_head);
      const auto shared =
          static_cast<std::size_t>(h * shape.n_kv_head / shape.n_head * shape.d_head);
      for (std::size_t i = 0; i < query.size(); ++i) {
        const std::size_t seen = shape.mask == "causal" ? i + 1 : query.size();
        Row scores;
        for (std::size_t j = 0; j < (mask_constant ? key.size() : seen); ++j) {
          std::vector<float> terms;
          for (std::size_t r = 0; r < static_cast<std::size_t>(shape.d_head); ++r) {
            terms.push_back(query[i][own + r] * key[j][shared + r]);
          }
          scores.push_back(sum(terms) * scale);
          if (j >= seen) scores.back() -= *mask_constant;
        }
        const Row weights = softmax(scores);
        for (std::size_t r = 0; r < static_cast<std::size_t>(shape.d_head); ++r) {
          std::vector<float> terms;
          for (std::size_t j = 0; j < weights.size(); ++j) {
            terms.push_back(weights[j] * value[j][shared + r]);
          }
          mixed[i][own + r] = sum(terms);
        }
      }
    }
    return mixed;
  }

  Rows update_of(const AttentionSublayer& layer, const Rows& stream) {
    const AttentionWeights w = attention_weights(model_, layer).value();
    const Rows x = normed(layer.norm, stream);
    return mapped(w.out,
                  attention(layer.shape, mapped(w.query, x), mapped(w.key, x), mapped(w.value, x)));
  }

  Rows update_of(const MlpSublayer& layer, const Rows& stream) {
    const MlpWeights w = mlp_weights(model_, layer).value();
    Rows hidden = mapped(w.in, normed(layer.norm, stream));
    for (Row& row : hidden) {
      for (float& z : row) z = activated(layer.activation, z);
    }
    return mapped(w.out, hidden);
  }

  static float activated(const std::string& activation, float z) {
    const auto x = static_cast<double>(z);
    if (activation == "gelu") return static_cast<float>(x * (1 + std::erf(x / std::sqrt(2.0))) / 2);
    if (activation == "relu") return std::max(0.0F, z);
    REQUIRE(activation == "silu");
    return static_cast<float>(x / (1 + std::exp(-x)));
  }

  // Rows of heads, and `ones`.
  Affine heads(const std::string& name, long rows) {
    const long width = model_.network.d_model;
    const Matrix stored = read(name, rows, width + 2);
    Affine map{Matrix(rows, width), {}};
    for (long i = 0; i < rows; ++i) {
      for (long k = 0; k < width; ++k) map.weight.at(i, k) = stored.at(i, k);
      map.bias.push_back(stored.at(i, width));
    }
    return map;
  }

  Affine outputs(const std::string& name, long rows, const std::optional<std::string>& bias) {
    const long width = model_.network.d_model;
    const Matrix stored = transposed(read(name, rows, width + 2));
    Affine map{Matrix(width, rows), std::vector<double>(static_cast<std::size_t>(width))};
    for (long k = 0; k < width; ++k) {
      std::copy_n(stored.row(k).begin(), rows, map.weight.row(k).begin());
      if (bias) map.bias[static_cast<std::size_t>(k)] = read(*bias, 1, width + 2).at(0, k);
    }
    return map;
  }

  Rows update_of(const TokenHeads& layer, const Rows& stream) {
    const long inner = layer.shape.n_head * layer.shape.d_head;
    const long shared = layer.shape.n_kv_head * layer.shape.d_head;
    const Rows x = normed(layer.norm, stream);
    return mapped(
        outputs(layer.output, inner, layer.bias_output),
        attention(layer.shape, mapped(heads(layer.query, inner), x),
                  mapped(heads(layer.key, shared), x), mapped(heads(layer.value, shared), x)));
  }

  // Each head by itself, its softmax over the token and the bias tokens; all heads in one sum.
  Rows update_of(const NeuronHeads& layer, const Rows& stream) {
    const Rows x = normed(layer.norm, stream);
    const Rows query = mapped(heads(layer.query, layer.neurons), x);
    const Rows value = mapped(heads(layer.value, layer.neurons), x);
    const Affine out = outputs(layer.output, layer.neurons, layer.bias_output);
    Rows result;
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::vector<std::vector<float>> terms(out.bias.size());
      for (std::size_t k = 0; k < terms.size(); ++k) {
        terms[k].push_back(static_cast<float>(out.bias[k]));
      }
      for (std::size_t j = 0; j < query[i].size(); ++j) {
        for (const Gate& gate : layer.gates) {
          const float written = head(gate, query[i][j], value[i][j]);
          for (std::size_t k = 0; k < terms.size(); ++k) {
            terms[k].push_back(
                static_cast<float>(out.weight.at(static_cast<long>(k), static_cast<long>(j))) *
                written);
          }
        }
      }
      Row row;
      for (const auto& one : terms) row.push_back(sum(one));
      result.push_back(row);
    }
    return result;
  }

  float head(const Gate& gate, float query, float value) {
    Row scores{0};
    for (const Score& score : gate.scores) {
      scores.push_back(number(score.slope) * query + -number(score.shift));
    }
    return softmax(scores)[0] * (number(gate.coefficient) * value);
  }

  static float number(const std::string& text) {
    return static_cast<float>(static_cast<double>(parse_rational(text).value()));
  }

  template <class Other>
  Rows update_of(const Other& /*layer*/, const Rows& stream) {
    FAIL("the machine does not compute this kind of sublayer");
    return stream;
  }

  const Model& model_;
  std::mt19937 random_;
  bool worst_;
};

}  // namespace attncert::testing
