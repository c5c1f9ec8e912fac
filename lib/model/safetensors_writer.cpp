#include "attncert/model/safetensors_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace attncert {
namespace {

bool is_single(const Tensor& tensor) {
  return std::all_of(tensor.values.begin(), tensor.values.end(), [](double value) {
    return static_cast<double>(static_cast<float>(value)) == value;
  });
}

template <class T>
void append(std::string& data, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  data.append(bytes, sizeof value);
}

}  // namespace

std::string write_safetensors(const std::map<std::string, Tensor>& tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const bool single = is_single(tensor);
    const std::size_t begin = data.size();
    for (const double value : tensor.values) {
      if (single) {
        append(data, static_cast<float>(value));
      } else {
        append(data, value);
      }
    }
    header[name] = {{"dtype", single ? "F32" : "F64"},
                    {"shape", tensor.shape},
                    {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string file;
  append(file, static_cast<std::uint64_t>(text.size()));
  return file + text + data;
}

}  // namespace attncert
