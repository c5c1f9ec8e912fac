// Every number, string and key of real certificates, changed one at a time.
#include <map>

#include "attncert/certificate/certificate.hpp"
#include "attncert/expression/taylor.hpp"
#include "attncert/prover/document.hpp"
#include "attncert/prover/supremum.hpp"
#include "unit/kernel/steps.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Token {
  std::size_t begin;
  std::size_t end;
  bool is_string;
};

// Strings (keys too) and integers of a line of JSON.
std::vector<Token> tokens_of(const std::string& line) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      const std::size_t end = line.find('"', i + 1);
      tokens.push_back({i + 1, end, true});
      i = end;
    } else if (std::isdigit(static_cast<unsigned char>(line[i])) != 0) {
      const std::size_t end = line.find_first_not_of("0123456789", i);
      tokens.push_back({i, end, false});
      i = end - 1;
    }
  }
  return tokens;
}

std::vector<std::string> variants_of(const std::string& token, bool is_string) {
  if (!is_string) {
    const long number = std::stol(token);
    return {std::to_string(number + 1),
            std::to_string(number - 1),
            std::to_string(2 * number),
            "0",
            "-" + token,
            "\"" + token + "\"",
            "9223372036854775807"};
  }
  std::vector<std::string> variants{"", token + "x", "x", "inf", "-inf", "0", "all", "2", "1e-300"};
  if (const auto number = parse_rational(token)) {
    const Rational q = number.value();
    for (const Rational& other :
         {Rational(-q), Rational(2 * q), Rational(q / 2), Rational(q + power_of_two(-40)),
          Rational(q - power_of_two(-40)), Rational(q + 1)}) {
      variants.push_back(to_string(other));
    }
    variants.push_back(token + "1");
    variants.push_back("+" + token);  // the same number, spelled otherwise
  }
  for (const char* name :
       {"sup-error", "lower-bound", "unbounded",   "well-defined", "value",  "enclose",
        "taylor",    "mean-value",  "tail",        "cover",        "weaken", "even",
        "scale",     "identical",   "divergence",  "witness",      "relu",   "silu",
        "gelu",      "target",      "approximant", "epsilon",      "domain"}) {
    variants.emplace_back(name);
  }
  return variants;
}

// What changed between two certificates that both parse, as the path of the first difference.
std::string difference(const Json& a, const Json& b) {
  const Json patch = Json::diff(a, b);
  return patch.empty() ? "" : patch.at(0).at("path").get<std::string>();
}

// The harmless changes: each leaves a correct proof of the very same claim.
bool is_harmless(const std::string& path) {
  for (const std::string_view where :
       {"/precision",           // another precision that still proves the step
        "/data/order",          // another order, likewise
        "/data/centre",         // another expansion point of the piece, likewise
        "/conclusion/epsilon",  // an intermediate bound that is as true and as sufficient
        "/conclusion/within",   // bounds of a value, likewise
        "/conclusion/domain",   // a premise proved on more than is needed
        "/conclusion/at",       // another witness
        "/rule"}) {             // taylor's data with mean-value, weaken for cover with one premise
    if (path.find(where) != std::string::npos) return true;
  }
  return false;
}

// A claim about other functions, whose proof the same steps happen to be: steps inherit the
// statement's pair. It must be true; here, at every point tried.
void check_plausible(const Judgement& claim) {
  const Pair& pair = *pair_of(claim);
  Context context(Subjects{});
  const auto d = context.difference(pair);
  REQUIRE(d);
  const auto size_at = [&](const Rational& x) {
    const auto value = evaluate(d.value()->program, d.value()->difference, enclose(x, 200), 200);
    REQUIRE(value);
    return abs(value.value());
  };
  if (const auto* bound = std::get_if<SupError>(&claim)) {
    for (int i = -64; i <= 64; ++i) {
      const Rational x(i, 8);
      if (bound->domain.contains(x)) REQUIRE(lower_rational(size_at(x)) <= bound->epsilon);
    }
  } else if (const auto* low = std::get_if<LowerBound>(&claim)) {
    REQUIRE(low->domain == domain("0", "1"));
    Rational most = 0;
    for (int i = 0; i <= 64; ++i) {
      most = std::max(most, upper_rational(size_at(Rational(i, 64))));
    }
    REQUIRE(most >= low->epsilon);
  } else {
    REQUIRE(std::holds_alternative<Unbounded>(claim));
    REQUIRE(std::max(lower_rational(size_at(1000)), lower_rational(size_at(-1000))) > 100);
  }
}

// A mutated line that is verified must state the same claim, and differ harmlessly.
void check_mutant(const std::vector<std::string>& lines, std::size_t index,
                  const std::string& mutant, const Judgement& claim,
                  std::map<std::string, int>& seen) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == index ? mutant : lines[i]) + "\n";
  const Verdict verdict = check_certificate(text, ".");
  ++seen[verdict.refusal ? name(verdict.refusal->error.code) : "Verified"];
  if (verdict.refusal) return;
  CAPTURE(lines[index]);
  CAPTURE(mutant);
  const std::string path = difference(parse_json(lines[index]).value(), parse_json(mutant).value());
  CAPTURE(path);
  const Verdict guarded = check_certificate(text, ".", claim);
  if (*verdict.claim == claim) {
    REQUIRE_FALSE(guarded.refusal.has_value());
    // in the statement, only the spelling of a number may differ
    REQUIRE((index == 0 ? path == "/statement/epsilon" || path.starts_with("/statement/domain")
                        : is_harmless(path)));
  } else {
    REQUIRE(guarded.refusal->error.code == ErrorCode::ClaimMismatch);
    REQUIRE(index == 0);
    REQUIRE((path == "/statement/target" || path == "/statement/approximant"));
    check_plausible(*verdict.claim);
  }
}

void check_every_mutant(const Certificate& certificate, std::map<std::string, int>& seen) {
  std::vector<std::string> lines;
  const std::string text = write_certificate(certificate);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const Token& token : tokens_of(lines[i])) {
      const std::string old = lines[i].substr(token.begin, token.end - token.begin);
      for (const std::string& variant : variants_of(old, token.is_string)) {
        if (variant == old) continue;
        check_mutant(lines, i,
                     lines[i].substr(0, token.begin) + variant + lines[i].substr(token.end),
                     certificate.claim, seen);
      }
    }
  }
}

}  // namespace

TEST_CASE("mutation: no changed certificate proves anything but the same claim") {
  std::map<std::string, int> seen;
  const auto silu = certify_supremum({"silu:k=2", "relu"}, domain("-inf", "inf"), real("0.25"));
  REQUIRE(silu);
  REQUIRE(silu.value().kind == CertifyOutcome::Kind::proved);
  check_every_mutant(silu.value().certificate, seen);
  const auto tanh = bound_supremum({"tanh", "x"}, domain("0", "1"), real("0.01"));
  REQUIRE(tanh);
  check_every_mutant(tanh.value().below.value(), seen);
  check_every_mutant(tanh.value().above, seen);
  const auto unbounded = bound_supremum({"tanh", "x"}, {}, real("0.01"));
  REQUIRE(unbounded);
  check_every_mutant(unbounded.value().above, seen);
  int total = 0;
  for (const auto& [verdict, count] : seen) total += count;
  CHECK(total > 1000);
  CHECK(seen["Verified"] < total / 5);
  for (const ErrorCode code :
       {ErrorCode::JsonUnknownKey, ErrorCode::UnknownRule, ErrorCode::ConclusionIsNotClaim,
        ErrorCode::PremiseUnknown, ErrorCode::BoundExceeded, ErrorCode::StepNumber}) {
    CHECK(seen[name(code)] > 0);
  }
}
