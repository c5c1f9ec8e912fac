#include "attncert/prover/agreement.hpp"

#include <algorithm>
#include <mutex>

#include "derivation.hpp"

namespace attncert {
namespace {

// What a prompt must be, whatever the models say of it: a wrong prompt is an error, not unproved.
Status check_prompts(const Network& network, const Prompts& prompts, long generate) {
  const auto* input = std::get_if<TokenInput>(&network.input);
  if (input == nullptr) {
    return fail(ErrorCode::NetworkField, "the models read rows of numbers, not tokens");
  }
  for (std::size_t i = 0; i < prompts.prompts.size(); ++i) {
    const Prompt& prompt = prompts.prompts[i];
    const bool known =
        std::all_of(prompt.begin(), prompt.end(), [&](long token) { return token < input->vocab; });
    if (known && static_cast<long>(prompt.size()) + generate - 1 <= input->n_ctx) continue;
    return fail(ErrorCode::PromptsSyntax,
                "prompts, line " + std::to_string(i + 1) + ": needs tokens below " +
                    std::to_string(input->vocab) + ", at most " + std::to_string(input->n_ctx) +
                    " with those generated");
  }
  return ok();
}

// Both models, ready for whichever proof is asked for.
struct ModelPair {
  RigorousModel original;
  std::optional<RigorousModel> converted;
  std::optional<ComputedModel> computed_original;
  std::optional<ComputedModel> computed_converted;

  static Result<ModelPair> make(const Model& original, const Model& converted,
                                const std::optional<Evaluation>& evaluation) {
    ATTNCERT_TRY(RigorousModel exact, RigorousModel::make(original));
    ModelPair pair{std::move(exact), {}, {}, {}};
    if (!evaluation) {
      ATTNCERT_TRY(pair.converted, RigorousModel::make(converted));
      return pair;
    }
    ATTNCERT_TRY(pair.computed_original, ComputedModel::make(original, *evaluation));
    ATTNCERT_TRY(pair.computed_converted, ComputedModel::make(converted, *evaluation));
    return pair;
  }

  Status decode_alike(const Prompt& prompt, long generate) const {
    if (converted) return same_argmax(original, *converted, prompt, generate);
    return same_computed_argmax(original, *computed_original, *computed_converted, prompt,
                                generate);
  }
};

class Prover {
public:
  Prover(const ModelPair& models, const Prompts& prompts, const AgreementOptions& options)
      : models_(models), prompts_(prompts), options_(options) {}

  // The prompts of a shard that are not proved, in order.
  std::vector<Unproved> run(long first, long last) const {
    std::mutex guard;
    std::vector<Unproved> unproved;
    for_each_in_parallel(first, last, options_.jobs, [&](long i) {
      const Prompt& prompt = prompts_.prompts[static_cast<std::size_t>(i)];
      const Status status = models_.decode_alike(prompt, options_.generate);
      if (status) return true;
      const std::lock_guard<std::mutex> lock(guard);
      unproved.push_back({i, status.error().message});
      return true;
    });
    std::sort(unproved.begin(), unproved.end(),
              [](const Unproved& a, const Unproved& b) { return a.prompt < b.prompt; });
    return unproved;
  }

private:
  const ModelPair& models_;
  const Prompts& prompts_;
  const AgreementOptions& options_;
};

Json to_json(long first, long last, const std::vector<Unproved>& unproved) {
  Json except = Json::array();
  for (const Unproved& one : unproved) except.push_back({one.prompt, one.reason});
  return {{"first", first}, {"last", last}, {"except", except}};
}

std::vector<Unproved> unproved_in(const Json& shard) {
  std::vector<Unproved> unproved;
  for (const Json& one : shard.at("except")) {
    unproved.push_back({one.at(0).get<long>(), one.at(1).get<std::string>()});
  }
  return unproved;
}

std::vector<long> numbers_of(const std::vector<Unproved>& unproved) {
  std::vector<long> numbers;
  for (const Unproved& one : unproved) numbers.push_back(one.prompt);
  return numbers;
}

}  // namespace

Result<Agreement> prove_agreement(const Model& original, const Model& converted,
                                  const Prompts& prompts, const AgreementOptions& options,
                                  ShardLog& log) {
  ATTNCERT_CHECK(check_prompts(original.network, prompts, options.generate));
  ATTNCERT_TRY(const ModelPair models, ModelPair::make(original, converted, options.evaluation));
  const Prover prover(models, prompts, options);
  const auto count = static_cast<long>(prompts.prompts.size());
  Agreement agreement;
  Derivation derivation;
  std::vector<long> shards;
  for (long first = 0; first < count; first += options.shard_size) {
    const long last = std::min(first + options.shard_size, count);
    std::vector<Unproved> unproved;
    if (shards.size() < log.finished().size()) {
      unproved = unproved_in(log.finished()[shards.size()]);
      agreement.resumed += last - first;
    } else {
      unproved = prover.run(first, last);
      ATTNCERT_CHECK(log.add(to_json(first, last, unproved)));
    }
    shards.push_back(derivation.add(
        Rule::argmax,
        ArgmaxShard{first, last, options.generate, numbers_of(unproved), options.evaluation}));
    agreement.unproved.insert(agreement.unproved.end(), unproved.begin(), unproved.end());
    if (options.progress) {
      options.progress(static_cast<double>(last) / static_cast<double>(count),
                       static_cast<std::size_t>(last));
    }
  }
  const long end = derivation.add(
      Rule::shard_union,
      SameArgmax{original.hashes, converted.hashes, prompts.sha256, count, options.generate,
                 numbers_of(agreement.unproved), options.evaluation},
      shards);
  agreement.certificate = std::move(derivation).finish(end);
  return agreement;
}

}  // namespace attncert
