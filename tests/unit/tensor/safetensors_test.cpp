#include "attncert/tensor/safetensors.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "unit/tensors.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

std::string length_bytes(std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

std::string file_with(std::string_view header, std::size_t data) {
  return length_bytes(header.size()) + std::string(header) + std::string(data, '\0');
}

struct Row {
  std::string_view header;
  std::size_t data;  // bytes after the header
  std::string_view outcome;
};

using namespace std::string_view_literals;
constexpr std::string_view kOk = "ok";
constexpr std::string_view kHeader = name_of(ErrorCode::SafetensorsHeader);
constexpr std::string_view kOffsets = name_of(ErrorCode::SafetensorsOffsets);
constexpr std::string_view kType = name_of(ErrorCode::JsonWrongType);
constexpr std::string_view kMissing = name_of(ErrorCode::JsonMissingKey);
constexpr std::string_view kUnknown = name_of(ErrorCode::JsonUnknownKey);
constexpr std::string_view kTwice = name_of(ErrorCode::JsonDuplicateKey);
constexpr std::string_view kSyntax = name_of(ErrorCode::JsonSyntax);
constexpr std::string_view kNumber = name_of(ErrorCode::JsonNumber);

constexpr Row kRows[] = {
    {R"({})", 0, kOk},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8, kOk},
    {R"({"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}   )", 8, kOk},
    {R"({"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}})", 8, kOk},
    {R"({"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]}})", 0, kOk},
    {R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8, kOk},
    {R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
     R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
     8, kOk},
    // not the header's length, not JSON, not an object
    {R"([])", 0, kHeader},
    {R"( {})", 0, kHeader},
    {"", 0, kHeader},
    {R"({"a":)", 0, kSyntax},
    {"{}\0{}"sv, 0, kSyntax},
    {R"({"a":{},"a":{}})", 0, kTwice},
    {R"({"__metadata__":{"k":1}})", 0, kHeader},
    {R"({"__metadata__":"text"})", 0, kHeader},
    {R"({"__metadata__":["text"]})", 0, kHeader},
    // entries
    {R"({"a":[]})", 0, kType},
    {R"({"a":{"dtype":"F32","shape":[2]}})", 8, kMissing},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", 8, kUnknown},
    {R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8, kHeader},
    {R"({"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}})", 8, kHeader},
    {R"({"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}})", 8, kType},
    {R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})", 8, kType},
    {R"({"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}})", 8, kHeader},
    {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8, kNumber},
    {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, kHeader},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, kHeader},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", 8, kHeader},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":["0","8"]}})", 8, kHeader},
    // offsets
    {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})", 9, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})", 8, kOffsets},
    {R"({})", 1, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
     R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
     12, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
     R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
     12, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
     R"("b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
     8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
     R"("b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}})",
     8, kOffsets},
    // sizes whose product does not fit 64 bits, and would wrap round to 8 or to 0
    {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, kOffsets},
    {R"({"a":{"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}})", 8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,)"
     R"(9223372036854775807]}})",
     8, kOffsets},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551616]}})", 8, kNumber},
};

Tensor tensor(std::vector<long> shape, std::vector<double> values) {
  return {std::move(shape), std::move(values)};
}

}  // namespace

TEST_CASE("safetensors: headers that are right, and headers that lie") {
  for (const Row& row : kRows) {
    CAPTURE(row.header);
    CAPTURE(row.data);
    const std::string bytes = file_with(row.header, row.data);
    CHECK(outcome(TensorFile::parse(bytes)) == row.outcome);
  }
}

TEST_CASE("safetensors: the header's length") {
  const std::string good =
      file_with(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    const std::string cut = good.substr(0, size);
    CHECK(outcome(TensorFile::parse(cut)) != "ok");
    if (size < 8) CHECK(outcome(TensorFile::parse(cut)) == kHeader);
  }
  const std::uint64_t right = good.size() - 16;
  for (const std::uint64_t length :
       {std::uint64_t{0}, right - 1, right + 1, right + 8, right + 9, ~std::uint64_t{0},
        ~std::uint64_t{0} - 7, std::uint64_t{1} << 63U}) {
    CAPTURE(length);
    const std::string lying = length_bytes(length) + good.substr(8);
    CHECK(outcome(TensorFile::parse(lying)) != "ok");
  }
}

TEST_CASE("safetensors: what is written is read back exactly") {
  const std::map<std::string, Tensor> tensors{
      {"single", tensor({2, 3}, {0, -0.0, 1.5, -2, 0x1p-149, 0x1.fffffep127})},
      {"double", tensor({2}, {0.1, 0x1p-1074})},
      {"empty", tensor({0, 4}, {})},
      {"scalar", tensor({}, {3})}};
  const std::string bytes = bytes_of(tensors);
  const auto file = TensorFile::parse(bytes);
  REQUIRE(outcome(file) == "ok");
  CHECK(file.value().names().size() == 4);
  for (const auto& entry : tensors) {
    const auto& name = entry.first;
    const auto& expected = entry.second;
    CAPTURE(name);
    const auto read = file.value().read(name, expected.shape);
    REQUIRE(outcome(read) == "ok");
    CHECK(read.value().values == expected.values);
    CHECK(*file.value().shape_of(name) == expected.shape);
  }
  const Tensor single = file.value().read("single", {2, 3}).value();
  CHECK(single.rows() == 2);
  CHECK(single.columns() == 3);
  CHECK(single.row(1)[0] == -2);
  CHECK(std::signbit(single.values[1]));
  CHECK(shape_text({192, 48}) == "(192, 48)");
  CHECK(shape_text({}) == "()");
}

TEST_CASE("safetensors: tensors that cannot be used") {
  const std::string bytes = file_with(R"({"f":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                      R"("h":{"dtype":"BF16","shape":[4],"data_offsets":[8,16]},)"
                                      R"("i":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}})",
                                      24);
  const auto file = TensorFile::parse(bytes);
  REQUIRE(file);
  CHECK(outcome(file.value().read("f", {2})) == "ok");
  CHECK(outcome(file.value().read("g", {2})) == name(ErrorCode::TensorMissing));
  CHECK(outcome(file.value().read("f", {3})) == name(ErrorCode::TensorShape));
  CHECK(outcome(file.value().read("f", {1, 2})) == name(ErrorCode::TensorShape));
  CHECK(outcome(file.value().read("f", {})) == name(ErrorCode::TensorShape));
  CHECK(outcome(file.value().read("h", {4})) == "ok");
  CHECK(outcome(file.value().read("i", {1})) == name(ErrorCode::TensorType));
  CHECK(file.value().shape_of("g") == nullptr);
}

TEST_CASE("safetensors: half precision is widened exactly") {
  const std::string header = R"({"b":{"dtype":"BF16","shape":[6],"data_offsets":[12,24]},)"
                             R"("h":{"dtype":"F16","shape":[6],"data_offsets":[0,12]}})";
  std::string bytes = file_with(header, 24);
  const std::size_t begin = bytes.size() - 24;
  // F16: 1, -2, 65504, 2^-24, 0.333251953125, -0; BF16: 1, -2, 3.140625, 2^-133, 0.333984375, 0
  const std::uint16_t patterns[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x8000,
                                    0x3f80, 0xc000, 0x4049, 0x0001, 0x3eab, 0x0000};
  std::memcpy(bytes.data() + begin, patterns, sizeof patterns);
  const auto file = TensorFile::parse(bytes);
  REQUIRE(file);
  CHECK(file.value().read("h", {6}).value().values ==
        std::vector<double>{1, -2, 65504, 0x1p-24, 0.333251953125, 0});
  CHECK(file.value().read("b", {6}).value().values ==
        std::vector<double>{1, -2, 3.140625, 0x1p-133, 0.333984375, 0});
  for (const std::uint16_t infinite : std::vector<std::uint16_t>{0x7c00, 0xfc00, 0x7e00, 0x7c01}) {
    std::memcpy(bytes.data() + begin, &infinite, sizeof infinite);
    CHECK(outcome(TensorFile::parse(bytes).value().read("h", {6})) ==
          name(ErrorCode::TensorNotFinite));
  }
  for (const std::uint16_t infinite : std::vector<std::uint16_t>{0x7f80, 0xff80, 0x7fc0}) {
    std::memcpy(bytes.data() + begin + 12, &infinite, sizeof infinite);
    CHECK(outcome(TensorFile::parse(bytes).value().read("b", {6})) ==
          name(ErrorCode::TensorNotFinite));
  }
}

TEST_CASE("safetensors: weights that are not finite") {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    for (const double beside : {1.0, 0.1}) {  // F32, then F64
      const std::string bytes = bytes_of({{"a", tensor({2}, {beside, bad})}});
      const auto file = TensorFile::parse(bytes);
      REQUIRE(file);
      CHECK(outcome(file.value().read("a", {2})) == name(ErrorCode::TensorNotFinite));
    }
  }
}
