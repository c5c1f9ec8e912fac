// The kernel: accepts a claim only when every step re-derives.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "attncert/expression/term.hpp"
#include "attncert/kernel/step.hpp"
#include "attncert/statement/evaluation.hpp"
#include "attncert/statement/network.hpp"
#include "attncert/statement/prompts.hpp"
#include "attncert/tensor/safetensors.hpp"

namespace attncert {

/// A model as parsed from the very bytes that were hashed.
struct Model {
  Network network;
  TensorFile weights;
  ModelHashes hashes = {};
};

/// The files a claim is about, by role.
struct Subjects {
  std::optional<Model> original;
  std::optional<Model> converted;
  std::optional<Prompts> prompts;
};

class ComputedModel;
class RigorousModel;

/// What rules may look at: never a builder, never a generator.
class Context {
public:
  explicit Context(Subjects subjects) : subjects_(std::move(subjects)) {}

  /// f, g and f - g of a pair, parsed once.
  Result<const Difference*> difference(const Pair& pair);
  Result<const Model*> original() const;
  Result<const Model*> converted() const;
  Result<const Prompts*> prompts() const;

  /// The models, made ready for rigorous evaluation, once.
  Result<const RigorousModel*> rigorous_original();
  Result<const RigorousModel*> rigorous_converted();

  /// The models as machines compute them, made ready again where the evaluation is another one.
  Result<const ComputedModel*> computed_original(const Evaluation& evaluation);
  Result<const ComputedModel*> computed_converted(const Evaluation& evaluation);

private:
  Subjects subjects_;
  std::map<std::pair<std::string, std::string>, Difference> differences_;
  std::shared_ptr<const RigorousModel> rigorous_original_;
  std::shared_ptr<const RigorousModel> rigorous_converted_;

  struct Computed {
    std::optional<Evaluation> evaluation;
    std::shared_ptr<const ComputedModel> model;
  };
  static Result<const ComputedModel*> made_for(const Model& model, const Evaluation& evaluation,
                                               Computed& computed);
  Computed computed_original_;
  Computed computed_converted_;
};

/// Proves a single step's conclusion from given premises: what Kernel does for every step, for
/// generators that want to know whether a step would be accepted.
/// Status   trusted
Status check_step(Context& context, const Step& step, const std::vector<Judgement>& premises);

/// Checks one derivation, step by step.
class Kernel {
public:
  Kernel(Judgement claim, Subjects subjects)
      : claim_(std::move(claim)), context_(std::move(subjects)) {}

  /// Re-derives a step's conclusion from its premises and remembers it.
  /// Errors   one ErrorCode per cause; the kernel is then of no further use
  /// Status   trusted
  Status check(const Step& step);

  /// The derivation ends: step `number` concluded exactly the claim.
  Status finish(long number) const;

private:
  Result<std::vector<Judgement>> take_premises(const Step& step);

  Judgement claim_;
  Context context_;
  std::map<long, Judgement> live_;
  long last_ = 0;
};

}  // namespace attncert
