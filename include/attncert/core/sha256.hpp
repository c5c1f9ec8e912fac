// SHA-256 of a byte string, by OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace attncert {

/// The SHA-256 digest as 64 lower-case hexadecimal digits.
/// Status   trusted (libcrypto)
std::string sha256_hex(std::string_view bytes);

}  // namespace attncert
