#include "attncert/certificate/certificate.hpp"
#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "attncert/model/network_writer.hpp"
#include "attncert/model/output_files.hpp"
#include "attncert/prover/document.hpp"
#include "attncert/prover/layers.hpp"
#include "unit/kernel/tiny_model.hpp"
#include "unit/scratch.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr std::string_view kRoles[] = {"original-network", "original-weights", "converted-network",
                                       "converted-weights"};

// A tiny conversion on disk, with its certificate.
class Conversion {
public:
  Conversion() {
    Both both(tiny_original());
    write("original-network", write_network(both.original().network));
    write("original-weights", bytes_of(both.original().tensors));
    write("converted-network", write_network(both.converted().network));
    write("converted-weights", bytes_of(both.converted().tensors));
    Subjects models = both.subjects();
    models.original->hashes = {hash("original-network"), hash("original-weights")};
    models.converted->hashes = {hash("converted-network"), hash("converted-weights")};
    auto made = certify_layers(*models.original, *models.converted, {});
    REQUIRE(outcome(made) == "ok");
    certificate_ = std::move(made).value().certificate;
    for (const std::string_view role : kRoles) {
      certificate_.subjects.push_back(
          {std::string(role), std::string(role), hash(std::string(role))});
    }
  }

  void write(const std::string& name, const std::string& bytes) const {
    REQUIRE(write_file_atomically(scratch_.path() / name, bytes));
  }
  std::string read(const std::string& name) const {
    return read_file(scratch_.path() / name).value();
  }
  std::string hash(const std::string& name) const { return sha256_hex(read(name)); }
  Subject& subject(std::size_t i) { return certificate_.subjects[i]; }
  std::vector<Subject>& subjects() { return certificate_.subjects; }
  ConversionError& claim() { return std::get<ConversionError>(certificate_.claim); }
  ConversionError& concluded() {
    return std::get<ConversionError>(certificate_.steps.back().conclusion);
  }

  Verdict check() const {
    return check_certificate(write_certificate(certificate_), scratch_.path());
  }
  std::string verdict() const {
    const Verdict verdict = check();
    return verdict.refusal ? name(verdict.refusal->error.code) : "Verified";
  }
  std::string text() const { return write_certificate(certificate_); }
  const std::filesystem::path& folder() const { return scratch_.path(); }

private:
  Scratch scratch_;
  Certificate certificate_;
};

}  // namespace

TEST_CASE("subjects: a conversion on disk is verified") {
  CHECK(Conversion().verdict() == "Verified");
}

TEST_CASE("subjects: any changed byte of any file is noticed") {
  const Conversion conversion;
  for (const std::string_view role : kRoles) {
    const std::string name_of_file(role);
    const std::string bytes = conversion.read(name_of_file);
    for (std::size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 20) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      conversion.write(name_of_file, changed);
      CHECK(conversion.verdict() == name(ErrorCode::SubjectMismatch));
    }
    conversion.write(name_of_file, bytes + " ");
    CHECK(conversion.verdict() == name(ErrorCode::SubjectMismatch));
    conversion.write(name_of_file, bytes);
  }
  CHECK(conversion.verdict() == "Verified");
}

TEST_CASE("subjects: files that are not there") {
  for (std::size_t i = 0; i < 4; ++i) {
    Conversion conversion;
    conversion.subject(i).name = "missing";
    const Verdict verdict = conversion.check();
    CHECK(verdict.refusal->error.code == ErrorCode::FileUnreadable);
    CHECK(verdict.io_failure);
    Conversion without;
    without.subjects().erase(without.subjects().begin() + long(i));
    CHECK(without.verdict() == name(ErrorCode::SubjectMissing));
  }
  Conversion none;
  none.subjects().clear();
  CHECK(none.verdict() == name(ErrorCode::SubjectMissing));
  CHECK_FALSE(none.check().io_failure);
}

TEST_CASE("subjects: names are relative paths") {
  Conversion conversion;
  conversion.subject(0).name = (conversion.folder() / "original-network").string();
  CHECK(conversion.verdict() == name(ErrorCode::SubjectPath));
  conversion.subject(0).name = "";
  CHECK(conversion.verdict() == name(ErrorCode::SubjectPath));
  conversion.subject(0).name = "./original-network";
  CHECK(conversion.verdict() == "Verified");
}

TEST_CASE("subjects: roles are the statement's, each once") {
  const std::string role = name(ErrorCode::SubjectRole);
  Conversion twice;
  twice.subjects().push_back(twice.subject(0));
  CHECK(twice.verdict() == role);
  Conversion unknown;
  unknown.subject(0).role = "original-tokenizer";
  CHECK(unknown.verdict() == role);
  Conversion swapped;
  std::swap(swapped.subject(0).role, swapped.subject(2).role);
  CHECK(swapped.verdict() == name(ErrorCode::SubjectMismatch));
  const std::string line = R"({"subject":"original-network","name":"a","sha256":"b"})";
  const std::string scalar =
      R"({"attncert":1,"statement":{"approximant":"0","domain":["0","1"],"epsilon":"1",)"
      R"("judgement":"sup-error","target":"x"}})"
      "\n" +
      line + "\n{\"end\":1}\n";
  const Verdict refused = check_certificate(scalar, ".");
  CHECK(refused.refusal->error.code == ErrorCode::SubjectRole);
  // subjects after the first step
  Conversion late;
  const std::string text = late.text();
  const std::string last = text.substr(text.rfind("{\"end\""));
  const std::string moved = text.substr(0, text.size() - last.size()) + line + "\n" + last;
  CHECK(check_certificate(moved, late.folder()).refusal->error.code == ErrorCode::SubjectRole);
}

TEST_CASE("subjects: the hashes are the statement's and the files'") {
  const std::string mismatch = name(ErrorCode::SubjectMismatch);
  Conversion subject;
  subject.subject(1).sha256[0] = subject.subject(1).sha256[0] == '0' ? '1' : '0';
  CHECK(subject.verdict() == mismatch);
  Conversion claim;  // the statement and its proof agree on a file, but it is another one
  claim.claim().converted.weights = std::string(64, 'a');
  claim.concluded().converted.weights = std::string(64, 'a');
  CHECK(claim.verdict() == mismatch);
  claim.subject(3).sha256 = std::string(64, 'a');
  CHECK(claim.verdict() == mismatch);
}

TEST_CASE("subjects: other weights with honest hashes fail at the proof") {
  Conversion conversion;
  Parts changed = converted_from(tiny_original());
  changed.tensors["m.output"].values[0] = 1.25;
  conversion.write("converted-weights", bytes_of(changed.tensors));
  const std::string hash = conversion.hash("converted-weights");
  conversion.subject(3).sha256 = hash;
  conversion.claim().converted.weights = hash;
  conversion.concluded().converted.weights = hash;
  CHECK(conversion.verdict() == name(ErrorCode::InstanceMismatch));
}

TEST_CASE("subjects: files that do not parse") {
  Conversion conversion;
  const auto replace = [&](const std::string& role, std::size_t i, const std::string& bytes) {
    conversion.write(role, bytes);
    const std::string hash = conversion.hash(role);
    conversion.subject(i).sha256 = hash;
    ModelHashes& side = i < 2 ? conversion.claim().original : conversion.claim().converted;
    (i % 2 == 0 ? side.network : side.weights) = hash;
    return conversion.verdict();
  };
  CHECK(replace("converted-weights", 3, "short") == name(ErrorCode::SafetensorsHeader));
  CHECK(replace("converted-network", 2, "{}") == name(ErrorCode::JsonMissingKey));
  CHECK(replace("original-network", 0, "{") == name(ErrorCode::JsonSyntax));
}
