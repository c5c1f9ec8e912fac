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

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return io_error(ErrorCode::FileUnreadable, "cannot open", path);
  struct stat facts {};
  std::string content;
  bool good = ::fstat(descriptor, &facts) == 0;
  if (good && !S_ISREG(facts.st_mode)) {
    errno = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
    good = false;
  }
  if (good && facts.st_size > (off_t{1} << 32)) {
    errno = EFBIG;
    good = false;
  }
  if (good) {
    content.resize(static_cast<std::size_t>(facts.st_size));
    std::size_t have = 0;
    while (good && have < content.size()) {
      const ssize_t got = ::read(descriptor, content.data() + have, content.size() - have);
      if (got < 0 && errno == EINTR) continue;
      good = got >= 0;
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    content.resize(have);
  }
  const int saved = errno;
  ::close(descriptor);
  errno = saved;
  if (!good) return io_error(ErrorCode::FileUnreadable, "cannot read", path);
  return content;
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkstemp(temporary.data());
  if (descriptor < 0) return io_error(ErrorCode::FileUnwritable, "cannot create", path);
  const bool good = write_all(descriptor, content) && ::fchmod(descriptor, 0644) == 0;
  const int saved = errno;
  const bool closed = ::close(descriptor) == 0;
  if (good) errno = closed ? 0 : errno;
  if (good && closed && ::rename(temporary.c_str(), path.c_str()) == 0) return ok();
  if (!good) errno = saved;
  const Error error = io_error(ErrorCode::FileUnwritable, "cannot write", path);
  ::unlink(temporary.c_str());
  return error;
}

}  // namespace attncert
