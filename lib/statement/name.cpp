#include "attncert/statement/name.hpp"

namespace attncert {

Result<std::string> name_in(const Json& object, const char* key) {
  ATTNCERT_TRY(std::string name, text_of(object, key));
  constexpr std::size_t longest = 100;
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  if (!name.empty() && name.size() <= longest && name.find_first_not_of(allowed) == name.npos) {
    return name;
  }
  return fail(ErrorCode::NameSyntax,
              std::string(key) + " must be 1 to 100 letters, digits, '.', '_', '-' or '/'");
}

}  // namespace attncert
