#include "attncert/kernel/computed_model.hpp"

#include <algorithm>

#include "bias_token.hpp"
#include "computed_sublayers.hpp"

namespace attncert {

struct ComputedModel::Parts {
  explicit Parts(const rules::Machine& machine) : roundings(machine) {}

  rules::Roundings roundings;
  TokenInput input;
  long width = 0;
  bool causal = true;
  bool first_row_only = false;
  Matrix tokens;
  Matrix positions;
  std::vector<rules::ComputedUpdate> updates;
  std::optional<rules::ComputedNorm> final_norm;
  std::optional<rules::ComputedMap> unembedding;

  Status read_input(const rules::Machine& machine, const Model& model);
  Status read_output(const rules::Machine& machine, const Model& model);
  rules::Forms stream_of(const std::vector<long>& tokens) const;
};

namespace {

Status check_stored(bool stored, const std::string& name) {
  if (stored) return ok();
  return fail(ErrorCode::RoundingUnsupported,
              "numbers of '" + name + "' are not of the format of storage");
}

bool sees_all(const Sublayer& sublayer) {
  const auto* attention = std::get_if<AttentionSublayer>(&sublayer);
  const auto* heads = std::get_if<TokenHeads>(&sublayer);
  return (attention != nullptr && attention->shape.mask != "causal") ||
         (heads != nullptr && heads->shape.mask != "causal");
}

Status check_input(const Network& network) {
  if (std::holds_alternative<TokenInput>(network.input)) return ok();
  return fail(ErrorCode::NetworkField, "the network reads rows of numbers, not tokens");
}

// The output that is the largest for all values of the symbols, or -1.
long winner_of(const rules::Forms& x, long row) {
  const auto mid = x.centre.mid(row);
  const auto winner = std::max_element(mid.begin(), mid.end()) - mid.begin();
  const Panel& terms = x.terms[static_cast<std::size_t>(row)];
  const auto most = terms.row(winner);
  for (long k = 0; k < x.columns(); ++k) {
    double apart = x.rest.at(row, winner) + x.rest.at(row, k);
    const auto other = terms.row(k);
    for (std::size_t m = 0; m < other.size(); ++m) {
      apart += std::fabs(static_cast<double>(most[m]) - static_cast<double>(other[m]));
    }
    const auto margin = static_cast<double>(x.centre.at(row, winner).mid - x.centre.at(row, k).mid);
    if (k != winner && !(margin > rules::raised(apart + 0x1p-50 * std::fabs(margin)))) return -1;
  }
  return winner;
}

Result<ComputedOutputs> outputs_of(const rules::Forms& x, long begin, long end) {
  ComputedOutputs result{Enclosure<Wide>(end - begin, x.columns()), {}};
  for (long i = begin; i < end; ++i) {
    const rules::RowBounds bounds = rules::bounds_of(x, i);
    for (long k = 0; k < x.columns(); ++k) {
      const auto at = static_cast<std::size_t>(k);
      const double rad = rules::raised(bounds.spread[at] + bounds.rest[at]);
      if (!std::isfinite(rad)) {
        return fail(ErrorCode::EnclosureUnbounded, "nothing is known of some outputs");
      }
      result.outputs.set(i - begin, k, {x.centre.at(i, k).mid, rad});
    }
    result.winners.push_back(winner_of(x, i));
  }
  return result;
}

}  // namespace

Status ComputedModel::Parts::read_input(const rules::Machine& machine, const Model& model) {
  const TensorFile& file = model.weights;
  input = std::get<TokenInput>(model.network.input);
  width = model.network.d_model;
  ATTNCERT_TRY(tokens, read_matrix(file, input.token, input.vocab, width));
  ATTNCERT_TRY(const bool stored, machine.stores(file, input.token, tokens.values));
  ATTNCERT_CHECK(check_stored(stored, input.token));
  if (!input.position) return ok();
  ATTNCERT_TRY(positions, read_matrix(file, *input.position, input.n_ctx, width));
  ATTNCERT_TRY(const bool also, machine.stores(file, *input.position, positions.values));
  return check_stored(also, *input.position);
}

Status ComputedModel::Parts::read_output(const rules::Machine& machine, const Model& model) {
  const Network& network = model.network;
  if (network.final_norm) {
    ATTNCERT_TRY(final_norm, rules::ComputedNorm::make(machine, model, *network.final_norm));
  }
  if (!network.unembedding) return ok();
  const Unembedding& end = *network.unembedding;
  ATTNCERT_TRY(Affine map, read_affine(model.weights, end.map, end.layout, end.outputs, width));
  ATTNCERT_TRY(unembedding, rules::ComputedMap::make(machine, model.weights, end.map.weight,
                                                     std::move(map), width + 1));
  return ok();
}

Result<ComputedModel> ComputedModel::make(const Model& model, const Evaluation& evaluation) {
  ATTNCERT_CHECK(check_input(model.network));
  ATTNCERT_CHECK(rules::check_bias_token(model));
  const rules::Machine machine(evaluation);
  auto parts = std::make_shared<Parts>(machine);
  ATTNCERT_CHECK(parts->read_input(machine, model));
  parts->first_row_only = model.network.first_row_only;
  rules::FunctionTables tables;
  for (const Sublayer& sublayer : model.network.sublayers) {
    ATTNCERT_TRY(rules::ComputedUpdate update,
                 rules::computed_update(machine, model, sublayer, parts->input.n_ctx, tables));
    parts->updates.push_back(std::move(update));
    parts->causal = parts->causal && !sees_all(sublayer);
  }
  ATTNCERT_CHECK(parts->read_output(machine, model));
  return ComputedModel(std::move(parts));
}

bool ComputedModel::is_causal() const { return parts_->causal && !parts_->first_row_only; }

// Token plus position, rounded.
rules::Forms ComputedModel::Parts::stream_of(const std::vector<long>& ids) const {
  const auto rows = static_cast<long>(ids.size());
  rules::Forms stream{Enclosure<Wide>(rows, width), {}, Matrix(rows, width)};
  for (long i = 0; i < rows; ++i) {
    stream.terms.emplace_back(width, 0);
    for (long k = 0; k < width; ++k) {
      const Ball<Wide> token{tokens.at(ids[static_cast<std::size_t>(i)], k), 0};
      const Ball<Wide> sum = token + Ball<Wide>{input.position ? positions.at(i, k) : 0.0, 0};
      stream.centre.set(i, k, sum);
      stream.rest.at(i, k) =
          input.position ? rules::raised(roundings.unit * magnitude(sum.mid) + roundings.tiny) : 0;
    }
  }
  rules::absorb(stream.centre, stream.rest);
  return stream;
}

Result<ComputedOutputs> ComputedModel::run_tokens(const std::vector<long>& tokens,
                                                  long first) const {
  const Parts& parts = *parts_;
  const auto rows = static_cast<long>(tokens.size());
  const bool known = std::all_of(tokens.begin(), tokens.end(), [&](long token) {
    return token >= 0 && token < parts.input.vocab;
  });
  if (!known || rows < 1 || rows > parts.input.n_ctx || first < 0 || first >= rows) {
    return fail(
        ErrorCode::NetworkField,
        "a prompt needs 1 to " + std::to_string(parts.input.n_ctx) + " tokens of the vocabulary");
  }
  rules::Symbols symbols(rows, parts.causal);
  rules::Forms stream = parts.stream_of(tokens);
  rules::symbolise(symbols, stream);
  for (const rules::ComputedUpdate& update : parts.updates) {
    ATTNCERT_TRY(rules::Forms added, update(symbols, stream));
    ATTNCERT_TRY(stream, rules::computed_sum(parts.roundings, stream, std::move(added)));
    rules::symbolise(symbols, stream);
  }
  if (parts.final_norm) {
    ATTNCERT_TRY(stream, (*parts.final_norm)(symbols, std::move(stream)));
  }
  if (parts.unembedding) {
    ATTNCERT_TRY(stream, (*parts.unembedding)(stream));
  }
  return parts.first_row_only ? outputs_of(stream, 0, 1) : outputs_of(stream, first, rows);
}

}  // namespace attncert
