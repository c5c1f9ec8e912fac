// Strict JSON: no duplicate or unknown keys, no floating-point numbers, bounded depth.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "attncert/core/rational.hpp"

namespace attncert {

using Json = nlohmann::json;

/// Parses one JSON value.
/// Requires no duplicate keys (JsonDuplicateKey), numbers integers of 64 bits (JsonNumber), nesting
///          of at most 16 (JsonTooDeep), and nothing else wrong (JsonSyntax, with the byte)
/// Status   trusted
Result<Json> parse_json(std::string_view text);

/// The object has every required key, and no key that is neither required nor optional.
/// Errors   JsonWrongType, JsonMissingKey, JsonUnknownKey; `where` names the object in messages
Status check_keys(const Json& object, const std::string& where,
                  std::initializer_list<std::string_view> required,
                  std::initializer_list<std::string_view> optional = {});

/// Members by type; JsonWrongType otherwise. Requires the key to be there (check_keys).
Result<std::string> text_of(const Json& object, const char* key);
Result<long> integer_of(const Json& object, const char* key);
Result<Rational> real_of(const Json& object, const char* key);
Result<Json> array_of(const Json& object, const char* key);

}  // namespace attncert
