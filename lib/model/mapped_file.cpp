#include "attncert/model/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace attncert {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const auto failed = [&path](const char* doing, int cause) {
    return fail(ErrorCode::FileUnreadable,
                std::string(doing) + " '" + path.string() + "': " + std::strerror(cause));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return failed("cannot open", errno);
  struct stat facts {};
  const bool regular = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
  void* data = nullptr;
  int cause = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (regular && size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    cause = errno;
  }
  ::close(descriptor);
  if (!regular || data == MAP_FAILED) return failed("cannot read", cause);
  return MappedFile(data, regular ? size : 0);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace attncert
