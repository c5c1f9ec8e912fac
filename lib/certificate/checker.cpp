#include <map>

#include "attncert/certificate/certificate.hpp"
#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"

namespace attncert {
namespace {

// The bytes of one subject, hashed; whatever is parsed comes from this very buffer.
Result<Bytes> load(const Subject& subject, const std::filesystem::path& directory) {
  const std::filesystem::path name(subject.name);
  if (subject.name.empty() || name.is_absolute()) {
    return fail(ErrorCode::SubjectPath, "a subject's name must be a relative path");
  }
  ATTNCERT_TRY(Bytes bytes, read_bytes(directory / name));
  if (sha256_hex(bytes.view()) != subject.sha256) {
    return fail(
        ErrorCode::SubjectMismatch,
        "'" + subject.name + "' is not the file the certificate is about (SHA-256 differs)");
  }
  return bytes;
}

// The four files of a conversion; buffers outlive the views into them.
class SubjectLoader {
public:
  explicit SubjectLoader(std::map<std::string, Bytes>& buffers) : buffers_(buffers) {}

  Status load_all(const std::vector<Subject>& subjects, const std::filesystem::path& directory,
                  const Judgement& claim) {
    for (const Subject& subject : subjects) {
      const std::string* expected = hash_in(claim, subject.role);
      if (expected == nullptr || buffers_.contains(subject.role)) {
        return fail(ErrorCode::SubjectRole, "a subject '" + subject.role.substr(0, 40) +
                                                "' that the statement does not have, or twice");
      }
      if (*expected != subject.sha256) {
        return fail(ErrorCode::SubjectMismatch,
                    "the statement is about another file than subject '" + subject.role + "'");
      }
      ATTNCERT_TRY(Bytes bytes, load(subject, directory));
      buffers_.emplace(subject.role, std::move(bytes));
    }
    return ok();
  }

  Result<std::optional<Model>> model(const std::string& side, const ModelHashes& hashes) const {
    const auto network = buffers_.find(side + "-network");
    const auto weights = buffers_.find(side + "-weights");
    if (network == buffers_.end() || weights == buffers_.end()) return std::optional<Model>();
    ATTNCERT_TRY(Network parsed, parse_network(network->second.view()));
    ATTNCERT_TRY(TensorFile file, TensorFile::parse(weights->second.view()));
    return std::optional<Model>(Model{std::move(parsed), std::move(file), hashes});
  }

  Result<std::optional<Prompts>> prompts(const Judgement& claim) const {
    const auto found = buffers_.find("prompts");
    if (found == buffers_.end()) return std::optional<Prompts>();
    ATTNCERT_TRY(std::vector<Prompt> parsed, parse_prompts(found->second.view()));
    return std::optional<Prompts>(Prompts{std::move(parsed), std::get<SameArgmax>(claim).prompts});
  }

private:
  static const std::string* hash_in(const Judgement& claim, const std::string& role) {
    const auto models = models_of(claim);
    if (!models) return nullptr;
    if (role == "original-network") return &models->first->network;
    if (role == "original-weights") return &models->first->weights;
    if (role == "converted-network") return &models->second->network;
    if (role == "converted-weights") return &models->second->weights;
    const auto* argmax = std::get_if<SameArgmax>(&claim);
    if (role == "prompts" && argmax != nullptr) return &argmax->prompts;
    return nullptr;
  }

  std::map<std::string, Bytes>& buffers_;
};

}  // namespace

Verdict check_certificate(std::string_view text, const std::filesystem::path& directory,
                          const std::optional<Judgement>& expected) {
  Verdict verdict;
  std::map<std::string, Bytes> buffers;
  std::optional<Kernel> kernel;
  const CertificateSink sink{
      [&](const Judgement& claim) -> Status {
        verdict.claim = claim;
        if (!expected || *expected == claim) return ok();
        return fail(ErrorCode::ClaimMismatch, "the certificate proves another statement");
      },
      [&](const std::vector<Subject>& subjects) -> Status {
        SubjectLoader loader(buffers);
        ATTNCERT_CHECK(loader.load_all(subjects, directory, *verdict.claim));
        Subjects models;
        if (const auto about = models_of(*verdict.claim)) {
          ATTNCERT_TRY(models.original, loader.model("original", *about->first));
          ATTNCERT_TRY(models.converted, loader.model("converted", *about->second));
        }
        ATTNCERT_TRY(models.prompts, loader.prompts(*verdict.claim));
        kernel.emplace(*verdict.claim, std::move(models));
        return ok();
      },
      [&](const Step& step) {
        ++verdict.steps;
        return kernel->check(step);
      },
      [&](long end) { return kernel->finish(end); }};
  verdict.refusal = read_certificate(text, sink);
  verdict.io_failure = verdict.refusal && verdict.refusal->error.code == ErrorCode::FileUnreadable;
  return verdict;
}

}  // namespace attncert
