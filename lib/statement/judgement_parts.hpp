// Parts that several judgements have (private to the module).
#pragma once

#include "attncert/statement/judgement.hpp"

namespace attncert {

/// A function's text; NotCanonical where it is another than the canonical one.
Result<std::string> function_of(const Json& value, const char* key);

/// "epsilon", not negative; a number under another key likewise.
Result<Rational> epsilon_of(const Json& value, const char* key = "epsilon");

/// {"network": SHA-256, "weights": SHA-256}.
Result<std::string> hash_of(const Json& value, const char* key);
Result<ModelHashes> hashes_of(const Json& value);

Result<Judgement> read_rounding(const Json& value);
Result<Judgement> read_rounding_error(const Json& value);

}  // namespace attncert
