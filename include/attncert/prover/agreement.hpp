// The same-argmax judgement, shard by shard, resumable.
#pragma once

#include <filesystem>

#include "attncert/construction/progress.hpp"
#include "attncert/kernel/same_argmax.hpp"
#include "attncert/model/importer.hpp"
#include "attncert/prover/document.hpp"

namespace attncert {

struct AgreementOptions {
  long generate = 1;
  long shard_size = 100;
  unsigned jobs = 0;  // 0: every core
  Progress progress;
  std::optional<Evaluation> evaluation = {};  // absent: exact arithmetic alone
};

/// Prompts that could not be proved, with the reason.
struct Unproved {
  long prompt = 0;
  std::string reason;
};

/// How far computed outputs of the two models may be apart on the prompts proved, and on which one.
struct LargestDifference {
  Rational bound;
  long prompt = -1;  // -1: none is proved
};

struct Agreement {
  Certificate certificate;  // claims same-argmax but for the unproved prompts
  std::vector<Unproved> unproved;
  std::optional<LargestDifference> difference;  // with an evaluation
  long resumed = 0;                             // prompts whose shards were found finished
};

/// Where finished shards are kept: a header that binds files and options, then a line for each shard.
/// Torn last lines, of a process that was killed, are dropped.
class ShardLog {
public:
  /// Kept in memory only.
  ShardLog() = default;
  /// Requires a file of this header, or none: FileUnwritable says so otherwise
  static Result<ShardLog> open(const std::filesystem::path& path, const Json& header);

  const std::vector<Json>& finished() const { return finished_; }
  /// Appends a line and flushes it to the disk.
  Status add(const Json& shard);
  /// The log has done its work.
  void remove() const;

private:
  std::filesystem::path path_;
  std::vector<Json> finished_;
};

/// Decides every prompt by rigorous evaluation of both models.
/// Requires a context that holds prompts and generated tokens (NetworkField)
/// Ensures  shards of options.shard_size prompts that cover all; finished ones are logged; with an
///          evaluation they and the claim state by how much computed outputs differ at most
/// Status   rigorous
Result<Agreement> prove_agreement(const Model& original, const Model& converted,
                                  const Prompts& prompts, const AgreementOptions& options,
                                  ShardLog& log);

}  // namespace attncert
