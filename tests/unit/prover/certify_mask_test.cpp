#include "attncert/prover/mask.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

MaskError problem(long tokens, const Json& pattern, const char* score_bound,
                  const char* value_bound, const char* epsilon) {
  auto mask = mask_of(pattern);
  REQUIRE(mask);
  return {tokens, mask.value(), real(score_bound), real(value_bound), 0, real(epsilon)};
}

// Found, accepted, and no longer accepted when lowered by 1e-17 of itself.
Rational certified(const MaskError& asked) {
  const auto bound = certify_mask(asked);
  REQUIRE(outcome(bound) == "ok");
  Certificate certificate = bound.value().certificate;
  const auto verdict = check_certificate(write_certificate(certificate), ".", certificate.claim);
  CHECK_FALSE(verdict.refusal);
  MaskError claim = std::get<MaskError>(certificate.claim);
  CHECK(claim.omega == bound.value().omega);
  if (claim.omega > 0) {
    claim.omega *= Rational(1 - power_of_ten(-17));
    certificate.claim = claim;
    certificate.steps.front().conclusion = claim;
    CHECK(check_certificate(write_certificate(certificate), ".").refusal.has_value());
    CHECK(bound.value().sharp);
  }
  return bound.value().omega;
}

}  // namespace

TEST_CASE("certify_mask: accepted by the kernel, and sharp") {
  CHECK(certified(problem(1024, "causal", "10", "1/2", "1e-6")) == real("40.746004323915400586"));
  CHECK(certified(problem(1000000, "causal", "10", "1/2", "1e-300")) > 700);
  CHECK(certified(problem(INT64_MAX, "window:64", "1e5000", "1e5000", "1e-5000")) > real("2e5000"));
  CHECK(certified(problem(8, "block:3", "1/3", "2/3", "1/7")) > 0);
  CHECK(certified(problem(2, {{"rows", {"8", "c"}}}, "1/3", "2/3", "1/7")) > 0);
}

TEST_CASE("certify_mask: nothing to hide, or nothing to fear") {
  CHECK(certified(problem(1024, "full", "10", "1/2", "1e-300")) == 0);
  CHECK(certified(problem(1, "causal", "10", "1/2", "1e-300")) == 0);
  CHECK(certified(problem(8, "block:8", "10", "1/2", "1e-300")) == 0);
  CHECK(certified(problem(8, "causal", "10", "1/2", "1")) == 0);
  CHECK(certified(problem(8, "causal", "10", "0", "1e-300")) == 0);
  CHECK(certified(problem(8, "causal", "0", "1/2", "0.9")) == 0);  // ln 7 + ln(1/9) < 0
}

TEST_CASE("certify_mask: near 0, where digits are lost") {
  // n_M / n_S = 1: Omega = 2B + ln((2 - E) / E), close to 2B + 2(1 - E)
  CHECK(certified(problem(4, "block:2", "0", "1", "1")) == 0);
  CHECK(certified(problem(4, "block:2", "1e-700", "1", "1")) >= real("2e-700"));
  std::string nines = "0." + std::string(600, '9');
  CHECK(certified(problem(4, "block:2", "0", "1", nines.c_str())) >= real("2e-600"));
  std::string above = "1." + std::string(599, '0') + "1";
  CHECK(certified(problem(4, "block:2", "0", "1", above.c_str())) == 0);
  CHECK(certified(problem(4, "block:2", "1e-700", "1", above.c_str())) == 0);
  CHECK(certified(problem(4, "block:2", "1e-599", "1", above.c_str())) > 0);
}

TEST_CASE("certify_mask: bad input") {
  const MaskError good = problem(8, "causal", "10", "1/2", "1e-6");
  MaskError bad = good;
  bad.epsilon = 0;
  CHECK(outcome(certify_mask(bad)) == name(ErrorCode::EpsilonNegative));
  bad = good;
  bad.score_bound = -1;
  CHECK(outcome(certify_mask(bad)) == name(ErrorCode::BoundNegative));
  bad = good;
  bad.value_bound = -1;
  CHECK(outcome(certify_mask(bad)) == name(ErrorCode::BoundNegative));
  bad = good;
  bad.tokens = 0;
  CHECK(outcome(certify_mask(bad)) == name(ErrorCode::MaskSyntax));
  bad = good;
  bad.mask = {MaskPattern::Kind::rows, 0, {"8", "0"}};
  bad.tokens = 2;
  CHECK(outcome(certify_mask(bad)) == name(ErrorCode::MaskRowEmpty));
}
