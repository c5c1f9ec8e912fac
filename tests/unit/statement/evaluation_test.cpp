#include "attncert/statement/evaluation.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Json kFp16 = {{"storage", "fp16"},       {"compute", "fp16"},
                    {"accumulate", "fp32"},    {"order", "blocks:16"},
                    {"underflow", "flush"},    {"exp_ulp", "1"},
                    {"activation_error", "4"}, {"softmax", "max-subtraction"},
                    {"division_ulp", "0.5"},   {"norm", "one-pass"},
                    {"exp_zero", "17.5"},      {"masked_scores", "left-out"}};

struct Refusal {
  const char* key;
  Json value;
  ErrorCode code;
};

const Refusal kRefusals[] = {
    {"storage", "half", ErrorCode::FormatUnknown},
    {"order", "random", ErrorCode::EvaluationSyntax},
    {"order", "blocks:0", ErrorCode::EvaluationSyntax},
    {"order", "blocks:016", ErrorCode::EvaluationSyntax},
    {"underflow", "maybe", ErrorCode::EvaluationSyntax},
    {"softmax", "online", ErrorCode::EvaluationSyntax},
    {"exp_ulp", "-1", ErrorCode::EvaluationSyntax},
    {"division_ulp", "-0.5", ErrorCode::EvaluationSyntax},
    {"norm", "three-pass", ErrorCode::EvaluationSyntax},
    {"exp_zero", "soon", ErrorCode::NumberSyntax},
    {"masked_scores", "-10000", ErrorCode::EvaluationSyntax},
    {"activation_error", 4, ErrorCode::JsonWrongType},
    {"rounding", "nearest", ErrorCode::JsonUnknownKey},
};

// The largest number of roundings that a term of a sum of n passes, by adding up its depth.
long depth_of_pairwise(long n) {
  return n == 1 ? 0 : 1 + std::max(depth_of_pairwise(n / 2), depth_of_pairwise(n - n / 2));
}

}  // namespace

TEST_CASE("evaluation: read and written again") {
  const auto evaluation = evaluation_of(kFp16);
  REQUIRE(evaluation);
  CHECK(to_json(evaluation.value()) == kFp16);
  CHECK(evaluation_of(to_json(evaluation.value())).value() == evaluation.value());
  CHECK(in_words(evaluation.value()).find("sums in fp32 in blocks of 16") != std::string::npos);
}

TEST_CASE("evaluation: refused") {
  for (const Refusal& row : kRefusals) {
    CAPTURE(row.key);
    Json changed = kFp16;
    changed[row.key] = row.value;
    const auto evaluation = evaluation_of(changed);
    REQUIRE_FALSE(evaluation);
    CHECK(evaluation.error().code == row.code);
  }
  Json less = kFp16;
  less.erase("order");
  CHECK(evaluation_of(less).error().code == ErrorCode::JsonMissingKey);
}

TEST_CASE("evaluation: roundings on the way of a term") {
  const auto order = [](std::string_view text) { return summation_named(text).value(); };
  for (long n = 1; n < 300; ++n) {
    CAPTURE(n);
    CHECK(order("any").roundings(n) == n);
    CHECK(order("sequential").roundings(n) == n);
    CHECK(order("pairwise").roundings(n) == depth_of_pairwise(n) + 1);
    CHECK(order("blocks:1").roundings(n) == n);
    CHECK(order("blocks:300").roundings(n) == n);
    CHECK(order("blocks:16").roundings(n) == std::min(n, 16L) + (n + 15) / 16 - 1);
  }
}
