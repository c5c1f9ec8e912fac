#include "raised_scores.hpp"

#include "same.hpp"

namespace attncert::rules {
namespace {

// The head of the output bias where masks are weights: how far the mean of its values is off.
Result<Upper> raised_bias_error(const Machine& machine, const RaisedScores& raised) {
  const Upper one = Upper::of(1.0);
  const Upper relative = compound(raised.relative, machine.accumulate, machine.accumulate,
                                  machine.compute, machine.compute, machine.compute);
  Upper score = relative * raised.omega +
                (one + relative) * (raised.tiny + Upper::of(2L) * machine.accumulate_tiny +
                                    Upper::of(3L) * machine.compute_tiny);
  const Upper reach = raised.omega + score;
  ATTNCERT_CHECK(machine.check_size(reach, "a raised score"));
  if (machine.evaluation().max_subtraction) {
    score = score + Upper::of(2L) * machine.compute * reach + machine.compute_tiny;
  }
  ATTNCERT_TRY(const SoftmaxError softmax, machine.softmax(raised.tokens, false, reach, one));
  ATTNCERT_TRY(const Upper added, machine.sum(raised.tokens));
  const Upper off = softmax.relative + softmax.absolute;
  const Upper mean = compound(added, machine.compute);
  return min(one, Upper::of(0.5) * score) + off + mean * (one + off) +
         (one + mean) *
             (Upper::of(2 * raised.tokens) * machine.accumulate_tiny + machine.compute_tiny);
}

}  // namespace

Result<RaisedScores> raised_scores(const Machine& machine, const Model& model,
                                   const MaskWeights& masks) {
  const auto context = context_of(model.network);
  if (!context) {
    return fail(ErrorCode::LayerFactsMismatch,
                "masks as weights need a network with a context, of so many tokens at most");
  }
  RaisedScores raised;
  raised.tokens = *context + 1;
  ATTNCERT_TRY(const Matrix stored,
               read_matrix(model.weights, masks.query, raised.tokens, raised.tokens));
  ATTNCERT_TRY(const bool exact, machine.stores(model.weights, masks.query, stored.values));
  if (!exact) {
    raised.relative = machine.storage;
    raised.tiny = machine.storage_tiny;
  }
  for (const double number : stored.values) raised.omega = max(raised.omega, Upper::of(number));
  return raised;
}

Status check_bias_column(const Model& model, const std::string& name, long rows) {
  const long last = model.network.d_model + 1;
  ATTNCERT_TRY(const Matrix stored, read_matrix(model.weights, name, rows, last + 1));
  for (long r = 0; r < rows; ++r) {
    if (stored.at(r, last) != 0) return mismatch(name, r, last);
  }
  return ok();
}

Result<Upper> bias_error(const Machine& machine, const std::optional<RaisedScores>& raised) {
  if (raised) return raised_bias_error(machine, *raised);
  ATTNCERT_TRY(const SoftmaxError alone, machine.softmax(1, true, Upper(), Upper::of(1.0)));
  return compound(alone.relative + alone.absolute, machine.accumulate, machine.compute);
}

}  // namespace attncert::rules
