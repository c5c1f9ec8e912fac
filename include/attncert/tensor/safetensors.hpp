// A strict reader of the safetensors format: views into a buffer the caller keeps.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attncert/core/json.hpp"

namespace attncert {

/// A dense row-major tensor of finite numbers, widened exactly to fp64.
struct Tensor {
  std::vector<long> shape;
  std::vector<double> values;

  long rows() const { return shape.front(); }
  long columns() const { return shape.size() > 1 ? shape[1] : 1; }
  std::span<const double> row(long i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * columns()),
                                     static_cast<std::size_t>(columns()));
  }
};

/// The tensors of one safetensors file.
class TensorFile {
public:
  /// Parses the header; tensors are views into `bytes`.
  /// Requires an 8-byte length, a strict JSON header, known dtypes, and data that is covered by the
  ///          tensors exactly, without gap or overlap: SafetensorsHeader, SafetensorsOffsets
  /// Status   trusted
  /// Source   https://github.com/huggingface/safetensors#format
  static Result<TensorFile> parse(std::string_view bytes);

  /// Reads a tensor and checks its shape.
  /// Errors   TensorMissing, TensorShape (both shapes named), TensorType, TensorNotFinite
  Result<Tensor> read(const std::string& name, const std::vector<long>& shape) const;

  /// The shape of a tensor, or nullptr; its dtype likewise.
  const std::vector<long>* shape_of(const std::string& name) const;
  const std::string* dtype_of(const std::string& name) const;

  std::vector<std::string> names() const;

private:
  struct Entry {
    std::string dtype;
    std::vector<long> shape;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  static Result<Entry> parse_entry(const std::string& name, const Json& json, std::size_t size);
  Status check_coverage(std::size_t size) const;

  std::map<std::string, Entry> entries_;
  std::string_view data_;
};

/// "(192, 48)"
std::string shape_text(const std::vector<long>& shape);

}  // namespace attncert
