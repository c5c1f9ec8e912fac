// Read-only memory maps: for generators, which need not hold what they hash (checkers do).
#pragma once

#include <filesystem>
#include <string_view>

#include "attncert/core/result.hpp"

namespace attncert {

/// A whole regular file, mapped.
class MappedFile {
public:
  /// Errors   FileUnreadable
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

private:
  MappedFile(void* data, std::size_t size) : data_(data), size_(size) {}

  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace attncert
