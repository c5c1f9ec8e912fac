// Names of sublayers: they are printed in claims, so they must not be able to look like anything
// else.
#pragma once

#include "attncert/core/json.hpp"

namespace attncert {

/// Reads a name.
/// Requires 1 to 100 characters among letters, digits, '.', '_', '-' and '/'; otherwise NameSyntax
/// Status   trusted
Result<std::string> name_in(const Json& object, const char* key);

}  // namespace attncert
