#include "attncert/core/file.hpp"

#include <sys/stat.h>

#include <fstream>

#include "unit/scratch.hpp"

using namespace attncert;
using namespace attncert::testing;
namespace fs = std::filesystem;

TEST_CASE("file: only whole regular files of reasonable size are read") {
  const Scratch scratch;
  const fs::path pipe = scratch.path() / "pipe";
  const fs::path huge = scratch.path() / "huge";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::ofstream(huge).put('x');
  fs::resize_file(huge, (std::uintmax_t{1} << 34U) + 1);
  CHECK(outcome(read_file(scratch.path() / "missing")) == name(ErrorCode::FileUnreadable));
  CHECK(outcome(read_file(scratch.path())) == name(ErrorCode::FileUnreadable));
  CHECK(outcome(read_file(pipe)) == name(ErrorCode::FileUnreadable));
  CHECK(outcome(read_file(huge)) == name(ErrorCode::FileUnreadable));
  CHECK(outcome(read_file("/dev/zero")) == name(ErrorCode::FileUnreadable));
}
