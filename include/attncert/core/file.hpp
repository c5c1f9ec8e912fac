// Whole files, read.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "attncert/core/result.hpp"

namespace attncert {

/// The bytes of a file.
class Bytes {
public:
  explicit Bytes(std::size_t size)
      : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}

  char* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

  /// Keeps the first `size` bytes only.
  void shorten(std::size_t size) { size_ = size; }

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

/// Reads a whole regular file.
/// Requires a readable regular file of at most 16 GiB; otherwise FileUnreadable
Result<Bytes> read_bytes(const std::filesystem::path& path);

/// The same, as a string.
Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace attncert
