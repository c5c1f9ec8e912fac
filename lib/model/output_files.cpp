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
  return true;
}

bool finish(int descriptor) {
  const bool flushed = ::fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
  return flushed && ::fchmod(descriptor, 0644) == 0;
}

}  // namespace

std::string relative_to(const std::filesystem::path& file, const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  const fs::path from = fs::weakly_canonical(fs::absolute(folder));
  return fs::weakly_canonical(fs::absolute(file)).lexically_relative(from).generic_string();
}

StagedFiles::~StagedFiles() {
  for (const Staged& file : files_) ::unlink(file.temporary.c_str());
}

Result<std::filesystem::path> StagedFiles::stage(const std::filesystem::path& target,
                                                 const ByteSource& source) {
  std::error_code problem;
  const auto status = std::filesystem::status(target, problem);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return cannot_write(target, "it exists and is not a regular file");
  }
  std::string temporary = target.string() + ".XXXXXX";
  const int descriptor = ::mkstemp(temporary.data());
  if (descriptor < 0) return cannot_write(target, std::strerror(errno));
  files_.push_back({target, temporary});
  const Status written = source([&](std::string_view bytes) -> Status {
    return write_all(descriptor, bytes) ? ok() : Status(cannot_write(target, std::strerror(errno)));
  });
  const bool flushed = finish(descriptor);
  const int saved = errno;
  const bool closed = ::close(descriptor) == 0;
  if (!written) return written.error();
  if (flushed && closed) return std::filesystem::path(temporary);
  return cannot_write(target, std::strerror(flushed ? errno : saved));
}

Status StagedFiles::commit() {
  for (const Staged& file : files_) {
    if (::rename(file.temporary.c_str(), file.target.c_str()) != 0) {
      return cannot_write(file.target, std::strerror(errno));
    }
  }
  files_.clear();
  return ok();
}

Status write_files_atomically(const std::vector<OutputFile>& files) {
  StagedFiles staged;
  for (const OutputFile& file : files) {
    ATTNCERT_CHECK(
        staged.stage(file.path, [&](const ByteSink& sink) { return sink(file.content); }));
  }
  return staged.commit();
}

Status write_file_atomically(const std::filesystem::path& path, std::string content) {
  return write_files_atomically({{path, std::move(content)}});
}

}  // namespace attncert
