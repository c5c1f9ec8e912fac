// Shared by the tests of rules: steps in few words.
#pragma once

#include "attncert/kernel/kernel.hpp"
#include "unit/support.hpp"

namespace attncert::testing {

/// [lower, upper]; "-inf" and "inf" for infinite ends.
inline Domain domain(std::string_view lower, std::string_view upper) {
  Domain result;
  if (lower != "-inf") result.lower = real(lower);
  if (upper != "inf") result.upper = real(upper);
  return result;
}

inline Step structural(Rule rule, Judgement conclusion) {
  Step step;
  step.rule = rule;
  step.conclusion = std::move(conclusion);
  return step;
}

inline Step computing(Rule rule, Judgement conclusion, long precision = 96) {
  Step step = structural(rule, std::move(conclusion));
  step.precision = precision;
  return step;
}

inline Step taylor_step(Judgement conclusion, long order, const Rational& centre,
                        long precision = 96) {
  Step step = computing(Rule::taylor, std::move(conclusion), precision);
  step.order = order;
  step.centre = centre;
  return step;
}

inline Step mean_value_step(Judgement conclusion, const Rational& centre, long precision = 96) {
  Step step = computing(Rule::mean_value, std::move(conclusion), precision);
  step.centre = centre;
  return step;
}

/// What the rule says of a step without subjects.
inline std::string checked(const Step& step, const std::vector<Judgement>& premises = {}) {
  Context context(Subjects{});
  return outcome(check_step(context, step, premises));
}

}  // namespace attncert::testing
