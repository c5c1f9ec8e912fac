#include "attncert/prover/agreement.hpp"

#include <algorithm>
#include <mutex>

#include "attncert/model/decimal.hpp"
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

  // By how much computed outputs differ at most; 0 in exact arithmetic, where nobody asks.
  Result<Rational> decode_alike(const Prompt& prompt, long generate) const {
    if (!converted) {
      return same_computed_argmax(original, *computed_original, *computed_converted, prompt,
                                  generate);
    }
    ATTNCERT_CHECK(same_argmax(original, *converted, prompt, generate));
    return Rational(0);
  }
};

// What is known of a shard's prompts.
struct Shard {
  long first;
  long last;
  std::vector<Unproved> unproved;
  std::optional<LargestDifference> difference;
};

// Rounded up, with room for other machines: fp32 terms are not the same to the last bit everywhere.
Rational stated(const Rational& difference) {
  constexpr int digits = 6;
  return round_decimal(Rational(difference * (1 + power_of_two(-13))), digits, Direction::up);
}

class Prover {
public:
  Prover(const ModelPair& models, const Prompts& prompts, const AgreementOptions& options)
      : models_(models), prompts_(prompts), options_(options) {}

  Shard run(long first, long last) const {
    std::mutex guard;
    Shard shard{first, last, {}, {}};
    std::optional<std::pair<Rational, long>> largest;
    for_each_in_parallel(first, last, options_.jobs, [&](long i) {
      const Prompt& prompt = prompts_.prompts[static_cast<std::size_t>(i)];
      const Result<Rational> outcome = models_.decode_alike(prompt, options_.generate);
      const std::lock_guard<std::mutex> lock(guard);
      if (!outcome) {
        shard.unproved.push_back({i, outcome.error().message});
      } else if (!largest || std::pair(outcome.value(), -i) > *largest) {
        largest = {outcome.value(), -i};  // of equal ones the first prompt's
      }
      return true;
    });
    std::sort(shard.unproved.begin(), shard.unproved.end(),
              [](const Unproved& a, const Unproved& b) { return a.prompt < b.prompt; });
    if (options_.evaluation) shard.difference.emplace();
    if (options_.evaluation && largest)
      *shard.difference = {stated(largest->first), -largest->second};
    return shard;
  }

private:
  const ModelPair& models_;
  const Prompts& prompts_;
  const AgreementOptions& options_;
};

Json to_json(const Shard& shard) {
  Json except = Json::array();
  for (const Unproved& one : shard.unproved) except.push_back({one.prompt, one.reason});
  Json json{{"first", shard.first}, {"last", shard.last}, {"except", except}};
  if (shard.difference) {
    json["difference"] = {to_string(shard.difference->bound), shard.difference->prompt};
  }
  return json;
}

// Of a log, which has seen to its form.
Shard shard_in(const Json& json, long first, long last) {
  Shard shard{first, last, {}, {}};
  for (const Json& one : json.at("except")) {
    shard.unproved.push_back({one.at(0).get<long>(), one.at(1).get<std::string>()});
  }
  if (json.contains("difference")) {
    const Json& difference = json.at("difference");
    shard.difference = {parse_rational(difference.at(0).get<std::string>()).value(),
                        difference.at(1).get<long>()};
  }
  return shard;
}

std::optional<Rational> bound_of(const std::optional<LargestDifference>& difference) {
  if (!difference) return std::nullopt;
  return difference->bound;
}

void add(const Shard& shard, Agreement& agreement) {
  agreement.unproved.insert(agreement.unproved.end(), shard.unproved.begin(), shard.unproved.end());
  if (!shard.difference) return;
  const bool larger = !agreement.difference || agreement.difference->prompt < 0 ||
                      shard.difference->bound > agreement.difference->bound;
  if (larger) agreement.difference = shard.difference;
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
    const bool finished = shards.size() < log.finished().size();
    const Shard shard =
        finished ? shard_in(log.finished()[shards.size()], first, last) : prover.run(first, last);
    if (finished) agreement.resumed += last - first;
    if (!finished) {
      ATTNCERT_CHECK(log.add(to_json(shard)));
    }
    shards.push_back(derivation.add(
        Rule::argmax, ArgmaxShard{first, last, options.generate, numbers_of(shard.unproved),
                                  options.evaluation, bound_of(shard.difference)}));
    add(shard, agreement);
    if (options.progress) {
      options.progress(static_cast<double>(last) / static_cast<double>(count),
                       static_cast<std::size_t>(last));
    }
  }
  const long end =
      derivation.add(Rule::shard_union,
                     SameArgmax{original.hashes, converted.hashes, prompts.sha256, count,
                                options.generate, numbers_of(agreement.unproved),
                                options.evaluation, bound_of(agreement.difference)},
                     shards);
  agreement.certificate = std::move(derivation).finish(end);
  return agreement;
}

}  // namespace attncert
