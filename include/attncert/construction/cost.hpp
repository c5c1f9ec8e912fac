// What sublayers cost: heads, stored numbers, multiply-adds.
#pragma once

#include "attncert/statement/network.hpp"

namespace attncert {

/// parameters: numbers stored for the sublayer, norms aside. multiply_adds: for one token, in a
/// sequence of `context` tokens. The gates of a neuron share its query, value and output.
struct Cost {
  long heads = 0;
  long parameters = 0;
  long multiply_adds = 0;

  Cost& operator+=(const Cost& other);
};

/// Maths    attention: D (q + 2 k + q) + 2 context q, q = n_head d_head, k = n_kv_head d_head;
///          MLP with l neurons: 2 D l (3 D l with a gate); heads likewise, with D + 1 for D where
///          biases are read, and for a neuron's gates one product for each score and each value
Cost cost_of(const Sublayer& sublayer, long d_model, long context);

}  // namespace attncert
