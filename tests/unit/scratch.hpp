// Temporary folders for tests of files.
#pragma once

#include <stdlib.h>

#include <filesystem>

#include "unit/support.hpp"

namespace attncert::testing {

/// A folder of its own, gone afterwards.
class Scratch {
public:
  Scratch() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "attncert-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }
  long entries() const {
    return std::distance(std::filesystem::directory_iterator(path_),
                         std::filesystem::directory_iterator());
  }

private:
  std::filesystem::path path_;
};

}  // namespace attncert::testing
