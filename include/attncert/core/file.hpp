// Whole files, read.
#pragma once

#include <filesystem>
#include <string>

#include "attncert/core/result.hpp"

namespace attncert {

/// Reads a whole regular file.
/// Requires a readable regular file of at most 4 GiB; otherwise FileUnreadable
Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace attncert
