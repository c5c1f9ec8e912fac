// What ONNX files are refused, and what a model read back is.
#include <fstream>

#include "attncert/model/importer.hpp"
#include "attncert/onnx/export.hpp"
#include "attncert/onnx/import.hpp"
#include "unit/scratch.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

Result<std::string> onnx_of(const Model& model, const OnnxOptions& options = {}) {
  std::string bytes;
  ATTNCERT_CHECK(write_onnx(model, options, [&bytes](std::string_view part) {
    bytes += part;
    return ok();
  }));
  return bytes;
}

std::filesystem::path own_model(const std::string& name) {
  return std::filesystem::path(ATTNCERT_SOURCE_DIR) / "certificates" / "models" / name;
}

}  // namespace

TEST_CASE("onnx: files that are none") {
  const Scratch scratch;
  const auto file = scratch.path() / "model.onnx";
  for (const std::string bytes : {"not protobuf at all", "\x08\x08", "\xff\xff\xff\xff\xff"}) {
    write(file, bytes);
    CHECK(outcome(import_onnx(file, scratch.path())) == name(ErrorCode::OnnxSyntax));
  }
  CHECK(outcome(import_onnx(scratch.path() / "none.onnx", scratch.path())) ==
        name(ErrorCode::FileUnreadable));
  CHECK(scratch.entries() == 1);
}

TEST_CASE("onnx: a model written, cut short at any place, is not read") {
  const auto loaded = load_model(own_model("adder-silu"));
  REQUIRE(loaded);
  const auto bytes = onnx_of(loaded.value().model);
  REQUIRE(bytes);
  const Scratch scratch;
  const auto file = scratch.path() / "model.onnx";
  const std::string& whole = bytes.value();
  for (std::size_t size = 1; size < whole.size(); size += whole.size() / 37) {
    write(file, whole.substr(0, size));
    CHECK_FALSE(import_onnx(file, scratch.path()));
    CHECK(scratch.entries() == 1);
  }
  write(file, whole);
  CHECK(outcome(import_onnx(file, scratch.path())) == "ok");
}

TEST_CASE("onnx: heads are written, and are no original to be read") {
  const auto loaded = load_model(own_model("adder-silu") / "heads");
  REQUIRE(loaded);
  const auto bytes = onnx_of(loaded.value().model);
  REQUIRE(bytes);
  const Scratch scratch;
  write(scratch.path() / "model.onnx", bytes.value());
  const Status status = import_onnx(scratch.path() / "model.onnx", scratch.path());
  CHECK(outcome(status) == name(ErrorCode::OnnxUnsupported));
  OnnxOptions other;
  other.sublayer = "h.7.attn";
  CHECK(outcome(onnx_of(loaded.value().model, other)) == name(ErrorCode::LayerMissing));
}
