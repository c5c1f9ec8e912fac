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

  template <class M>
  Enclosure<M> operator()(const Enclosure<M>& query, const Enclosure<M>& key,
                          const Enclosure<M>& value) const {
    const auto exponential = [this](Ball<M> x) { return this->exponential(x); };
    return Enclosure<M>::attention(heads_, ball_cast<M>(scale_), exponential, query, key, value);
  }

private:
  Ball<Wide> exponential(Ball<Wide> x) const;
  Ball<Quad> exponential(Ball<Quad> x) const { return (*exponential_)(x); }

  Heads heads_{};
  Ball<Quad> scale_;
  std::shared_ptr<const FunctionTable> exponential_;
};

}  // namespace attncert::rules
