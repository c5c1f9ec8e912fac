// Whole files out: all of them or none, and never a half-written one.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "attncert/core/result.hpp"

namespace attncert {

/// Takes the next bytes of a file.
using ByteSink = std::function<Status(std::string_view)>;
/// Gives a file's bytes to a sink, in order.
using ByteSource = std::function<Status(const ByteSink&)>;

/// Temporary files beside their targets, on the disk, that vanish unless they are committed.
class StagedFiles {
public:
  StagedFiles() = default;
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;
  ~StagedFiles();

  /// Writes a temporary file and flushes it to the disk; returns its path.
  /// Requires a target that does not exist yet or is a regular file (links to such included)
  /// Errors   FileUnwritable, and the source's
  Result<std::filesystem::path> stage(const std::filesystem::path& target,
                                      const ByteSource& source);

  /// Renames every temporary file to its target.
  /// Ensures  on error (FileUnwritable) before the first rename every target is as it was
  Status commit();

private:
  struct Staged {
    std::filesystem::path target;
    std::string temporary;
  };
  std::vector<Staged> files_;
};

/// A file's path from a folder, both made canonical as far as they exist.
std::string relative_to(const std::filesystem::path& file, const std::filesystem::path& folder);

struct OutputFile {
  std::filesystem::path path;
  std::string content;
};

/// Stages and commits.
Status write_files_atomically(const std::vector<OutputFile>& files);

Status write_file_atomically(const std::filesystem::path& path, std::string content);

}  // namespace attncert
