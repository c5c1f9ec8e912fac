#include "attncert/statement/prompts.hpp"

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

TEST_CASE("prompts: one a line, tokens by commas") {
  const auto prompts = parse_prompts("0\n1,2,345678901\n7,7\n");
  REQUIRE(prompts);
  CHECK(prompts.value() == std::vector<Prompt>{{0}, {1, 2, 345678901}, {7, 7}});
  for (const char* wrong : {"",       "\n",     "1",     "1,2",   "1\n\n2\n",     "1,\n", ",1\n",
                            "1,,2\n", "1 ,2\n", " 1\n",  "1\r\n", "-1\n",         "+1\n", "01\n",
                            "00\n",   "0x1\n",  "1.0\n", "1e3\n", "1234567890\n", "a\n"}) {
    CAPTURE(wrong);
    CHECK(outcome(parse_prompts(wrong)) == name(ErrorCode::PromptsSyntax));
  }
  CHECK(parse_prompts("1\n2\nx\n").error().message.find("line 3") != std::string::npos);
}
