#include "reference_sublayers.hpp"

#include <cmath>
#include <memory>
#include <numeric>

#include "reference_attention.hpp"

namespace attncert {
namespace {

// Rows [x, 1, 0]: real tokens of the augmented stream.
Matrix augmented(const Matrix& x) {
  Matrix result(x.rows, x.columns + 2);
  for (long i = 0; i < x.rows; ++i) {
    const auto row = x.row(i);
    std::copy(row.begin(), row.end(), result.row(i).begin());
    result.at(i, x.columns) = 1;
  }
  return result;
}

// The same, with the bias token's row [0, 0, 1] at the end.
Matrix with_bias_token(const Matrix& x) {
  Matrix result = augmented(x);
  result.values.resize(result.values.size() + static_cast<std::size_t>(result.columns), 0.0);
  result.values.back() = 1;
  ++result.rows;
  return result;
}

// Masks as weights: what one-hot positions add to the scores.
struct PositionScores {
  long context = 0;
  Matrix query;

  // For the first `tokens` positions and the bias token's.
  Matrix of(long tokens) const {
    Matrix raise(tokens + 1, tokens + 1);
    for (long i = 0; i <= tokens; ++i) {
      for (long j = 0; j <= tokens; ++j) {
        raise.at(i, j) = query.at(i == tokens ? context : i, j == tokens ? context : j);
      }
    }
    return raise;
  }
};

Result<PositionScores> position_scores(const Model& model,
                                       const std::optional<MaskWeights>& masks) {
  PositionScores scores;
  if (!masks) return scores;
  const auto context = context_of(model.network);
  if (!context) {
    return fail(ErrorCode::NetworkField, "masks as weights need a network with a context");
  }
  scores.context = *context;
  ATTNCERT_TRY(scores.query, read_matrix(model.weights, masks->query, *context + 1, *context + 1));
  return scores;
}

// The coordinates of the model's own stream.
Matrix model_part(const Matrix& x) {
  Matrix result(x.rows, x.columns - 2);
  for (long i = 0; i < x.rows; ++i) {
    const auto row = x.row(i).first(static_cast<std::size_t>(result.columns));
    std::copy(row.begin(), row.end(), result.row(i).begin());
  }
  return result;
}

// Without a mask the head of the output bias, whose scores are only what positions add, whose values
// are 1 on real tokens and 0 on the bias token: how much of its weight is on real tokens.
std::vector<double> weights_on_tokens(const Matrix& raise) {
  std::vector<double> result;
  for (long i = 0; i < raise.rows; ++i) {
    std::vector<double> weights(raise.row(i).begin(), raise.row(i).end());
    softmax(weights);
    result.push_back(std::accumulate(weights.begin(), weights.end() - 1, 0.0));
  }
  return result;
}

void add_multiple(std::span<double> row, double factor, const std::vector<double>& added) {
  for (std::size_t k = 0; k < row.size(); ++k) row[k] += factor * added[k];
}

Matrix first_rows(Matrix x, long rows) {
  x.rows = rows;
  x.values.resize(static_cast<std::size_t>(rows * x.columns));
  return x;
}

// A head of mask {self}, W_V = e_ones, W_O = this row: adds it to real tokens.
Result<std::vector<double>> bias_output_of(const Model& model,
                                           const std::optional<std::string>& name) {
  const long width = model.network.d_model + 2;
  if (!name) return std::vector<double>(static_cast<std::size_t>(width), 0.0);
  ATTNCERT_TRY(Matrix row, read_matrix(model.weights, *name, 1, width));
  return std::move(row.values);
}

Result<StreamUpdate> update_for(const Model& model, const AttentionSublayer& layer) {
  ATTNCERT_TRY(const ReferenceAttention heads, ReferenceAttention::make(layer.shape));
  ATTNCERT_TRY(const ReferenceNorm norm, ReferenceNorm::make(model, layer.norm));
  ATTNCERT_TRY(AttentionWeights weights, attention_weights(model, layer));
  const auto w = std::make_shared<const AttentionWeights>(std::move(weights));
  return StreamUpdate([heads, norm, w](const Matrix& stream) {
    const Matrix x = norm.apply(stream);
    return apply(w->out, heads.mix(apply(w->query, x), apply(w->key, x), apply(w->value, x)));
  });
}

Result<StreamUpdate> update_for(const Model& model, const MlpSublayer& layer) {
  ATTNCERT_TRY(const auto activation, activation_function(layer.activation));
  ATTNCERT_TRY(const ReferenceNorm norm, ReferenceNorm::make(model, layer.norm));
  ATTNCERT_TRY(MlpWeights weights, mlp_weights(model, layer));
  const auto w = std::make_shared<const MlpWeights>(std::move(weights));
  return StreamUpdate([activation, norm, w](const Matrix& stream) {
    const Matrix x = norm.apply(stream);
    Matrix hidden = apply(w->gate ? *w->gate : w->in, x);
    for (double& value : hidden.values) value = activation(value);
    if (w->gate) {
      const Matrix other = apply(w->in, x);
      for (std::size_t i = 0; i < hidden.values.size(); ++i) hidden.values[i] *= other.values[i];
    }
    return apply(w->out, hidden);
  });
}

Result<StreamUpdate> update_for(const Model& model, const LinearSublayer& layer) {
  const long width = model.network.d_model;
  ATTNCERT_TRY(const ReferenceNorm norm, ReferenceNorm::make(model, layer.norm));
  ATTNCERT_TRY(Affine map, read_affine(model.weights, layer.map, layer.layout, width, width));
  const auto w = std::make_shared<const Affine>(std::move(map));
  return StreamUpdate([norm, w](const Matrix& stream) { return apply(*w, norm.apply(stream)); });
}

struct HeadMatrices {
  Matrix query;
  Matrix key;  // of token heads only
  Matrix value;
  Matrix output;
  std::vector<double> bias_output;
  PositionScores positions;
};

Result<StreamUpdate> update_for(const Model& model, const TokenHeads& layer) {
  const long width = model.network.d_model + 2;
  const long inner = layer.shape.n_head * layer.shape.d_head;
  const long shared = layer.shape.n_kv_head * layer.shape.d_head;
  ATTNCERT_TRY(const ReferenceAttention heads, ReferenceAttention::make(layer.shape));
  ATTNCERT_TRY(const ReferenceNorm norm, ReferenceNorm::make(model, layer.norm));
  const auto w = std::make_shared<HeadMatrices>();
  ATTNCERT_TRY(w->query, read_matrix(model.weights, layer.query, inner, width));
  ATTNCERT_TRY(w->key, read_matrix(model.weights, layer.key, shared, width));
  ATTNCERT_TRY(w->value, read_matrix(model.weights, layer.value, shared, width));
  ATTNCERT_TRY(w->output, read_matrix(model.weights, layer.output, inner, width));
  ATTNCERT_TRY(w->bias_output, bias_output_of(model, layer.bias_output));
  ATTNCERT_TRY(w->positions, position_scores(model, layer.masks));
  const auto mix = [heads, w](const Matrix& x, const Matrix* raise) {
    return heads.mix(times_transposed(x, w->query), times_transposed(x, w->key),
                     times_transposed(x, w->value), raise);
  };
  if (!layer.masks) {
    return StreamUpdate([mix, norm, w](const Matrix& stream) {
      Matrix update = times(mix(augmented(norm.apply(stream)), nullptr), w->output);
      add_to_rows(update, w->bias_output);
      return model_part(update);
    });
  }
  return StreamUpdate([mix, norm, w](const Matrix& stream) {
    const Matrix raise = w->positions.of(stream.rows);
    Matrix update = times(mix(with_bias_token(norm.apply(stream)), &raise), w->output);
    const std::vector<double> on_tokens = weights_on_tokens(raise);
    for (long i = 0; i < stream.rows; ++i) {
      add_multiple(update.row(i), on_tokens[static_cast<std::size_t>(i)], w->bias_output);
    }
    return model_part(first_rows(std::move(update), stream.rows));
  });
}

struct NumericScore {
  double slope;
  double shift;
};

struct NumericGate {
  double coefficient = 0;
  std::vector<NumericScore> scores;
};

Result<double> constant_of(const std::string& text) {
  if (!text.starts_with("(")) {
    ATTNCERT_TRY(const Rational number, parse_rational(text));
    return static_cast<double>(number);
  }
  ATTNCERT_TRY(const auto function, activation_function(text));
  return function(0);
}

Result<std::vector<NumericGate>> numeric(const Gates& gates) {
  std::vector<NumericGate> result;
  for (const Gate& gate : gates) {
    NumericGate& numbers = result.emplace_back();
    ATTNCERT_TRY(numbers.coefficient, constant_of(gate.coefficient));
    for (const Score& score : gate.scores) {
      ATTNCERT_TRY(const double slope, constant_of(score.slope));
      ATTNCERT_TRY(const double shift, constant_of(score.shift));
      numbers.scores.push_back({slope, shift});
    }
  }
  return result;
}

// Softmax over self, whose score is 0, and bias tokens, whose values are 0: the weight on self.
double self_weight(const NumericGate& gate, double query) {
  double greatest = 0;
  for (const NumericScore& score : gate.scores) {
    greatest = std::max(greatest, score.slope * query - score.shift);
  }
  const double self = std::exp(-greatest);
  double sum = self;
  for (const NumericScore& score : gate.scores) {
    sum += std::exp(score.slope * query - score.shift - greatest);
  }
  return self / sum;
}

// Softmax over all tokens, whose scores are what positions add, and the bias token.
double mixed_value(const NumericGate& gate, double query, const Matrix& raise, long i,
                   const Matrix& values, long neuron) {
  std::vector<double> weights(raise.row(i).begin(), raise.row(i).end());
  weights.back() += gate.scores.front().slope * query - gate.scores.front().shift;
  softmax(weights);
  double sum = 0;
  for (long j = 0; j < values.rows; ++j) {
    sum += weights[static_cast<std::size_t>(j)] * values.at(j, neuron);
  }
  return gate.coefficient * sum;
}

Result<StreamUpdate> unmasked_update(const std::vector<NumericGate>& gates,
                                     const ReferenceNorm& norm,
                                     const std::shared_ptr<const HeadMatrices>& w) {
  for (const NumericGate& gate : gates) {
    if (gate.scores.size() == 1) continue;
    return fail(ErrorCode::NetworkField, "masks as weights need gates of one score");
  }
  return StreamUpdate([gates, norm, w](const Matrix& stream) {
    const Matrix x = augmented(norm.apply(stream));
    const Matrix raise = w->positions.of(stream.rows);
    const Matrix query = times_transposed(x, w->query);
    const Matrix values = times_transposed(x, w->value);
    Matrix hidden(values.rows, values.columns);
    for (long i = 0; i < hidden.rows; ++i) {
      for (long j = 0; j < hidden.columns; ++j) {
        for (const NumericGate& gate : gates) {
          hidden.at(i, j) += mixed_value(gate, query.at(i, j), raise, i, values, j);
        }
      }
    }
    Matrix update = times(hidden, w->output);
    const std::vector<double> on_tokens = weights_on_tokens(raise);
    for (long i = 0; i < stream.rows; ++i) {
      add_multiple(update.row(i), on_tokens[static_cast<std::size_t>(i)], w->bias_output);
    }
    return model_part(update);
  });
}

Result<StreamUpdate> update_for(const Model& model, const NeuronHeads& layer) {
  const long width = model.network.d_model + 2;
  ATTNCERT_TRY(const std::vector<NumericGate> gates, numeric(layer.gates));
  ATTNCERT_TRY(const ReferenceNorm norm, ReferenceNorm::make(model, layer.norm));
  const auto w = std::make_shared<HeadMatrices>();
  ATTNCERT_TRY(w->query, read_matrix(model.weights, layer.query, layer.neurons, width));
  ATTNCERT_TRY(w->value, read_matrix(model.weights, layer.value, layer.neurons, width));
  ATTNCERT_TRY(w->output, read_matrix(model.weights, layer.output, layer.neurons, width));
  ATTNCERT_TRY(w->bias_output, bias_output_of(model, layer.bias_output));
  ATTNCERT_TRY(w->positions, position_scores(model, layer.masks));
  if (layer.masks) return unmasked_update(gates, norm, w);
  return StreamUpdate([gates, norm, w](const Matrix& stream) {
    const Matrix x = augmented(norm.apply(stream));
    const Matrix query = times_transposed(x, w->query);
    Matrix hidden = times_transposed(x, w->value);
    for (std::size_t i = 0; i < hidden.values.size(); ++i) {
      double sum = 0;
      for (const NumericGate& gate : gates) {
        sum += self_weight(gate, query.values[i]) * (gate.coefficient * hidden.values[i]);
      }
      hidden.values[i] = sum;
    }
    Matrix update = times(hidden, w->output);
    add_to_rows(update, w->bias_output);
    return model_part(update);
  });
}

Result<StreamUpdate> update_for(const Model& model, const SelfHeads& layer) {
  const long width = model.network.d_model + 2;
  ATTNCERT_TRY(const ReferenceNorm norm, ReferenceNorm::make(model, layer.norm));
  ATTNCERT_TRY(Matrix matrix, read_matrix(model.weights, layer.output, width, width));
  const auto output = std::make_shared<const Matrix>(std::move(matrix));
  return StreamUpdate([norm, output](const Matrix& stream) {
    return model_part(times(augmented(norm.apply(stream)), *output));
  });
}

}  // namespace

Result<StreamUpdate> update_of(const Model& model, const Sublayer& sublayer) {
  return std::visit([&model](const auto& layer) { return update_for(model, layer); }, sublayer);
}

}  // namespace attncert
