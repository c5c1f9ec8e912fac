#include "prompts_proof.hpp"

#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

constexpr int kDigits = 6;  // a difference has no more

Result<Prompts> load_prompts(const std::string& path) {
  ATTNCERT_TRY(const std::string text, read_file(path));
  auto prompts = parse_prompts(text);
  if (!prompts) return fail(prompts.error().code, path + ": " + prompts.error().message);
  return Prompts{std::move(prompts).value(), sha256_hex(text)};
}

// What unfinished work must be about to be gone on with.
Json header_of(const PromptsOptions& options, const TwoModels& models, const Prompts& prompts,
               const std::optional<Evaluation>& evaluation) {
  const ModelHashes& original = models.original.model.hashes;
  const ModelHashes& converted = models.converted.model.hashes;
  Json header{{"attncert-partial", 1},
              {"original", {original.network, original.weights}},
              {"converted", {converted.network, converted.weights}},
              {"prompts", prompts.sha256},
              {"generate", options.generate},
              {"shard_size", options.shard_size}};
  if (evaluation) header["evaluation"] = to_json(*evaluation);
  return header;
}

Status check(const PromptsOptions& options) {
  if (options.generate >= 1 && options.shard_size >= 1 && options.jobs >= 0) return ok();
  return fail(ErrorCode::NumberSyntax,
              "--generate and --shard-size must be at least 1, --jobs at least 0");
}

}  // namespace

void PromptsOptions::add_to(CLI::App& command) {
  command.add_option("--generate", generate, "tokens that greedy decoding adds to a prompt")
      ->capture_default_str();
  command.add_option("--shard-size", shard_size, "prompts in a step")->capture_default_str();
  command.add_option("--jobs", jobs, "threads; 0: one for each core")->capture_default_str();
}

Result<PromptsProof> prove_on_prompts(const PromptsOptions& options,
                                      const std::optional<Evaluation>& evaluation) {
  ATTNCERT_CHECK(check(options));
  ATTNCERT_TRY(const TwoModels models, load_models(options.folders));
  std::vector<Subject> subjects;
  if (!options.output.empty()) {
    ATTNCERT_TRY(subjects, subjects_of(options.folders, models, options.output));
  }
  ATTNCERT_TRY(const Prompts prompts, load_prompts(options.prompts));
  PromptsProof proof;
  proof.count = static_cast<long>(prompts.prompts.size());
  if (!options.output.empty()) {
    subjects.push_back({"prompts", seen_from(options.output, options.prompts), prompts.sha256});
    ATTNCERT_TRY(proof.log, ShardLog::open(options.output + ".partial",
                                           header_of(options, models, prompts, evaluation)));
  }
  AgreementOptions how;
  how.generate = options.generate;
  how.shard_size = options.shard_size;
  how.jobs = static_cast<unsigned>(options.jobs);
  how.evaluation = evaluation;
  how.progress = terminal_progress("proving", "prompts");
  auto agreement =
      prove_agreement(models.original.model, models.converted.model, prompts, how, proof.log);
  end_progress();
  if (!agreement) {
    if (proof.log.finished().empty()) proof.log.remove();
    return agreement.error();
  }
  proof.agreement = std::move(agreement).value();
  proof.agreement.certificate.subjects = std::move(subjects);
  return proof;
}

std::string first_unproved(const Agreement& agreement) {
  if (agreement.unproved.empty()) return "";
  const Unproved& first = agreement.unproved.front();
  return "first not proved: prompt " + std::to_string(first.prompt) +
         " (numbered from 0): " + first.reason + "\n";
}

Json unproved_json(const Agreement& agreement) {
  Json unproved = Json::array();
  for (const Unproved& one : agreement.unproved) {
    unproved.push_back({{"prompt", one.prompt}, {"reason", one.reason}});
  }
  return unproved;
}

Json difference_json(const Agreement& agreement) {
  const LargestDifference& largest = *agreement.difference;
  if (largest.prompt < 0) return Json::object();
  return {{"bound", to_scientific(largest.bound, kDigits, Direction::up)},
          {"prompt", largest.prompt}};
}

std::string difference_line(const Agreement& agreement) {
  const LargestDifference& largest = *agreement.difference;
  if (largest.prompt < 0) return "nothing is proved of how far computed outputs may be apart\n";
  return "computed outputs are at most " + to_scientific(largest.bound, kDigits, Direction::up) +
         " apart, the most at prompt " + std::to_string(largest.prompt) + " (numbered from 0)\n";
}

}  // namespace attncert::cli
