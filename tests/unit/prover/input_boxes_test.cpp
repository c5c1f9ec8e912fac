#include "attncert/prover/input_boxes.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

// Two sublayers, rows of two coordinates.
Network network() {
  Network result;
  result.d_model = 2;
  AttentionSublayer attention;
  attention.name = "h.0.attn";
  MlpSublayer mlp;
  mlp.name = "h.0.mlp";
  result.sublayers = {attention, mlp};
  return result;
}

struct Refused {
  const char* text;
  ErrorCode code;
  const char* needle;
};
constexpr Refused kRefused[] = {
    {"", ErrorCode::JsonSyntax, "not JSON"},
    {"{\"default\": 1", ErrorCode::JsonSyntax, "not JSON"},
    {"{\"default\": NaN}", ErrorCode::JsonSyntax, "not finite"},
    {"{\"default\": 1e999}", ErrorCode::JsonSyntax, "not finite"},
    {"{\"default\": 01}", ErrorCode::JsonSyntax, "not JSON"},
    {"{\"default\": \"nan\"}", ErrorCode::NumberSyntax, "'default'"},
    {"{\"default\": \"inf\"}", ErrorCode::NumberSyntax, "'default'"},
    {"{\"default\": \"1e9999\"}", ErrorCode::NumberTooLong, "'default'"},
    {"{\"default\": true}", ErrorCode::JsonWrongType, "true"},
    {"{\"default\": {}}", ErrorCode::JsonWrongType, "'default'"},
    {"{\"default\": 0}", ErrorCode::DomainReversed, "'default'"},
    {"{\"default\": -1}", ErrorCode::DomainReversed, "positive"},
    {"{\"default\": [[0, 0], [0, 0]]}", ErrorCode::DomainReversed, "'default'"},
    {"{\"h.0.mlp\": 1, \"h.0.mlp\": 2}", ErrorCode::JsonDuplicateKey, "h.0.mlp"},
    {"{\"h.1.mlp\": 1}", ErrorCode::LayerMissing, "'h.1.mlp'"},
    {"{\"h.0.mlp\": [[0, 1]]}", ErrorCode::RangeCount, "write 2"},
    {"{\"h.0.mlp\": [[0, 1], [0, 1], [0, 1]]}", ErrorCode::RangeCount, "has 3"},
    {"{\"h.0.mlp\": [[0, 1], [2, 1]]}", ErrorCode::DomainReversed, "pair 1"},
    {"{\"h.0.mlp\": [[0, 1], [1]]}", ErrorCode::JsonWrongType, "pair 1"},
    {"{\"h.0.mlp\": [[0, 1], 1]}", ErrorCode::JsonWrongType, "pair 1"},
    {"{}", ErrorCode::JsonWrongType, "entry"},
    {"[1]", ErrorCode::JsonWrongType, "object"},
};

}  // namespace

TEST_CASE("recorded ranges: the smallest box that holds them") {
  const auto boxes = read_input_boxes(
      R"({"h.0.attn": [[-3.25, 1e0], ["0.5", 2]], "default": "4.5", "h.0.mlp": 0.1})", network());
  REQUIRE(boxes);
  CHECK(boxes.value().of("h.0.attn") == Rational(13, 4));
  CHECK(boxes.value().of("h.0.mlp") == Rational(1, 10));
  CHECK(boxes.value().of("h.1.mlp") == Rational(9, 2));
}

TEST_CASE("recorded ranges: sublayers without an entry") {
  const auto boxes = read_input_boxes(R"({"h.0.attn": [[-1, 7], [-8, 2]]})", network());
  REQUIRE(boxes);
  CHECK(boxes.value().of("h.0.attn") == Rational(8));
  CHECK_FALSE(boxes.value().of("h.0.mlp"));
}

TEST_CASE("recorded ranges: numbers in names and strings stay as they are") {
  Network with_digits = network();
  std::get<MlpSublayer>(with_digits.sublayers[1]).name = "1-2.5e3";
  const auto boxes = read_input_boxes("{\"1-2.5e3\":1.5e-1}", with_digits);
  REQUIRE(boxes);
  CHECK(boxes.value().of("1-2.5e3") == Rational(3, 20));
}

TEST_CASE("recorded ranges: what is refused") {
  for (const Refused& row : kRefused) {
    CAPTURE(row.text);
    const auto boxes = read_input_boxes(row.text, network());
    REQUIRE_FALSE(boxes);
    CHECK(boxes.error().code == row.code);
    CHECK(boxes.error().message.find(row.needle) != std::string::npos);
  }
}
