// Whole files in, whole files out: never a half-written one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "attncert/core/result.hpp"

namespace attncert {

/// Reads a whole regular file.
/// Requires a readable regular file of at most 4 GiB; otherwise FileUnreadable
Result<std::string> read_file(const std::filesystem::path& path);

/// Writes a temporary file beside `path`, flushes it to the disk, and renames it into place.
/// Ensures  on error (FileUnwritable) `path` is as it was and no temporary file is left
Status write_file_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace attncert
