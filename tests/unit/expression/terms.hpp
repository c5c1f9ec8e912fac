// Shared by the tests of terms: functions by their texts, and the zoo.
#pragma once

#include <array>

#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"
#include "unit/support.hpp"

namespace attncert::testing {

constexpr std::array<std::string_view, 13> kZooAndScaled{
    "relu", "silu",     "gelu", "gelu_tanh", "quick_gelu", "sigmoid",     "tanh",
    "mish", "softplus", "elu",  "silu:k=30", "silu:k=-2",  "silu:k=1.702"};

/// A function alone in its program.
struct Function {
  ProgramBuilder builder;
  NodeIndex root = 0;

  explicit Function(std::string_view text) {
    const auto read = read_function(text, builder);
    REQUIRE_MESSAGE(read, std::string(text));
    root = read.value();
  }
  const Program& program() const { return builder.program(); }
  Result<Interval> at(const Rational& x, Precision precision) const {
    return evaluate(program(), root, enclose(x, precision), precision);
  }
  Result<Interval> over(const Interval& x, Precision precision) const {
    return evaluate(program(), root, x, precision);
  }
};

}  // namespace attncert::testing
