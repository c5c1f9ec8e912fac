// Rules argmax and shard-union: the same most likely tokens, prompt by prompt.
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "../rules.hpp"
#include "attncert/kernel/same_argmax.hpp"

namespace attncert {
namespace {

// The output of a row that is strictly the largest for all numbers enclosed, or -1.
long strict_winner(const Enclosure<Wide>& outputs, long row) {
  long winner = 0;
  for (long k = 1; k < outputs.columns(); ++k) {
    if (outputs.at(row, k).mid > outputs.at(row, winner).mid) winner = k;
  }
  const Ball<Wide> most = outputs.at(row, winner);
  for (long k = 0; k < outputs.columns(); ++k) {
    const Ball<Wide> margin = most - outputs.at(row, k);
    if (k != winner && !(margin.mid > margin.rad)) return -1;
  }
  return winner;
}

bool every_row_has_one(const Enclosure<Wide>& outputs) {
  for (long i = 0; i < outputs.rows(); ++i) {
    if (strict_winner(outputs, i) < 0) return false;
  }
  return true;
}

Error unproved(const char* model, std::size_t position) {
  return fail(ErrorCode::MarginNotProved, "at position " + std::to_string(position) + " the " +
                                              model +
                                              " model's largest output is not proved to be "
                                              "the largest, or not the same");
}

// The largest output of the last position, by midpoints.
Result<long> guessed_next(const RigorousModel& model, const Prompt& tokens) {
  const auto last = static_cast<long>(tokens.size()) - 1;
  ATTNCERT_TRY(const auto outputs, model.run_tokens(tokens, last));
  const auto mid = outputs.mid(0);
  return static_cast<long>(std::max_element(mid.begin(), mid.end()) - mid.begin());
}

// What is computed at each position from `first` on: one row for each.
Result<ComputedOutputs> outputs_from(const ComputedModel& model, const Prompt& tokens, long first) {
  if (model.is_causal()) return model.run_tokens(tokens, first);
  const auto rows = static_cast<long>(tokens.size()) - first;
  ComputedOutputs all;
  for (long i = 0; i < rows; ++i) {
    const Prompt prefix(tokens.begin(), tokens.begin() + first + 1 + i);
    ATTNCERT_TRY(const ComputedOutputs outputs,
                 model.run_tokens(prefix, static_cast<long>(prefix.size()) - 1));
    const long last = outputs.outputs.rows() - 1;
    if (i == 0) all.outputs = Enclosure<Wide>(rows, outputs.outputs.columns());
    for (long k = 0; k < all.outputs.columns(); ++k) {
      all.outputs.set(i, k, outputs.outputs.at(last, k));
    }
    all.winners.push_back(outputs.winners.back());
  }
  return all;
}

// How far numbers of one enclosure may be from those of the other, entry by entry.
double greatest_difference(const Enclosure<Wide>& a, const Enclosure<Wide>& b) {
  double greatest = 0;
  for (long i = 0; i < a.rows(); ++i) {
    for (long k = 0; k < a.columns(); ++k) {
      const Ball<Wide> apart = a.at(i, k) - b.at(i, k);
      const double bound = rounded_up(magnitude(apart.mid) + apart.rad);
      if (std::isnan(bound)) return INFINITY;
      greatest = std::max(greatest, bound);
    }
  }
  return greatest;
}

}  // namespace

Result<Rational> same_computed_argmax(const RigorousModel& guess, const ComputedModel& original,
                                      const ComputedModel& converted, const Prompt& prompt,
                                      long generate) {
  Prompt tokens = prompt;
  for (long g = 1; g < generate; ++g) {
    ATTNCERT_TRY(const long next, guessed_next(guess, tokens));
    tokens.push_back(next);
  }
  const auto first = static_cast<long>(prompt.size()) - 1;
  ATTNCERT_TRY(const ComputedOutputs before, outputs_from(original, tokens, first));
  ATTNCERT_TRY(const ComputedOutputs after, outputs_from(converted, tokens, first));
  for (std::size_t g = 0; g < before.winners.size(); ++g) {
    const std::size_t position = prompt.size() - 1 + g;
    const long winner = before.winners[g];
    const bool guessed = position + 1 == tokens.size() || winner == tokens[position + 1];
    if (winner < 0 || !guessed) return unproved("original", position);
    if (after.winners[g] != winner) return unproved("converted", position);
  }
  if (before.outputs.columns() != after.outputs.columns()) {
    return fail(ErrorCode::NetworkField, "the two networks have different numbers of outputs");
  }
  const double difference = greatest_difference(before.outputs, after.outputs);
  if (std::isfinite(difference)) return Rational(difference);
  return fail(ErrorCode::EnclosureUnbounded, "nothing is known of some outputs");
}

Status same_argmax(const RigorousModel& original, const RigorousModel& converted,
                   const Prompt& prompt, long generate) {
  Prompt tokens = prompt;
  std::vector<long> winners;
  for (long g = 0; g < generate; ++g) {
    const auto last = static_cast<long>(tokens.size()) - 1;
    ATTNCERT_TRY(const auto outputs, original.run_tokens(tokens, last, every_row_has_one));
    winners.push_back(strict_winner(outputs, 0));
    if (winners.back() < 0) return unproved("original", tokens.size() - 1);
    if (!converted.is_causal()) {
      ATTNCERT_TRY(const auto others, converted.run_tokens(tokens, last, every_row_has_one));
      if (strict_winner(others, 0) != winners.back())
        return unproved("converted", tokens.size() - 1);
    }
    if (g + 1 < generate) tokens.push_back(winners.back());
  }
  if (!converted.is_causal()) return ok();
  const auto first = static_cast<long>(prompt.size()) - 1;
  ATTNCERT_TRY(const auto outputs, converted.run_tokens(tokens, first, every_row_has_one));
  for (long g = 0; g < generate; ++g) {
    if (strict_winner(outputs, g) != winners[static_cast<std::size_t>(g)]) {
      return unproved("converted", prompt.size() - 1 + static_cast<std::size_t>(g));
    }
  }
  return ok();
}

void for_each_in_parallel(long first, long last, unsigned threads,
                          const std::function<bool(long)>& work) {
  using Range = tbb::blocked_range<long>;
  // no cancellation from outside may pass for work done
  tbb::task_group_context group(tbb::task_group_context::isolated);
  const auto some = [&](const Range& range) {
    for (long i = range.begin(); i != range.end(); ++i) {
      if (group.is_group_execution_cancelled()) return;
      if (!work(i)) group.cancel_group_execution();
    }
  };
  tbb::task_arena arena(threads > 0 ? static_cast<int>(threads) : tbb::task_arena::automatic);
  arena.execute(
      [&] { tbb::parallel_for(Range(first, last, 1), some, tbb::simple_partitioner(), group); });
}

namespace rules {
namespace {

using PromptCheck = std::function<Status(const Prompt&)>;

Error not_that_close() {
  return fail(ErrorCode::BoundExceeded, "computed outputs may be further apart than stated");
}

// What a shard says of a single prompt.
Result<PromptCheck> check_of(Context& context, const ArgmaxShard& goal) {
  ATTNCERT_TRY(const RigorousModel* original, context.rigorous_original());
  ATTNCERT_TRY(const RigorousModel* converted, context.rigorous_converted());
  const long generate = goal.generate;
  if (!goal.evaluation) {
    if (goal.difference) return not_that_close();
    return PromptCheck(
        [=](const Prompt& prompt) { return same_argmax(*original, *converted, prompt, generate); });
  }
  ATTNCERT_TRY(const ComputedModel* before, context.computed_original(*goal.evaluation));
  ATTNCERT_TRY(const ComputedModel* after, context.computed_converted(*goal.evaluation));
  return PromptCheck([=, stated = goal.difference](const Prompt& prompt) -> Status {
    ATTNCERT_TRY(const Rational certified,
                 same_computed_argmax(*original, *before, *after, prompt, generate));
    return !stated || certified <= *stated ? ok() : Status(not_that_close());
  });
}

}  // namespace

Status argmax(Context& context, const Step& step, const Premises& premises) {
  if (!premises.empty()) return premise_count();
  ATTNCERT_TRY(const ArgmaxShard* goal, conclusion_as<ArgmaxShard>(step));
  ATTNCERT_TRY(const Prompts* prompts, context.prompts());
  const auto count = static_cast<long>(prompts->prompts.size());
  if (goal->first < 0 || goal->first >= goal->last || goal->last > count || goal->generate < 1) {
    return fail(ErrorCode::ShardsNotCovering,
                "the shard is empty or no part of the " + std::to_string(count) + " prompts");
  }
  ATTNCERT_TRY(const PromptCheck check, check_of(context, *goal));
  std::mutex guard;
  Status result = ok();
  for_each_in_parallel(goal->first, goal->last, 0, [&](long i) {
    if (std::binary_search(goal->except.begin(), goal->except.end(), i)) return true;
    const Status one = check(prompts->prompts[static_cast<std::size_t>(i)]);
    if (one) return true;
    const std::lock_guard<std::mutex> lock(guard);
    result = fail(one.error().code, "prompt " + std::to_string(i) + ": " + one.error().message);
    return false;
  });
  return result;
}

Status shard_union(Context& context, const Step& step, const Premises& premises) {
  ATTNCERT_TRY(const SameArgmax* goal, conclusion_as<SameArgmax>(step));
  ATTNCERT_TRY(const Model* original, context.original());
  ATTNCERT_TRY(const Model* converted, context.converted());
  ATTNCERT_TRY(const Prompts* prompts, context.prompts());
  if (goal->original != original->hashes || goal->converted != converted->hashes ||
      goal->prompts != prompts->sha256) {
    return fail(ErrorCode::SubjectMismatch, "the conclusion is about other files");
  }
  long next = 0;
  std::vector<long> except;
  for (std::size_t i = 0; i < premises.size(); ++i) {
    ATTNCERT_TRY(const ArgmaxShard* shard, premise_as<ArgmaxShard>(premises, i));
    if (shard->first != next || shard->generate != goal->generate ||
        shard->evaluation != goal->evaluation) {
      break;
    }
    if (goal->difference && !(shard->difference && *shard->difference <= *goal->difference)) {
      return fail(ErrorCode::PremiseTooWeak,
                  "the shard from prompt " + std::to_string(next) +
                      " on states no difference, or a larger one than the conclusion");
    }
    next = shard->last;
    except.insert(except.end(), shard->except.begin(), shard->except.end());
  }
  const bool all = next == goal->count && next == static_cast<long>(prompts->prompts.size());
  if (all && except == goal->except) return ok();
  return fail(ErrorCode::ShardsNotCovering,
              "the shards are not all prompts, in order, with the exceptions stated");
}

}  // namespace rules
}  // namespace attncert
