#include "attncert/model/output_files.hpp"

#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "attncert/core/file.hpp"
#include "unit/scratch.hpp"

using namespace attncert;
using namespace attncert::testing;
namespace fs = std::filesystem;

namespace {

// Makes writes beyond some bytes fail, as a full disk would: permissions do not stop root.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("output files: what is written is read back, bytes and all") {
  const Scratch scratch;
  const fs::path path = scratch.path() / "file";
  std::string bytes("\0\n\r\xff", 4);
  bytes += std::string(1 << 20, 'x');
  CHECK(outcome(write_file_atomically(path, "before")) == "ok");
  CHECK(outcome(write_file_atomically(path, bytes)) == "ok");
  CHECK(read_file(path).value() == bytes);
  CHECK(outcome(write_file_atomically(path, "")) == "ok");
  CHECK(read_file(path).value().empty());
  CHECK(scratch.entries() == 1);
}

TEST_CASE("output files: a failed write leaves the old file, and nothing else") {
  const Scratch scratch;
  const fs::path path = scratch.path() / "file";
  REQUIRE(write_file_atomically(path, "before"));
  std::string failure;
  {
    const FileSizeLimit limit(1000);
    failure = outcome(write_file_atomically(path, std::string(100000, 'x')));
  }
  CHECK(failure == name(ErrorCode::FileUnwritable));
  CHECK(read_file(path).value() == "before");
  CHECK(scratch.entries() == 1);
}

TEST_CASE("output files: places that cannot be written") {
  const Scratch scratch;
  fs::create_directory(scratch.path() / "folder");
  std::ofstream(scratch.path() / "plain") << "text";
  const auto write = [&](const fs::path& name) {
    return outcome(write_file_atomically(scratch.path() / name, "x"));
  };
  CHECK(write("missing/file") == name(ErrorCode::FileUnwritable));
  CHECK(write("plain/file") == name(ErrorCode::FileUnwritable));
  CHECK(write("folder") == name(ErrorCode::FileUnwritable));
  CHECK(outcome(write_file_atomically("/proc/attncert", "x")) == name(ErrorCode::FileUnwritable));
  CHECK(scratch.entries() == 2);
  CHECK(read_file(scratch.path() / "plain").value() == "text");
}

TEST_CASE("output files: all of them, or none") {
  const Scratch scratch;
  const auto at = [&](const char* name) { return scratch.path() / name; };
  CHECK(outcome(write_files_atomically({{at("a"), "1"}, {at("b"), "2"}})) == "ok");
  CHECK(outcome(write_files_atomically({})) == "ok");
  const std::string failure = name(ErrorCode::FileUnwritable);
  CHECK(outcome(write_files_atomically({{at("a"), "3"}, {at("missing/b"), "4"}})) == failure);
  CHECK(outcome(write_files_atomically({{at("missing/b"), "4"}, {at("a"), "3"}})) == failure);
  CHECK(outcome(write_files_atomically({{at("c"), "3"}, {scratch.path(), "4"}})) == failure);
  CHECK(read_file(at("a")).value() == "1");
  CHECK(read_file(at("b")).value() == "2");
  CHECK(scratch.entries() == 2);
}
