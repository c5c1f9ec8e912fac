// One step of a derivation, as a kernel sees it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "attncert/statement/judgement.hpp"

namespace attncert {

/// The rules, in the order of docs/rules.md; their names in certificates are name_of's.
enum class Rule {
  enclose,
  mean_value,
  taylor,
  well_defined,
  tail,
  divergence,
  value,
  witness,
  cover,
  even,
  scale,
  identical,
  weaken,
  instance,
  ball,
  box,
  lift,
  every_layer,
  mask_error,
  spectral,
  leak,
  triangle,
  argmax,
  shard_union,
  perturb,
  round_mlp,
  round_attention,
  round_linear,
  round_total,
};

/// The rule's one name, and its inverse.
std::string_view name_of(Rule rule);
Result<Rule> rule_named(std::string_view name);

/// A step: from the conclusions of earlier steps, and by recomputation, to its own conclusion.
/// A premise is forgotten after use unless the step says to keep it, so live conclusions stay few.
struct Step {
  long number = 0;
  Rule rule = Rule::weaken;
  std::vector<long> premises;
  std::vector<long> keep;          // premises that later steps use again
  long precision = 0;              // bits, for rules that recompute
  std::optional<long> order;       // taylor
  std::optional<Rational> centre;  // mean-value, taylor
  Judgement conclusion;
};

/// What a rule reads from a step besides premises and conclusion.
struct StepShape {
  bool computes;  // has a precision
  bool order;
  bool centre;
};
StepShape shape_of(Rule rule);

}  // namespace attncert
