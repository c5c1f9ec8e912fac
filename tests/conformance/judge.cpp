#include "judge.hpp"

#include <algorithm>
#include <limits>

namespace attncert::conformance {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Bounds kNoSet{kNan, kNan};

// What a result claims, as a set, so that one rule judges all results: a bound claims a half line,
// a truth value or a middle only itself.
Bounds claim(const std::string& operation, const Value& value) {
  if (const auto* set = std::get_if<Bounds>(&value)) return *set;
  if (const auto* truth = std::get_if<bool>(&value)) return {double(*truth), double(*truth)};
  const double number = std::get<double>(value);
  if (operation == "inf") return {number, kInfinity};
  if (operation == "mid") return {number, number};
  return {-kInfinity, number};
}

bool is_real_or_set(const Value& operand) {
  if (const auto* set = std::get_if<Bounds>(&operand)) return !is_empty(*set);
  return std::isfinite(std::get<double>(operand));
}

bool is_bounded_set(const Value& operand) {
  const auto& set = std::get<Bounds>(operand);
  return std::isfinite(set.lower) && std::isfinite(set.upper);
}

bool is_applicable(const Statement& statement) {
  const auto& operands = statement.operands;
  if (!std::all_of(operands.begin(), operands.end(), is_real_or_set)) return false;
  // An unbounded set has no middle; the standard names one by convention.
  return statement.operation != "mid" || is_bounded_set(operands.front());
}

}  // namespace

Outcome judged(const Operation& operation, const Statement& statement) {
  if (!is_applicable(statement)) return {Verdict::not_applicable, kNoSet, kNoSet};
  if (statement.results.size() != 1) throw std::invalid_argument("number of results");
  const Value value = operation.call(statement.operands);
  const Value& stated = statement.results.front();
  if (value.index() != stated.index()) throw std::invalid_argument("kind of result");
  const Bounds result = claim(operation.name, value);
  const Bounds expected = claim(operation.name, stated);
  return {judge(result, expected), result, expected};
}

}  // namespace attncert::conformance
