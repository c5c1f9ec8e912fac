#include "attncert/model/safetensors_writer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace attncert {
namespace {

std::size_t width_of(NumberType type) {
  return type == NumberType::f64 ? 8 : type == NumberType::f32 ? 4 : 2;
}

std::size_t size_of(const PlannedTensor& tensor) {
  std::size_t bytes = width_of(tensor.type);
  for (const long extent : tensor.shape) bytes *= static_cast<std::size_t>(extent);
  return bytes;
}

std::string header_of(const TensorPlan& plan) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::size_t at = 0;
  for (const auto& [name, tensor] : plan) {
    header[name] = {{"dtype", name_of(tensor.type)},
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

// The nearest number of so many significant bits that is a multiple of 2^least, ties to even.
double nearest(double value, int bits, int least) {
  if (value == 0) return value;
  int exponent = 0;
  std::frexp(value, &exponent);
  const int unit = std::max(exponent - bits, least);
  return std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
}

double nearest(double value, NumberType type) {
  switch (type) {
    case NumberType::f16: return nearest(value, 11, -24);
    case NumberType::bf16: return nearest(value, 8, -133);
    case NumberType::f32: return static_cast<float>(value);
    default: return value;
  }
}

double largest(NumberType type) {
  return type == NumberType::f16 ? 65504 : type == NumberType::bf16 ? 0x1.fep127 : 0x1.fffffep127;
}

// IEEE 754 binary16 of a number that it holds.
std::uint16_t f16_bits(double value) {
  const std::uint32_t sign = std::signbit(value) ? 0x8000U : 0U;
  const double magnitude = std::fabs(value);
  if (magnitude < 0x1p-14) {
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(magnitude * 0x1p24));
  }
  int exponent = 0;
  const double fraction = std::frexp(magnitude, &exponent);  // in [1/2, 1)
  const auto digits = static_cast<std::uint32_t>(fraction * 0x1p11) - 1024U;
  return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(exponent + 14) << 10U |
                                    digits);
}

template <class T>
void append(std::string& bytes, T stored) {
  char raw[sizeof stored];
  std::memcpy(raw, &stored, sizeof stored);
  bytes.append(raw, sizeof stored);
}

void append(std::string& bytes, double value, NumberType type) {
  switch (type) {
    case NumberType::f16: append(bytes, f16_bits(value)); break;
    case NumberType::bf16:
      append(bytes, static_cast<std::uint16_t>(
                        std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16U));
      break;
    case NumberType::f32: append(bytes, static_cast<float>(value)); break;
    default: append(bytes, value);
  }
}

Result<std::string> encode(const std::string& name, const PlannedTensor& tensor) {
  ATTNCERT_TRY(const std::vector<double> values, tensor.values());
  const double greatest = largest(tensor.type);
  std::string bytes;
  bytes.reserve(values.size() * width_of(tensor.type));
  for (const double value : values) {
    const double stored = nearest(value, tensor.type);
    const bool held = tensor.rounded ? std::fabs(stored) <= greatest : stored == value;
    if (tensor.type != NumberType::f64 && !held) {
      return fail(ErrorCode::TensorType, "tensor '" + name + "' has a number that " +
                                             std::string(name_of(tensor.type)) + " cannot hold");
    }
    append(bytes, stored, tensor.type);
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
    ATTNCERT_TRY(const std::string bytes, encode(name, tensor));
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
