#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "attncert/core/file.hpp"
#include "attncert/prover/agreement.hpp"

namespace attncert {
namespace {

Error unwritable(const std::filesystem::path& path) {
  return fail(ErrorCode::FileUnwritable,
              "cannot write '" + path.string() + "': " + std::strerror(errno));
}

// Appends to a file cut to `size` bytes first, and flushes it to the disk.
Status append(const std::filesystem::path& path, std::size_t size, const std::string& text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return unwritable(path);
  const bool good = ::ftruncate(descriptor, static_cast<off_t>(size)) == 0 &&
                    ::pwrite(descriptor, text.data(), text.size(), static_cast<off_t>(size)) ==
                        static_cast<ssize_t>(text.size()) &&
                    ::fsync(descriptor) == 0;
  const int saved = errno;
  ::close(descriptor);
  errno = saved;
  return good ? ok() : Status(unwritable(path));
}

bool is_difference(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_string() &&
         parse_rational(value[0].get<std::string>()) && value[1].is_number_integer();
}

// What add() writes: {"first":0,"last":100,"except":[[number, reason],...]}, and where computed
// outputs are compared "difference":[bound, number].
bool is_shard(const Json& line, long first, long size, bool computed) {
  if (!line.is_object() || !line.contains("first") || !line.contains("last") ||
      !line.contains("except")) {
    return false;
  }
  if (computed && !(line.contains("difference") && is_difference(line.at("difference")))) {
    return false;
  }
  if (line.at("first") != first || !line.at("last").is_number_integer() ||
      line.at("last") <= first || line.at("last") > first + size) {
    return false;
  }
  const Json& except = line.at("except");
  return except.is_array() && std::all_of(except.begin(), except.end(), [](const Json& one) {
           return one.is_array() && one.size() == 2 && one[0].is_number_integer() &&
                  one[1].is_string();
         });
}

}  // namespace

// Damaged lines and all after them are dropped: their shards are done again.
Result<ShardLog> ShardLog::open(const std::filesystem::path& path, const Json& header) {
  ShardLog log;
  log.path_ = path;
  std::string text;
  if (std::filesystem::exists(path)) {
    ATTNCERT_TRY(text, read_file(path));
  }
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  const long size = header.at("shard_size").get<long>();
  std::size_t at = 0;
  bool first = true;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    const Json line = Json::parse(text.begin() + static_cast<long>(at),
                                  text.begin() + static_cast<long>(end), nullptr, false);
    if (first && (line.is_discarded() || line != header)) {
      return fail(ErrorCode::FileUnwritable,
                  "'" + path.string() +
                      "' holds unfinished work on other files or with other options: finish "
                      "that, or remove it");
    }
    const long next = static_cast<long>(log.finished_.size()) * size;
    if (!first && !is_shard(line, next, size, header.contains("evaluation"))) break;
    if (!first) log.finished_.push_back(line);
    first = false;
    at = end + 1;
  }
  ATTNCERT_CHECK(append(path, at, first ? header.dump() + "\n" : std::string()));
  return log;
}

Status ShardLog::add(const Json& shard) {
  finished_.push_back(shard);
  if (path_.empty()) return ok();
  std::error_code problem;
  const auto size = std::filesystem::file_size(path_, problem);
  return append(path_, problem ? 0 : static_cast<std::size_t>(size), shard.dump() + "\n");
}

void ShardLog::remove() const {
  if (path_.empty()) return;
  std::error_code problem;
  std::filesystem::remove(path_, problem);
}

}  // namespace attncert
