#include "attncert/statement/inputs.hpp"

#include <array>

namespace attncert {
namespace {

using Kind = Inputs::Kind;
constexpr std::array<const char*, 4> kKeys{"every", "box", "computed", "computed_box"};

const char* key_of(Kind kind) { return kKeys.at(static_cast<std::size_t>(kind)); }

}  // namespace

Result<Inputs> inputs_of(const Json& value) {
  if (value == key_of(Kind::every)) return Inputs{};
  for (const Kind kind : {Kind::box, Kind::computed, Kind::computed_box}) {
    const char* key = key_of(kind);
    if (!value.is_object() || !value.contains(key)) continue;
    ATTNCERT_CHECK(check_keys(value, "inputs", {key}));
    ATTNCERT_TRY(Rational size, real_of(value, key));
    if (size > 0) return Inputs{kind, std::move(size)};
    return fail(ErrorCode::DomainReversed, "the size of inputs must be positive");
  }
  if (value.is_object()) ATTNCERT_CHECK(check_keys(value, "inputs", {"box"}));
  return fail(
      ErrorCode::JsonWrongType,
      "'inputs' must be \"every\", {\"box\": R}, {\"computed\": S} or {\"computed_box\": S}");
}

Json to_json(const Inputs& inputs) {
  if (inputs.kind == Kind::every) return key_of(Kind::every);
  return Json{{key_of(inputs.kind), to_string(inputs.size)}};
}

std::string in_words(const Inputs& inputs) {
  const std::string size = to_string(inputs.size);
  const std::string interval = "with coordinates in [-" + size + ", " + size + "]";
  switch (inputs.kind) {
    case Kind::every: return "every input row";
    case Kind::box: return "every input row " + interval;
    case Kind::computed: return "every normalised row of length at most " + size + " sqrt(D)";
    case Kind::computed_box: break;
  }
  return "every normalised row " + interval;
}

}  // namespace attncert
