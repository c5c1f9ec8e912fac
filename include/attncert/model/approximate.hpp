// Fast, unproved evaluation in double: for search only; nothing here reaches a certificate.
#pragma once

#include <vector>

#include "attncert/expression/term.hpp"

namespace attncert {

/// Evaluates a program in double, node by node; NaN where it is undefined.
/// Status   approx
class ApproxEvaluator {
public:
  ApproxEvaluator(const Program& program, NodeIndex root);
  double operator()(double x) const;

private:
  struct Operation {
    Op op;
    NodeIndex a;
    NodeIndex b;
    int exponent;
    double constant;
  };
  std::vector<Operation> operations_;
  mutable std::vector<double> values_;
};

}  // namespace attncert
