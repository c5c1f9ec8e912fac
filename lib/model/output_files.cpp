#include "attncert/model/output_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace attncert {
namespace {

Error cannot_write(const std::filesystem::path& path, const char* why) {
  return fail(ErrorCode::FileUnwritable, "cannot write '" + path.string() + "': " + why);
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

// Temporary files that go away unless they were renamed.
class Staged {
public:
  Staged() = default;
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;
  ~Staged() {
    for (const std::string& temporary : temporaries_) ::unlink(temporary.c_str());
  }

  Status stage(const OutputFile& file) {
    std::error_code problem;
    const auto status = std::filesystem::status(file.path, problem);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      return cannot_write(file.path, "it exists and is not a regular file");
    }
    std::string temporary = file.path.string() + ".XXXXXX";
    const int descriptor = ::mkstemp(temporary.data());
    if (descriptor < 0) return cannot_write(file.path, std::strerror(errno));
    temporaries_.push_back(temporary);
    const bool good = write_all(descriptor, file.content) && ::fchmod(descriptor, 0644) == 0;
    const int saved = errno;
    const bool closed = ::close(descriptor) == 0;
    if (good && closed) return ok();
    return cannot_write(file.path, std::strerror(good ? errno : saved));
  }

  Status rename_all(const std::vector<OutputFile>& files) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (::rename(temporaries_[i].c_str(), files[i].path.c_str()) != 0) {
        return cannot_write(files[i].path, std::strerror(errno));
      }
    }
    temporaries_.clear();
    return ok();
  }

private:
  std::vector<std::string> temporaries_;
};

}  // namespace

Status write_files_atomically(const std::vector<OutputFile>& files) {
  Staged staged;
  for (const OutputFile& file : files) ATTNCERT_CHECK(staged.stage(file));
  return staged.rename_all(files);
}

Status write_file_atomically(const std::filesystem::path& path, std::string content) {
  return write_files_atomically({{path, std::move(content)}});
}

}  // namespace attncert
