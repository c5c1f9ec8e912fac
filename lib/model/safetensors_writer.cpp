#include "attncert/model/safetensors_writer.hpp"

#include <cstdint>
#include <cstring>

namespace attncert {
namespace {

std::size_t size_of(const PlannedTensor& tensor) {
  std::size_t bytes = tensor.single ? 4 : 8;
  for (const long extent : tensor.shape) bytes *= static_cast<std::size_t>(extent);
  return bytes;
}

std::string header_of(const TensorPlan& plan) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::size_t at = 0;
  for (const auto& [name, tensor] : plan) {
    header[name] = {{"dtype", tensor.single ? "F32" : "F64"},
                    {"shape", tensor.shape},
                    {"data_offsets", {at, at + size_of(tensor)}}};
    at += size_of(tensor);
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const auto length = static_cast<std::uint64_t>(text.size());
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + text;
}

template <class T>
Result<std::string> encode(const std::string& name, const std::vector<double>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  char* to = bytes.data();
  for (const double value : values) {
    const T stored = static_cast<T>(value);
    if (sizeof stored < sizeof value && static_cast<double>(stored) != value) {
      return fail(ErrorCode::TensorType, "tensor '" + name + "' has a number that F32 cannot hold");
    }
    std::memcpy(to, &stored, sizeof stored);
    to += sizeof stored;
  }
  return bytes;
}

}  // namespace

Status write_safetensors(const TensorPlan& plan, const ByteSink& sink, const Progress& progress) {
  std::size_t total = 0;
  for (const auto& [name, tensor] : plan) total += size_of(tensor);
  std::size_t written = 0;
  std::size_t count = 0;
  ATTNCERT_CHECK(sink(header_of(plan)));
  for (const auto& [name, tensor] : plan) {
    ATTNCERT_TRY(const std::vector<double> values, tensor.values());
    ATTNCERT_TRY(const std::string bytes,
                 tensor.single ? encode<float>(name, values) : encode<double>(name, values));
    if (bytes.size() != size_of(tensor)) {
      return fail(ErrorCode::TensorShape, "tensor '" + name + "' was planned with another size");
    }
    ATTNCERT_CHECK(sink(bytes));
    written += bytes.size();
    if (progress) progress(static_cast<double>(written) / static_cast<double>(total), ++count);
  }
  return ok();
}

}  // namespace attncert
