#include "attncert/core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace attncert {
namespace {

Error io_error(ErrorCode code, const char* doing, const std::filesystem::path& path) {
  return fail(code, std::string(doing) + " '" + path.string() + "': " + std::strerror(errno));
}

}  // namespace

Result<Bytes> read_bytes(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return io_error(ErrorCode::FileUnreadable, "cannot open", path);
  struct stat facts {};
  bool good = ::fstat(descriptor, &facts) == 0;
  if (good && !S_ISREG(facts.st_mode)) {
    errno = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
    good = false;
  }
  if (good && facts.st_size > (off_t{1} << 34)) {
    errno = EFBIG;
    good = false;
  }
  Bytes content(good ? static_cast<std::size_t>(facts.st_size) : 0);
  std::size_t have = 0;
  while (good && have < content.size()) {
    const ssize_t got = ::read(descriptor, content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    good = got >= 0;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.shorten(have);
  const int saved = errno;
  ::close(descriptor);
  errno = saved;
  if (!good) return io_error(ErrorCode::FileUnreadable, "cannot read", path);
  return content;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  ATTNCERT_TRY(const Bytes bytes, read_bytes(path));
  return std::string(bytes.view());
}

}  // namespace attncert
