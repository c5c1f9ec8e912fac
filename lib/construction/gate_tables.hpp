// The best gates known for GELU and its tanh form (private to the module).
#pragma once

#include <string_view>

#include "attncert/core/rational.hpp"

namespace attncert {

constexpr int kTableHeads = 8;

struct TableRow {
  std::string_view function;
  int heads;
  std::string_view bound;  // certified: sup |function - x S(x)| over all reals, rounded up
  std::string_view gates;  // JSON
};

/// The best row of at most so many heads; nullptr for other functions, and above kTableHeads.
const TableRow* find_table(std::string_view function, int heads);

/// W(1/e) = sup |relu(x) - x sigmoid(x)|, rounded up; W is Lambert's function.
extern const Rational kReluConstant;

}  // namespace attncert
