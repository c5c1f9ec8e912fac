// Test statements in the Interval Test Language of ITF1788.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace attncert::conformance {

/// A closed set of reals between two doubles or infinities; both bounds are NaN when it is empty.
struct Bounds {
  double lower;
  double upper;
};

/// What is neither a set, a number nor a truth value: an overlap state, a decoration, a text.
struct Word {
  std::string text;
};

using Value = std::variant<Bounds, double, bool, Word>;

/// `operation operand ... = result ... ;`
struct Statement {
  std::string operation;
  std::vector<Value> operands;
  std::vector<Value> results;
  int line;
  bool is_bare;  // without decorations, NaI and signals
};

/// A file that is not what it should be; says where.
struct SyntaxError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads every statement of a file. A hexadecimal number must be a double exactly; a decimal one
/// stands for the nearest double, as in the C++ tests these files were converted from.
/// Requires the whole file to be well-formed; otherwise SyntaxError
std::vector<Statement> read_statements(const std::filesystem::path& file);

}  // namespace attncert::conformance
