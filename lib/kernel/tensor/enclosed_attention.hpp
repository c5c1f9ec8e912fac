// Softmax attention of enclosed queries, keys and values.
#pragma once

#include "attncert/kernel/weights.hpp"
#include "attncert/tensor/ball.hpp"
#include "function_table.hpp"

namespace attncert::rules {

/// All heads of a sublayer, before the output map.
/// Shapes   query: (n, n_head d_head); key, value: (n, n_kv_head d_head); result like query
class EnclosedAttention {
public:
  /// Requires mask "causal" or "full", no rotary positions (RigorousUnsupported)
  static Result<EnclosedAttention> make(const HeadShape& shape,
                                        std::shared_ptr<const FunctionTable> exponential);

  Enclosure operator()(const Enclosure& query, const Enclosure& key, const Enclosure& value) const;

private:
  std::vector<Ball> weights(const Enclosure& query, const Enclosure& key, long row, long head,
                            long group) const;

  HeadShape shape_;
  Ball scale_;
  std::shared_ptr<const FunctionTable> exponential_;
};

}  // namespace attncert::rules
