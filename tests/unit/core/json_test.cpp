#include "attncert/core/json.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Rejection {
  std::string_view text;
  ErrorCode code;
};

using namespace std::string_view_literals;

constexpr Rejection kRejected[] = {
    {"", ErrorCode::JsonSyntax},
    {"{", ErrorCode::JsonSyntax},
    {"{\"a\":1", ErrorCode::JsonSyntax},
    {"{\"a\" 1}", ErrorCode::JsonSyntax},
    {"{a:1}", ErrorCode::JsonSyntax},
    {"{'a':1}", ErrorCode::JsonSyntax},
    {"[1,]", ErrorCode::JsonSyntax},
    {"[1 2]", ErrorCode::JsonSyntax},
    {"01", ErrorCode::JsonSyntax},
    {"+1", ErrorCode::JsonSyntax},
    {"NaN", ErrorCode::JsonSyntax},
    {"Infinity", ErrorCode::JsonSyntax},
    {"\"a", ErrorCode::JsonSyntax},
    {"\"\xff\"", ErrorCode::JsonSyntax},
    {"\"\\ud800\"", ErrorCode::JsonSyntax},
    {"\"\t\"", ErrorCode::JsonSyntax},
    {"{} // comment", ErrorCode::JsonSyntax},
    {"{}{}", ErrorCode::JsonSyntax},
    {"{} x", ErrorCode::JsonSyntax},
    {"1 2", ErrorCode::JsonSyntax},
    {"{}\0"sv, ErrorCode::JsonSyntax},
    {"{}\0{}"sv, ErrorCode::JsonSyntax},
    {"{\"a\":1}\0 hidden"sv, ErrorCode::JsonSyntax},
    {"\xef\xbb\xbf{}", ErrorCode::JsonSyntax},
    {"{\"a\":1,\"a\":1}", ErrorCode::JsonDuplicateKey},
    {"{\"a\":1,\"b\":2,\"\\u0061\":3}", ErrorCode::JsonDuplicateKey},
    {"[{\"x\":{\"a\":1,\"a\":2}}]", ErrorCode::JsonDuplicateKey},
    {"{\"\":1,\"\":1}", ErrorCode::JsonDuplicateKey},
    {"1.0", ErrorCode::JsonNumber},
    {"1e2", ErrorCode::JsonNumber},
    {"-0.5", ErrorCode::JsonNumber},
    {"[0.1]", ErrorCode::JsonNumber},
    {"9223372036854775808", ErrorCode::JsonNumber},
    {"18446744073709551616", ErrorCode::JsonNumber},
    {"-9223372036854775809", ErrorCode::JsonNumber},
    {"1e999", ErrorCode::JsonSyntax},  // refused by the tokeniser already
    {"null", ErrorCode::JsonWrongType},
    {"{\"a\":null}", ErrorCode::JsonWrongType},
    {"true", ErrorCode::JsonWrongType},
    {"[false]", ErrorCode::JsonWrongType},
};

Json parsed(std::string_view text) {
  auto json = parse_json(text);
  REQUIRE(outcome(json) == "ok");
  return std::move(json).value();
}

}  // namespace

TEST_CASE("json: strictness") {
  for (const Rejection& row : kRejected) {
    CAPTURE(std::string(row.text));
    CHECK(outcome(parse_json(row.text)) == name(row.code));
  }
}

TEST_CASE("json: nesting beyond 16 is refused, however deep") {
  CHECK(outcome(parse_json(std::string(16, '[') + std::string(16, ']'))) == "ok");
  for (const std::size_t depth : {17UL, 1000UL, 100000UL}) {
    CAPTURE(depth);
    const std::string text = std::string(depth, '[') + std::string(depth, ']');
    CHECK(outcome(parse_json(text)) == name(ErrorCode::JsonTooDeep));
    CHECK(outcome(parse_json(std::string(depth, '['))) == name(ErrorCode::JsonTooDeep));
  }
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  CHECK(outcome(parse_json(objects)) == name(ErrorCode::JsonTooDeep));
}

TEST_CASE("json: integers of 64 bits are exact") {
  CHECK(parsed("9223372036854775807").get<long>() == 9223372036854775807L);
  CHECK(parsed("-9223372036854775808").get<long>() == -9223372036854775807L - 1);
  CHECK(parsed(" [ 1 , -2 ]\n") == Json::array({1, -2}));
}

TEST_CASE("json: keys of an object") {
  const auto check = [](const char* text) {
    return outcome(check_keys(parsed(text), "a thing", {"a", "b"}, {"c"}));
  };
  CHECK(check(R"({"a":1,"b":2})") == "ok");
  CHECK(check(R"({"c":1,"b":2,"a":3})") == "ok");
  CHECK(check(R"({"a":1})") == name(ErrorCode::JsonMissingKey));
  CHECK(check(R"({"a":1,"b":2,"d":3})") == name(ErrorCode::JsonUnknownKey));
  CHECK(check(R"({"a":1,"b":2,"A":3})") == name(ErrorCode::JsonUnknownKey));
  CHECK(check(R"([1])") == name(ErrorCode::JsonWrongType));
  CHECK(check(R"("a")") == name(ErrorCode::JsonWrongType));
}

TEST_CASE("json: members by type") {
  const Json json = parsed(R"({"text":"1.5","integer":3,"array":[],"object":{}})");
  CHECK(text_of(json, "text").value() == "1.5");
  CHECK(integer_of(json, "integer").value() == 3);
  CHECK(real_of(json, "text").value() == Rational(3, 2));
  CHECK(array_of(json, "array").value().empty());
  CHECK(outcome(text_of(json, "integer")) == name(ErrorCode::JsonWrongType));
  CHECK(outcome(integer_of(json, "text")) == name(ErrorCode::JsonWrongType));
  CHECK(outcome(real_of(json, "integer")) == name(ErrorCode::JsonWrongType));
  CHECK(outcome(array_of(json, "object")) == name(ErrorCode::JsonWrongType));
  CHECK(outcome(real_of(parsed(R"({"text":"x"})"), "text")) == name(ErrorCode::NumberSyntax));
}
