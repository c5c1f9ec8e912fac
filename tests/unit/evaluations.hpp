// Evaluations in few words.
#pragma once

#include "attncert/statement/evaluation.hpp"

namespace attncert::testing {

/// Weights and operations in one format, sums in another.
inline Evaluation evaluation(const std::string& compute, const std::string& accumulate,
                             const std::string& order = "any",
                             Underflow underflow = Underflow::gradual) {
  Evaluation result;
  result.storage = format_named(compute).value();
  result.compute = result.storage;
  result.accumulate = format_named(accumulate).value();
  result.summation = summation_named(order).value();
  result.underflow = underflow;
  return result;
}

/// All in one format, sums in any order.
inline Evaluation evaluation_in(const std::string& format) { return evaluation(format, format); }

}  // namespace attncert::testing
