// Softmax attention of queries, keys and values that a machine computed.
#pragma once

#include "computed_maps.hpp"
#include "function_table.hpp"

namespace attncert::rules {

/// All heads of a sublayer, before the output map.
class ComputedAttention {
public:
  /// Requires mask "causal" or "full", no rotary positions (RoundingUnsupported); at most `context`
  ///          tokens
  static Result<ComputedAttention> make(const Machine& machine, const HeadShape& shape,
                                        long context,
                                        std::shared_ptr<const FunctionTable> exponential);

  /// One more stage of symbols, for the scores.
  Result<Forms> operator()(Symbols& symbols, const Forms& query, const Forms& key,
                           const Forms& value) const;

private:
  struct Softmax {  // over n terms
    double relative = 0;
    double absolute = 0;
    double sum = 0;  // of the sum of weights times values
  };
  struct Bounds;
  struct Scores;
  explicit ComputedAttention(const Machine& machine) : machine_(machine), roundings_(machine) {}
  struct Place {  // of a score: rows of query and key, and where their coordinates begin
    long row;
    long token;
    long first;
    long other;
  };
  Status add_score(const Symbols& symbols, const Place& place, const Forms& query, const Forms& key,
                   const Bounds& bounds, Scores& scores) const;
  Status check_masked(const Bounds& bounds) const;
  Result<Softmax> softmax(const Scores& scores) const;
  Status weights(Scores& scores) const;
  double mix(const Symbols& symbols, const Forms& value, const Bounds& bounds, long row, long other,
             const Scores& scores, Ball<Wide> centre, std::span<float> to, long own) const;
  Status attend(const Symbols& before, const Symbols& symbols, long head, long row,
                const Forms& query, const Forms& key, const Forms& value, const Bounds& bounds,
                Forms& result) const;

  Machine machine_;
  Roundings roundings_;
  HeadShape shape_;
  Ball<Wide> scale_;
  double score_error_ = 0;
  std::vector<Softmax> softmax_;  // by the number of terms
  std::shared_ptr<const FunctionTable> exponential_;
};

}  // namespace attncert::rules
