#include "attncert/model/approximate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace attncert {

ApproxEvaluator::ApproxEvaluator(const Program& program, NodeIndex root) {
  for (NodeIndex i = 0; i <= root; ++i) {
    const Node& n = program[i];
    operations_.push_back({n.op, n.a, n.b, n.exponent, static_cast<double>(n.constant)});
  }
  values_.resize(operations_.size());
}

double ApproxEvaluator::operator()(double x) const {
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const Operation& n = operations_[i];
    const double a = values_[n.a];
    const double b = values_[n.b];
    double& result = values_[i];
    switch (n.op) {
      case Op::constant: result = n.constant; break;
      case Op::pi: result = std::numbers::pi; break;
      case Op::variable: result = x; break;
      case Op::add: result = a + b; break;
      case Op::sub: result = a - b; break;
      case Op::mul: result = a * b; break;
      case Op::div: result = a / b; break;
      case Op::neg: result = -a; break;
      case Op::fabs: result = std::fabs(a); break;
      case Op::fmax: result = std::max(a, b); break;
      case Op::fmin: result = std::min(a, b); break;
      case Op::sqrt: result = std::sqrt(a); break;
      case Op::exp: result = std::exp(a); break;
      case Op::log: result = std::log(a); break;
      case Op::tanh: result = std::tanh(a); break;
      case Op::erf: result = std::erf(a); break;
      case Op::erfc: result = std::erfc(a); break;
      case Op::pow: result = std::pow(a, n.exponent); break;
    }
  }
  return values_.back();
}

}  // namespace attncert
