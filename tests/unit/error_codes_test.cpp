// Every cause of failure has a test that expects it by name.
#include <filesystem>
#include <set>

#include "attncert/core/file.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

// Codes no test can produce, each with its reason. Empty: every code has a row.
const std::set<std::string> kExceptions{};

constexpr std::string_view kPrefix = "ErrorCode::";

void collect(const std::string& text, std::set<std::string>& names) {
  for (std::size_t at = text.find(kPrefix); at != text.npos; at = text.find(kPrefix, at)) {
    at += kPrefix.size();
    std::size_t end = at;
    while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])) != 0) ++end;
    names.insert(text.substr(at, end - at));
  }
}

}  // namespace

TEST_CASE("error codes: each is expected by some test") {
  std::set<std::string> expected;
  const std::filesystem::path tests = std::filesystem::path(ATTNCERT_SOURCE_DIR) / "tests";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tests)) {
    if (entry.path().extension() != ".cpp") continue;
    const auto text = read_file(entry.path());
    REQUIRE_MESSAGE(text, entry.path().string());
    collect(text.value(), expected);
  }
  for (const std::string code : {
#define ATTNCERT_NAME_TEXT(name) #name,
           ATTNCERT_ERROR_CODES(ATTNCERT_NAME_TEXT)
#undef ATTNCERT_NAME_TEXT
       }) {
    CAPTURE(code);
    CHECK((expected.contains(code) || kExceptions.contains(code)));
    CHECK_FALSE((expected.contains(code) && kExceptions.contains(code)));
  }
}

TEST_CASE("error codes: names are their own") {
  CHECK(name_of(ErrorCode::NumberSyntax) == "NumberSyntax");
  CHECK(name_of(ErrorCode::NormUnsupported) == "NormUnsupported");
}
