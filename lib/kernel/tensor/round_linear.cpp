// Rule round-linear: what computing a linear map, or the head that stands for it, rounds.
#include <algorithm>
#include <cmath>

#include "../rules.hpp"
#include "rounded_map.hpp"

namespace attncert::rules {
namespace {

// What a head of mask {self} and W_V = 1 hands on: the row, times 0 and 1 and added up, then times
// the softmax weight of a single token. The column of ones goes the same way.
Result<NormedRow> through_head(const Machine& machine, NormedRow row) {
  ATTNCERT_CHECK(machine.check_masked(Upper(), Upper()));
  ATTNCERT_TRY(const SoftmaxError alone, machine.softmax(1, true, Upper(), Upper::of(1.0)));
  const Upper copied = compound(machine.accumulate, machine.compute);
  row.relative = compound(row.relative, copied, alone.relative + alone.absolute, copied);
  row.tiny = (Upper::of(1.0) + row.relative) * (row.tiny + Upper::of(2L) * machine.accumulate_tiny +
                                                Upper::of(2L) * machine.compute_tiny);
  ATTNCERT_CHECK(machine.check_size(
      row.largest * (Upper::of(1.0) + row.relative) + row.tiny * Upper::of(2L), "a head's value"));
  return row;
}

// output is [[M, 0], [b, 0], [., .]]; the last row's input, the column of bias tokens, is 0.
Result<StoredMap> map_of_heads(const Machine& machine, const Model& model, const SelfHeads& heads) {
  const long width = model.network.d_model;
  ATTNCERT_TRY(const Matrix all, read_matrix(model.weights, heads.output, width + 2, width + 2));
  StoredMap stored{{Matrix(width + 2, width), {}}, true, true};
  ATTNCERT_TRY(stored.exact, machine.stores(model.weights, heads.output, all.values));
  for (long k = 0; k < width + 2; ++k) {
    for (long i = 0; i < width; ++i) stored.map.weight.at(k, i) = all.at(i, k);
    stored.map.bias.push_back(all.at(width, k));
  }
  return stored;
}

Result<RoundingBound> largest_of(const RoundedRows& rows) {
  Upper error;
  Upper size;
  for (std::size_t k = 0; k < rows.size.size(); ++k) {
    error = max(error, rows.error[k]);
    size = max(size, rows.size[k]);
  }
  if (!std::isfinite(error.value()) || !std::isfinite(size.value())) {
    return fail(ErrorCode::EnclosureUnbounded, "the weights overflow fp64 sums");
  }
  return RoundingBound{Rational(error.value()), Rational(size.value()), 0};
}

}  // namespace

Status round_linear(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const Rounding* goal, conclusion_as<Rounding>(step));
  ATTNCERT_TRY(const Model* model, goal->converted ? context.converted() : context.original());
  ATTNCERT_TRY(const RoundingBound bound, linear_rounding(*model, goal->converted, goal->layer,
                                                          goal->inputs, goal->evaluation));
  if (bound.error <= goal->epsilon) return ok();
  return fail(ErrorCode::BoundExceeded,
              "rounding may move an output coordinate of " + goal->layer + " by more than stated");
}

}  // namespace attncert::rules

namespace attncert {

Result<RoundingBound> linear_rounding(const Model& model, bool converted, const std::string& layer,
                                      const Inputs& inputs, const Evaluation& evaluation) {
  using namespace rules;
  const Machine machine(evaluation);
  if (converted) {
    ATTNCERT_TRY(const SelfHeads* heads, sublayer_named<SelfHeads>(model.network, layer));
    ATTNCERT_TRY(NormedRow row, normed_row(machine, model, heads->norm, inputs));
    ATTNCERT_TRY(row, through_head(machine, std::move(row)));
    ATTNCERT_TRY(const StoredMap map, map_of_heads(machine, model, *heads));
    ATTNCERT_TRY(const RoundedRows rows, rounded_rows(machine, row, map));
    return largest_of(rows);
  }
  ATTNCERT_TRY(const LinearSublayer* linear, sublayer_named<LinearSublayer>(model.network, layer));
  const long width = model.network.d_model;
  ATTNCERT_TRY(const NormedRow row, normed_row(machine, model, linear->norm, inputs));
  ATTNCERT_TRY(Affine affine,
               read_affine(model.weights, linear->map, linear->layout, width, width));
  ATTNCERT_TRY(const StoredMap map, stored_map(machine, model, linear->map, std::move(affine)));
  ATTNCERT_TRY(const RoundedRows rows, rounded_rows(machine, row, map));
  return largest_of(rows);
}

}  // namespace attncert
