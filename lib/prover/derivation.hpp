// Puts steps together (private to the module).
#pragma once

#include "attncert/prover/document.hpp"

namespace attncert {

/// Numbers steps as they come.
class Derivation {
public:
  long add(Step step) {
    step.number = static_cast<long>(steps_.size()) + 1;
    steps_.push_back(std::move(step));
    return steps_.back().number;
  }
  long add(Rule rule, Judgement conclusion, std::vector<long> premises = {}, long precision = 0,
           std::vector<long> keep = {}) {
    Step step;
    step.rule = rule;
    step.premises = std::move(premises);
    step.keep = std::move(keep);
    step.precision = precision;
    step.conclusion = std::move(conclusion);
    return add(std::move(step));
  }
  long size() const { return static_cast<long>(steps_.size()); }
  const Judgement& conclusion(long number) const {
    return steps_[static_cast<std::size_t>(number) - 1].conclusion;
  }
  Certificate finish(long end) && {
    Judgement claim = conclusion(end);
    return {std::move(claim), {}, std::move(steps_), end};
  }

private:
  std::vector<Step> steps_;
};

}  // namespace attncert
