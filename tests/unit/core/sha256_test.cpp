#include "attncert/core/sha256.hpp"

#include "unit/support.hpp"

using namespace attncert;

namespace {

struct Vector {
  std::string_view bytes;
  std::string_view digest;
};

using namespace std::string_view_literals;

// FIPS 180-4 examples and the NIST byte-oriented short vectors
constexpr Vector kVectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"\0"sv, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
};

}  // namespace

TEST_CASE("sha256: known vectors") {
  for (const Vector& row : kVectors) CHECK(sha256_hex(row.bytes) == row.digest);
  CHECK(sha256_hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
