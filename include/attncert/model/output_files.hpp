// Whole files out: all of them or none, and never a half-written one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "attncert/core/result.hpp"

namespace attncert {

struct OutputFile {
  std::filesystem::path path;
  std::string content;
};

/// Writes temporary files beside their targets, flushes them to the disk, then renames all.
/// Requires targets that do not exist yet or are regular files (links to such included)
/// Ensures  on error (FileUnwritable) before the first rename every target is as it was; no
///          temporary file is left
Status write_files_atomically(const std::vector<OutputFile>& files);

Status write_file_atomically(const std::filesystem::path& path, std::string content);

}  // namespace attncert
