#include "attncert/kernel/kernel.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "attncert/expression/zoo.hpp"
#include "attncert/kernel/computed_model.hpp"
#include "rules.hpp"

namespace attncert {
namespace {

constexpr long kLeastPrecision = 24;
constexpr long kGreatestPrecision = 8192;

struct RuleEntry {
  std::string_view name;
  rules::Check check;
  StepShape shape;
};

constexpr StepShape kStructural{false, false, false};
constexpr StepShape kComputing{true, false, false};

// In the order of Rule.
constexpr std::array kRules{
    RuleEntry{"enclose", rules::enclose, kComputing},
    RuleEntry{"mean-value", rules::mean_value, {true, false, true}},
    RuleEntry{"taylor", rules::taylor, {true, true, true}},
    RuleEntry{"well-defined", rules::well_defined, kComputing},
    RuleEntry{"tail", rules::tail, kComputing},
    RuleEntry{"divergence", rules::divergence, kComputing},
    RuleEntry{"value", rules::value, kComputing},
    RuleEntry{"witness", rules::witness, kStructural},
    RuleEntry{"cover", rules::cover, kStructural},
    RuleEntry{"even", rules::even, kStructural},
    RuleEntry{"scale", rules::scale, kStructural},
    RuleEntry{"identical", rules::identical, kStructural},
    RuleEntry{"weaken", rules::weaken, kStructural},
    RuleEntry{"instance", rules::instance, kStructural},
    RuleEntry{"ball", rules::ball, kComputing},
    RuleEntry{"box", rules::box, kComputing},
    RuleEntry{"lift", rules::lift, kStructural},
    RuleEntry{"every-layer", rules::every_layer, kStructural},
    RuleEntry{"mask-error", rules::mask_error, kComputing},
    RuleEntry{"spectral", rules::spectral, kComputing},
    RuleEntry{"leak", rules::leak, kComputing},
    RuleEntry{"triangle", rules::triangle, kStructural},
    RuleEntry{"argmax", rules::argmax, kStructural},
    RuleEntry{"shard-union", rules::shard_union, kStructural},
    RuleEntry{"perturb", rules::perturb, kComputing},
    RuleEntry{"round-mlp", rules::round_mlp, kComputing},
    RuleEntry{"round-attention", rules::round_attention, kComputing},
    RuleEntry{"round-linear", rules::round_linear, kComputing},
    RuleEntry{"round-total", rules::round_total, kStructural},
};

const RuleEntry& entry_of(Rule rule) { return kRules.at(static_cast<std::size_t>(rule)); }

Status check_shape(const Step& step) {
  const StepShape shape = shape_of(step.rule);
  if (step.order.has_value() != shape.order || step.centre.has_value() != shape.centre) {
    return fail(ErrorCode::DataMismatch, "the step's data are not what its rule reads");
  }
  if (shape.computes && (step.precision < kLeastPrecision || step.precision > kGreatestPrecision)) {
    return fail(ErrorCode::PrecisionOutOfRange, "a step's precision must be 24 to 8192 bits");
  }
  return ok();
}

}  // namespace

std::string_view name_of(Rule rule) { return entry_of(rule).name; }

StepShape shape_of(Rule rule) { return entry_of(rule).shape; }

Result<Rule> rule_named(std::string_view name) {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (kRules.at(i).name == name) return static_cast<Rule>(i);
  }
  return fail(ErrorCode::UnknownRule, "unknown rule '" + std::string(name.substr(0, 40)) + "'");
}

Result<const Difference*> Context::difference(const Pair& pair) {
  const auto key = std::make_pair(pair.target, pair.approximant);
  const auto found = differences_.find(key);
  if (found != differences_.end()) return &found->second;
  ATTNCERT_TRY(Difference difference, read_difference(pair.target, pair.approximant));
  return &differences_.emplace(key, std::move(difference)).first->second;
}

Result<const Model*> Context::original() const {
  if (subjects_.original) return &*subjects_.original;
  return fail(ErrorCode::SubjectMissing, "the rule needs the original model as a subject");
}

Result<const Model*> Context::converted() const {
  if (subjects_.converted) return &*subjects_.converted;
  return fail(ErrorCode::SubjectMissing, "the rule needs the converted model as a subject");
}

Result<const Prompts*> Context::prompts() const {
  if (subjects_.prompts) return &*subjects_.prompts;
  return fail(ErrorCode::SubjectMissing, "the rule needs the prompts as a subject");
}

namespace {

Result<const RigorousModel*> made_once(const Model& model,
                                       std::shared_ptr<const RigorousModel>& made) {
  if (made == nullptr) {
    ATTNCERT_TRY(RigorousModel rigorous, RigorousModel::make(model));
    made = std::make_shared<const RigorousModel>(std::move(rigorous));
  }
  return made.get();
}

}  // namespace

Result<const RigorousModel*> Context::rigorous_original() {
  ATTNCERT_TRY(const Model* model, original());
  return made_once(*model, rigorous_original_);
}

Result<const RigorousModel*> Context::rigorous_converted() {
  ATTNCERT_TRY(const Model* model, converted());
  return made_once(*model, rigorous_converted_);
}

Result<const ComputedModel*> Context::made_for(const Model& model, const Evaluation& evaluation,
                                               Computed& computed) {
  if (computed.evaluation != evaluation) {
    ATTNCERT_TRY(ComputedModel made, ComputedModel::make(model, evaluation));
    computed = {evaluation, std::make_shared<const ComputedModel>(std::move(made))};
  }
  return computed.model.get();
}

Result<const ComputedModel*> Context::computed_original(const Evaluation& evaluation) {
  ATTNCERT_TRY(const Model* model, original());
  return made_for(*model, evaluation, computed_original_);
}

Result<const ComputedModel*> Context::computed_converted(const Evaluation& evaluation) {
  ATTNCERT_TRY(const Model* model, converted());
  return made_for(*model, evaluation, computed_converted_);
}

Status check_step(Context& context, const Step& step, const std::vector<Judgement>& premises) {
  ATTNCERT_CHECK(check_shape(step));
  return entry_of(step.rule).check(context, step, premises);
}

Result<std::vector<Judgement>> Kernel::take_premises(const Step& step) {
  std::vector<Judgement> premises;
  const std::set<long> keep(step.keep.begin(), step.keep.end());
  const std::set<long> used(step.premises.begin(), step.premises.end());
  if (used.size() != step.premises.size() || keep.size() != step.keep.size() ||
      !std::includes(used.begin(), used.end(), keep.begin(), keep.end())) {
    return fail(ErrorCode::PremiseRepeated,
                "premises must differ, and a step can keep only its own premises");
  }
  for (const long number : step.premises) {
    const auto found = live_.find(number);
    if (found == live_.end()) {
      return fail(ErrorCode::PremiseUnknown,
                  "premise " + std::to_string(number) + " is no earlier step, or was used up");
    }
    if (keep.contains(number)) {
      premises.push_back(found->second);
    } else {
      premises.push_back(std::move(found->second));
      live_.erase(found);
    }
  }
  return premises;
}

Status Kernel::check(const Step& step) {
  if (step.number != last_ + 1) {
    return fail(ErrorCode::StepNumber, "steps must be numbered 1, 2, 3, ...");
  }
  last_ = step.number;
  ATTNCERT_TRY(const std::vector<Judgement> premises, take_premises(step));
  ATTNCERT_CHECK(check_step(context_, step, premises));
  live_.emplace(step.number, step.conclusion);
  return ok();
}

Status Kernel::finish(long number) const {
  const auto found = live_.find(number);
  if (found == live_.end()) {
    return fail(ErrorCode::PremiseUnknown, "the concluding step is unknown, or was used up");
  }
  if (found->second == claim_) return ok();
  return fail(ErrorCode::ConclusionIsNotClaim,
              "the last step proves something else than the claim");
}

}  // namespace attncert
