#include "attncert/model/mask_file.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

struct Row {
  std::string_view text;
  long tokens;
  std::string_view wanted;  // the mask, or the error
};

constexpr Row kRows[] = {
    {"1", 1, R"({"rows":["8"]})"},
    {"10\n11\n", 2, R"({"rows":["8","c"]})"},
    {"1 0\r\n1\t1 \r\n\n \n", 2, R"({"rows":["8","c"]})"},
    {"00001\n01000\n11111\n11000\n10001", 5, R"({"rows":["08","40","f8","c0","88"]})"},
    {"", 1, "MaskSyntax"},
    {"\n\n", 1, "MaskSyntax"},
    {"10\n11\n", 3, "MaskSyntax"},
    {"10\n11\n", 1, "MaskSyntax"},
    {"10\n\n11\n", 2, "MaskSyntax"},
    {"10\n110\n", 2, "MaskSyntax"},
    {"10\n1\n", 2, "MaskSyntax"},
    {"10\n12\n", 2, "MaskSyntax"},
    {"10\n1,1\n", 2, "MaskSyntax"},
    {"\xEF\xBB\xBF"
     "10\n11\n",
     2, "MaskSyntax"},
    {"10\n00\n", 2, "MaskRowEmpty"},
    {"1", 4097, "MaskSyntax"},
};

}  // namespace

TEST_CASE("mask file: tables of zeros and ones") {
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    CAPTURE(row.tokens);
    const auto mask = parse_mask_file(row.text, row.tokens);
    CHECK((mask ? to_json(mask.value()).dump() : outcome(mask)) == row.wanted);
    if (mask) CHECK(mask_of(to_json(mask.value())).value() == mask.value());
  }
}

TEST_CASE("mask file: messages name the line") {
  CHECK(parse_mask_file("10\n00\n", 2).error().message.starts_with("line 2 "));
  CHECK(parse_mask_file("1x\n11\n", 2).error().message.starts_with("line 1 "));
  CHECK(parse_mask_file("10\n111\n", 2).error().message.starts_with("line 2 has 3 entries"));
}
