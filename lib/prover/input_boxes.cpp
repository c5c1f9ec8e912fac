#include "attncert/prover/input_boxes.hpp"

#include <algorithm>

#include "attncert/core/json.hpp"

namespace attncert {
namespace {

constexpr std::string_view kDefault = "default";

// Strict JSON has no reals but strings: numbers outside strings become strings.
std::string with_numbers_quoted(std::string_view text) {
  constexpr std::string_view number = "0123456789+-.eE";
  std::string quoted;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = inside && text[i] == '\\' && i + 1 < text.size();
    if (text[i] == '"') inside = !inside;
    const std::size_t end = text.find_first_not_of(number, i);
    const bool starts = !inside && number.substr(0, 12).find(text[i]) != number.npos;
    if (starts) {
      quoted += '"' + std::string(text.substr(i, end - i)) + '"';
      i = std::min(end, text.size()) - 1;
    } else {
      quoted += text[i];
      if (escaped) quoted += text[++i];
    }
  }
  return quoted;
}

Error at(const std::string& where, const Error& error) {
  return fail(error.code, where + ": " + error.message);
}

Result<Rational> number_of(const Json& value, const std::string& where) {
  if (!value.is_string()) {
    return fail(ErrorCode::JsonWrongType, where + ": write a number, or [lo, hi] pairs");
  }
  auto number = parse_rational(value.get<std::string>());
  if (!number) return at(where, number.error());
  return number;
}

Result<Rational> size_of_pair(const Json& pair, const std::string& where) {
  if (!pair.is_array() || pair.size() != 2) {
    return fail(ErrorCode::JsonWrongType, where + " must be a pair [lo, hi]");
  }
  ATTNCERT_TRY(const Rational low, number_of(pair[0], where));
  ATTNCERT_TRY(const Rational high, number_of(pair[1], where));
  if (low > high) {
    return fail(ErrorCode::DomainReversed, where + ": the lower end is above the upper end");
  }
  return std::max(Rational(abs(low)), Rational(abs(high)));
}

Result<Rational> size_of(const Json& value, long width, const std::string& where) {
  if (!value.is_array()) return number_of(value, where);
  if (value.size() != static_cast<std::size_t>(width)) {
    return fail(ErrorCode::RangeCount, where + " has " + std::to_string(value.size()) +
                                           " pairs: write " + std::to_string(width) +
                                           ", one for each input coordinate");
  }
  Rational size = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    ATTNCERT_TRY(const Rational one, size_of_pair(value[i], where + ", pair " + std::to_string(i)));
    size = std::max(size, one);
  }
  return size;
}

}  // namespace

std::optional<Rational> InputBoxes::of(const std::string& sublayer) const {
  const auto found = by_name.find(sublayer);
  return found == by_name.end() ? others : found->second;
}

Result<InputBoxes> read_input_boxes(std::string_view text, const Network& network) {
  if (!Json::accept(text)) {
    return fail(ErrorCode::JsonSyntax,
                "not JSON, or a number that is not finite: write {\"SUBLAYER\": R, ...}");
  }
  ATTNCERT_TRY(const Json json, parse_json(with_numbers_quoted(text)));
  if (!json.is_object() || json.empty()) {
    return fail(ErrorCode::JsonWrongType,
                "must be an object with an entry: {\"SUBLAYER\": R, ...}");
  }
  InputBoxes boxes;
  for (const auto& [name, value] : json.items()) {
    const std::string where = "'" + name.substr(0, 100) + "'";
    const auto known = [&key = name](const Sublayer& one) { return name_of(one) == key; };
    const bool any = std::any_of(network.sublayers.begin(), network.sublayers.end(), known);
    if (name != kDefault && !any) {
      return fail(ErrorCode::LayerMissing,
                  where + " is no sublayer of the model: use its names, or \"default\"");
    }
    ATTNCERT_TRY(Rational size, size_of(value, network.d_model, where));
    if (size <= 0) {
      return fail(ErrorCode::DomainReversed, where + " holds nothing but 0: R must be positive");
    }
    if (name == kDefault) {
      boxes.others = std::move(size);
    } else {
      boxes.by_name[name] = std::move(size);
    }
  }
  return boxes;
}

}  // namespace attncert
