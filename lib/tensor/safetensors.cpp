#include "attncert/tensor/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace attncert {
namespace {

constexpr std::size_t kMaxHeader = std::size_t{100} << 20U;

std::size_t width_of(std::string_view dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "I8" || dtype == "U8" || dtype == "BOOL") return 1;
  return 0;
}

Error header_error(const std::string& what) {
  return fail(ErrorCode::SafetensorsHeader, "safetensors header: " + what);
}

template <class T>
T little_endian(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// IEEE 754 binary16: 1 sign bit, 5 of the exponent, 10 of the significand.
double from_f16(const char* bytes) {
  const auto bits = little_endian<std::uint16_t>(bytes);
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const double sign = (bits >> 15) != 0 ? -1 : 1;
  if (exponent == 31) return sign * HUGE_VAL;  // infinities, and NaNs, which are refused alike
  return sign *
         (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

// The upper half of a float.
double from_bf16(const char* bytes) {
  return std::bit_cast<float>(std::uint32_t{little_endian<std::uint16_t>(bytes)} << 16U);
}

double from_f32(const char* bytes) { return little_endian<float>(bytes); }

// Widens numbers one after the other; false where one is not finite.
template <double (*widen)(const char*), std::size_t width>
bool widen_all(const char* from, std::vector<double>& values) {
  bool finite = true;
  for (double& value : values) {
    value = widen(from);
    finite &= std::isfinite(value);
    from += width;
  }
  return finite;
}

using Widen = bool (*)(const char*, std::vector<double>&);

Widen widening_of(std::string_view dtype) {
  if (dtype == "F64") return widen_all<little_endian<double>, 8>;
  if (dtype == "F32") return widen_all<from_f32, 4>;
  if (dtype == "F16") return widen_all<from_f16, 2>;
  if (dtype == "BF16") return widen_all<from_bf16, 2>;
  return nullptr;
}

}  // namespace

std::string shape_text(const std::vector<long>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ")";
}

Result<TensorFile::Entry> TensorFile::parse_entry(const std::string& name, const Json& json,
                                                  std::size_t size) {
  ATTNCERT_CHECK(check_keys(json, "tensor '" + name + "'", {"dtype", "shape", "data_offsets"}));
  Entry entry;
  ATTNCERT_TRY(entry.dtype, text_of(json, "dtype"));
  std::size_t bytes = width_of(entry.dtype);
  if (bytes == 0) return header_error("tensor '" + name + "' has an unknown dtype");
  ATTNCERT_TRY(const Json shape, array_of(json, "shape"));
  for (const Json& extent : shape) {
    if (!extent.is_number_integer() || extent.get<long>() < 0) {
      return header_error("tensor '" + name + "' has a bad shape");
    }
    entry.shape.push_back(extent.get<long>());
    const auto factor = static_cast<std::size_t>(entry.shape.back());
    if (factor != 0 && bytes > size / factor) {
      return fail(ErrorCode::SafetensorsOffsets, "tensor '" + name + "' is larger than the file");
    }
    bytes *= factor;
  }
  ATTNCERT_TRY(const Json offsets, array_of(json, "data_offsets"));
  if (offsets.size() != 2 || !offsets[0].is_number_integer() || !offsets[1].is_number_integer()) {
    return header_error("tensor '" + name + "' has bad data_offsets");
  }
  const long begin = offsets[0].get<long>();
  const long end = offsets[1].get<long>();
  if (begin < 0 || end < begin || static_cast<std::size_t>(end) > size ||
      static_cast<std::size_t>(end - begin) != bytes) {
    return fail(ErrorCode::SafetensorsOffsets,
                "tensor '" + name + "' has data_offsets that do not fit its shape or the file");
  }
  entry.begin = static_cast<std::size_t>(begin);
  entry.end = static_cast<std::size_t>(end);
  return entry;
}

Status TensorFile::check_coverage(std::size_t size) const {
  std::vector<std::pair<std::size_t, std::size_t>> extents;
  for (const auto& [name, entry] : entries_) extents.emplace_back(entry.begin, entry.end);
  std::sort(extents.begin(), extents.end());
  std::size_t covered = 0;
  for (const auto& [begin, end] : extents) {
    if (begin != covered) {
      return fail(ErrorCode::SafetensorsOffsets,
                  "safetensors data has a gap or an overlap at byte " + std::to_string(covered));
    }
    covered = end;
  }
  if (covered != size) {
    return fail(ErrorCode::SafetensorsOffsets, "safetensors data has bytes no tensor owns");
  }
  return ok();
}

Result<TensorFile> TensorFile::parse(std::string_view bytes) {
  if (bytes.size() < 8) return header_error("the file is shorter than 8 bytes");
  const auto length = little_endian<std::uint64_t>(bytes.data());
  if (length > std::min(bytes.size() - 8, kMaxHeader)) {
    return header_error("its length field exceeds the file");
  }
  const std::string_view header = bytes.substr(8, length);
  if (!header.starts_with('{')) return header_error("it does not start with '{'");
  ATTNCERT_TRY(const Json json, parse_json(header));
  TensorFile file;
  file.data_ = bytes.substr(8 + length);
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) return header_error("__metadata__ must be an object");
      for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) return header_error("__metadata__ must map strings to strings");
      }
      continue;
    }
    ATTNCERT_TRY(Entry entry, parse_entry(name, value, file.data_.size()));
    file.entries_.emplace(name, std::move(entry));
  }
  ATTNCERT_CHECK(file.check_coverage(file.data_.size()));
  return file;
}

const std::vector<long>* TensorFile::shape_of(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.shape;
}

const std::string* TensorFile::dtype_of(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.dtype;
}

std::vector<std::string> TensorFile::names() const {
  std::vector<std::string> result;
  for (const auto& [name, entry] : entries_) result.push_back(name);
  return result;
}

Result<Tensor> TensorFile::read(const std::string& name, const std::vector<long>& shape) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return fail(ErrorCode::TensorMissing, "tensor '" + name + "' is not in the weights file");
  }
  const Entry& entry = found->second;
  if (entry.shape != shape) {
    return fail(ErrorCode::TensorShape, "tensor '" + name + "' has shape " +
                                            shape_text(entry.shape) + " where " +
                                            shape_text(shape) + " is needed");
  }
  const Widen widen = widening_of(entry.dtype);
  const std::size_t width = width_of(entry.dtype);
  if (widen == nullptr || width == 0) {
    return fail(ErrorCode::TensorType, "tensor '" + name + "' has dtype " + entry.dtype +
                                           ": only F64, F32, F16 and BF16 are supported");
  }
  Tensor tensor{shape, std::vector<double>((entry.end - entry.begin) / width)};
  if (widen(data_.data() + entry.begin, tensor.values)) return tensor;
  const auto bad = std::find_if(tensor.values.begin(), tensor.values.end(),
                                [](double value) { return !std::isfinite(value); });
  return fail(ErrorCode::TensorNotFinite, "tensor '" + name +
                                              "' has a value that is not finite, at index " +
                                              std::to_string(bad - tensor.values.begin()));
}

}  // namespace attncert
