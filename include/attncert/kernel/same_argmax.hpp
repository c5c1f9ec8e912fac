// Whether two models provably decode alike.
#pragma once

#include <functional>

#include "attncert/kernel/computed_model.hpp"
#include "attncert/statement/prompts.hpp"

namespace attncert {

/// Greedy decoding of `generate` tokens after a prompt is the same for both models.
/// Maths    for g = 1, ..., generate: the original's output t_g at the last position is strictly the
///          largest, and so is the converted model's; then t_g is appended. By induction both
///          decode t_1, t_2, ...
/// Requires prompt and appended tokens to fit the context (NetworkField)
/// Errors   MarginNotProved, naming model and position; those of RigorousModel
/// Status   trusted
Status same_argmax(const RigorousModel& original, const RigorousModel& converted,
                   const Prompt& prompt, long generate);

/// The same in exact arithmetic and on every machine that computes as the models' evaluations say.
/// Maths    tokens t_1, ..., t_(generate - 1) are guessed, and then proved: after those before it, t_g
///          is strictly the largest of the outputs that each model may compute
/// Ensures  result >= |y - x| for each output x that a machine may compute of the original after the
///          prompt or t_1, ..., t_(generate - 1), and y of the converted model, exact ones among them
/// Errors   MarginNotProved, naming model and position; NetworkField; those of ComputedModel
/// Status   trusted
Result<Rational> same_computed_argmax(const RigorousModel& guess, const ComputedModel& original,
                                      const ComputedModel& converted, const Prompt& prompt,
                                      long generate);

/// Calls work(i) for first <= i < last on so many threads at most, 0 for one on each core, until all
/// is done or work returns false.
/// Requires work that may be called from several threads
void for_each_in_parallel(long first, long last, unsigned threads,
                          const std::function<bool(long)>& work);

}  // namespace attncert
