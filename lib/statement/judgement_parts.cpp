#include "judgement_parts.hpp"

#include "attncert/expression/zoo.hpp"

namespace attncert {

Result<std::string> function_of(const Json& value, const char* key) {
  ATTNCERT_TRY(std::string text, text_of(value, key));
  ATTNCERT_TRY(const std::string canonical, canonical_function(text));
  if (canonical != text) {
    return fail(
        ErrorCode::NotCanonical,
        "'" + std::string(key) + "' is not in canonical form: write " + canonical.substr(0, 100));
  }
  return text;
}

Result<Rational> epsilon_of(const Json& value, const char* key) {
  ATTNCERT_TRY(Rational epsilon, real_of(value, key));
  if (epsilon < 0) {
    return fail(ErrorCode::EpsilonNegative, std::string(key) + " must not be negative");
  }
  return epsilon;
}

Result<std::string> hash_of(const Json& value, const char* key) {
  ATTNCERT_TRY(std::string text, text_of(value, key));
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail(ErrorCode::HashSyntax, "a SHA-256 is 64 lower-case hexadecimal digits");
  }
  return text;
}

Result<ModelHashes> hashes_of(const Json& value) {
  ATTNCERT_CHECK(check_keys(value, "a model", {"network", "weights"}));
  ATTNCERT_TRY(std::string network, hash_of(value, "network"));
  ATTNCERT_TRY(std::string weights, hash_of(value, "weights"));
  return ModelHashes{std::move(network), std::move(weights)};
}

}  // namespace attncert
