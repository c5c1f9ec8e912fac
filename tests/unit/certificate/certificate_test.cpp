#include "attncert/certificate/certificate.hpp"

#include "attncert/prover/document.hpp"
#include "attncert/prover/supremum.hpp"
#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

// Real certificates of all shapes: half-lines and pieces; a scaled one; a lower bound; no bound.
std::vector<Certificate> samples() {
  const auto proved = [](const Pair& pair, const Domain& where, const char* epsilon) {
    auto outcome = certify_supremum(pair, where, real(epsilon));
    REQUIRE(outcome);
    REQUIRE(outcome.value().kind == CertifyOutcome::Kind::proved);
    return std::move(outcome.value().certificate);
  };
  std::vector<Certificate> result{proved({"silu", "relu"}, {}, "0.3"),
                                  proved({"silu:k=2", "relu"}, domain("-1", "inf"), "0.15"),
                                  proved({"gelu", "(* 0.5 x)"}, domain("-1", "1"), "0.35")};
  const auto bound = bound_supremum({"tanh", "x"}, domain("0", "1"), real("0.01"));
  REQUIRE(bound);
  result.push_back(bound.value().below.value());
  const auto unbounded = bound_supremum({"tanh", "x"}, {}, real("0.01"));
  REQUIRE(unbounded);
  REQUIRE(unbounded.value().kind == SupremumBound::Kind::unbounded);
  result.push_back(unbounded.value().above);
  return result;
}

std::string verdict(std::string_view text, const std::optional<Judgement>& expected = {}) {
  const Verdict verdict = check_certificate(text, ".", expected);
  return verdict.refusal ? name(verdict.refusal->error.code) : "Verified";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

constexpr std::string_view kSmall =
    R"j({"attncert":1,"statement":{"approximant":"0","domain":["0","1"],"epsilon":"1",)j"
    R"j("judgement":"sup-error","target":"x"}}
{"step":1,"rule":"enclose","precision":53,"conclusion":{"domain":["0","1"],"epsilon":"1",)j"
    R"j("judgement":"sup-error"}}
{"end":1}
)j";

// kSmall with one line replaced, or with lines put before it.
std::string small_with(std::size_t line, const std::string& replacement) {
  std::vector<std::string> lines = lines_of(std::string(kSmall));
  lines[line] = replacement;
  return joined(lines);
}
std::string small_after(std::size_t line, const std::string& more) {
  std::vector<std::string> lines = lines_of(std::string(kSmall));
  lines.insert(lines.begin() + long(line) + 1, more);
  return joined(lines);
}

struct StepRow {
  std::string_view members;  // of a step object, beside its conclusion
  ErrorCode code;
};

constexpr StepRow kSteps[] = {
    {R"("step":1,"rule":"axiom","precision":53)", ErrorCode::UnknownRule},
    {R"("step":1,"rule":"Enclose","precision":53)", ErrorCode::UnknownRule},
    {R"("step":1,"rule":7,"precision":53)", ErrorCode::JsonWrongType},
    {R"("step":"1","rule":"enclose","precision":53)", ErrorCode::JsonWrongType},
    {R"("rule":"enclose","precision":53)", ErrorCode::JsonMissingKey},
    {R"("step":1,"precision":53)", ErrorCode::JsonMissingKey},
    {R"("step":1,"rule":"enclose")", ErrorCode::DataMismatch},
    {R"("step":1,"rule":"weaken","precision":53)", ErrorCode::DataMismatch},
    {R"("step":1,"rule":"enclose","precision":"53")", ErrorCode::JsonWrongType},
    {R"("step":1,"rule":"enclose","precision":23)", ErrorCode::PrecisionOutOfRange},
    {R"("step":2,"rule":"enclose","precision":53)", ErrorCode::StepNumber},
    {R"("step":1,"rule":"enclose","precision":53,"note":"x")", ErrorCode::JsonUnknownKey},
    {R"("step":1,"rule":"enclose","precision":53,"premises":[0])", ErrorCode::PremiseUnknown},
    {R"("step":1,"rule":"enclose","precision":53,"premises":["0"])", ErrorCode::JsonWrongType},
    {R"("step":1,"rule":"enclose","precision":53,"premises":1)", ErrorCode::JsonWrongType},
    {R"("step":1,"rule":"enclose","precision":53,"keep":[1])", ErrorCode::PremiseRepeated},
    {R"("step":1,"rule":"enclose","precision":53,"data":{"order":4})", ErrorCode::DataMismatch},
    {R"("step":1,"rule":"enclose","precision":53,"data":{"x":4})", ErrorCode::JsonUnknownKey},
    {R"("step":1,"rule":"enclose","precision":53,"data":[])", ErrorCode::JsonWrongType},
    {R"("step":1,"rule":"taylor","precision":53,"data":{"order":"4","centre":"0"})",
     ErrorCode::JsonWrongType},
    {R"("step":1,"rule":"taylor","precision":53,"data":{"order":4,"centre":0})",
     ErrorCode::JsonWrongType},
    {R"("step":1,"rule":"taylor","precision":53,"data":{"order":4})", ErrorCode::DataMismatch},
    {R"("step":1,"rule":"taylor","precision":53,"data":{"order":41,"centre":"0"})",
     ErrorCode::OrderOutOfRange},
};

}  // namespace

TEST_CASE("certificate: real ones round-trip and are verified") {
  for (const Certificate& certificate : samples()) {
    const std::string text = write_certificate(certificate);
    CAPTURE(text.substr(0, 200));
    CHECK(verdict(text) == "Verified");
    CHECK(verdict(text, certificate.claim) == "Verified");
    const auto parsed = parse_certificate(text);
    REQUIRE(outcome(parsed) == "ok");
    CHECK(parsed.value().claim == certificate.claim);
    CHECK(parsed.value().steps.size() == certificate.steps.size());
    CHECK(parsed.value().end == certificate.end);
    CHECK(write_certificate(parsed.value()) == text);
  }
  CHECK(verdict(kSmall) == "Verified");
  CHECK(check_certificate(kSmall, ".").steps == 1);
}

TEST_CASE("certificate: another claim than the one expected") {
  const SupError claim{{"x", "0"}, domain("0", "1"), 1};
  CHECK(verdict(kSmall, claim) == "Verified");
  SupError weaker = claim;
  weaker.epsilon = 2;
  CHECK(verdict(kSmall, weaker) == name(ErrorCode::ClaimMismatch));
  SupError narrower = claim;
  narrower.domain = domain("0", "1/2");
  CHECK(verdict(kSmall, narrower) == name(ErrorCode::ClaimMismatch));
  CHECK(verdict(kSmall, LowerBound{claim.pair, claim.domain, 1}) == name(ErrorCode::ClaimMismatch));
}

TEST_CASE("certificate: truncated anywhere, it is not verified") {
  for (const Certificate& certificate : samples()) {
    const std::string text = write_certificate(certificate);
    const std::size_t stride = text.size() > 6000 ? 7 : 1;
    for (std::size_t size = 0; size < text.size(); size += stride) {
      CAPTURE(size);
      const std::string result = verdict(std::string_view(text).substr(0, size));
      REQUIRE(result == name(ErrorCode::CertificateTruncated));
    }
  }
}

TEST_CASE("certificate: whole lines left out, repeated or exchanged") {
  for (const Certificate& certificate : samples()) {
    const std::vector<std::string> lines = lines_of(write_certificate(certificate));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      CAPTURE(i);
      std::vector<std::string> changed = lines;
      changed.erase(changed.begin() + long(i));
      REQUIRE(verdict(joined(changed)) != "Verified");
      changed = lines;
      changed.insert(changed.begin() + long(i), lines[i]);
      REQUIRE(verdict(joined(changed)) != "Verified");
      if (i == 0) continue;
      changed = lines;
      std::swap(changed[i - 1], changed[i]);
      REQUIRE(verdict(joined(changed)) != "Verified");
    }
  }
}

TEST_CASE("certificate: the header") {
  const std::string version = name(ErrorCode::CertificateVersion);
  for (const char* header : {"{}", "[]", "1", R"({"attncert":2,"statement":{}})",
                             R"({"attncert":"1","statement":{}})", R"({"statement":{}})"}) {
    CHECK(verdict(small_with(0, header)) == version);
  }
  CHECK(verdict(small_with(0, R"({"attncert":1})")) == name(ErrorCode::JsonMissingKey));
  CHECK(verdict(small_with(0, R"({"attncert":1,"statement":{"judgement":"x"}})")) ==
        name(ErrorCode::UnknownJudgement));
  CHECK(verdict(
            small_with(0, R"({"attncert":1,"statement":{"judgement":"instance","layer":"m"}})")) ==
        name(ErrorCode::NotAClaim));
  const std::string header = lines_of(std::string(kSmall))[0];
  CHECK(verdict(small_with(0, header.substr(0, header.size() - 1) + R"(,"note":"x"})")) ==
        name(ErrorCode::JsonUnknownKey));
  CHECK(verdict(small_after(0, header)) == name(ErrorCode::JsonMissingKey));  // no step
}

TEST_CASE("certificate: steps as text") {
  const std::string conclusion =
      R"(,"conclusion":{"domain":["0","1"],"epsilon":"1","judgement":"sup-error"}})";
  for (const StepRow& row : kSteps) {
    CAPTURE(row.members);
    CHECK(verdict(small_with(1, "{" + std::string(row.members) + conclusion)) == name(row.code));
  }
  CHECK(verdict(small_with(1, "[]")) == name(ErrorCode::JsonWrongType));
  CHECK(verdict(small_with(1, "")) == name(ErrorCode::JsonSyntax));
  CHECK(verdict(small_with(1, "{\"step\":1,")) == name(ErrorCode::JsonSyntax));
}

TEST_CASE("certificate: the end line, and nothing after it") {
  CHECK(verdict(small_with(2, R"({"end":2})")) == name(ErrorCode::PremiseUnknown));
  CHECK(verdict(small_with(2, R"({"end":0})")) == name(ErrorCode::PremiseUnknown));
  CHECK(verdict(small_with(2, R"({"end":"1"})")) == name(ErrorCode::JsonWrongType));
  CHECK(verdict(small_with(2, R"({"end":1,"x":1})")) == name(ErrorCode::JsonUnknownKey));
  const std::string after = name(ErrorCode::TextAfterEnd);
  for (const char* more : {"\n", " ", "{}", "{\"end\":1}\n"}) {
    CHECK(verdict(std::string(kSmall) + more) == after);
  }
  CHECK(verdict(std::string(kSmall) + std::string(1, '\0')) == after);
  CHECK(verdict("") == name(ErrorCode::CertificateTruncated));
  CHECK(verdict(std::string((std::size_t{64} << 20U) + 1, ' ') + "\n") ==
        name(ErrorCode::LineTooLong));
}

TEST_CASE("certificate: text hidden behind a NUL byte is not skipped") {
  std::vector<std::string> lines = lines_of(std::string(kSmall));
  for (std::string& line : lines) {
    const std::string before = line;
    line += std::string(1, '\0') + "{\"hidden\":1}";
    CHECK(verdict(joined(lines)) == name(ErrorCode::JsonSyntax));
    line = before;
  }
}

TEST_CASE("certificate: where it was refused") {
  const Verdict wrong = check_certificate(
      small_with(1, R"({"step":1,"rule":"enclose","precision":53,"conclusion":{"domain":)"
                    R"(["0","1"],"epsilon":"0.5","judgement":"sup-error"}})"),
      ".");
  REQUIRE(wrong.refusal.has_value());
  CHECK(wrong.refusal->error.code == ErrorCode::BoundExceeded);
  CHECK(wrong.refusal->step == 1);
  CHECK(wrong.refusal->rule == "enclose");
  CHECK(wrong.refusal->byte == kSmall.find('\n') + 1);
  CHECK_FALSE(wrong.io_failure);
}
