#include "attncert/core/json.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace attncert {
namespace {

constexpr std::size_t kMaxDepth = 16;

// Builds a Json value, and stops at the first thing strictness forbids.
class StrictBuilder : public nlohmann::json_sax<Json> {
public:
  Json root;
  std::optional<Error> error;

  bool null() override { return refuse(ErrorCode::JsonWrongType, "null is not used"); }
  bool boolean(bool /*value*/) override {
    return refuse(ErrorCode::JsonWrongType, "true and false are not used");
  }
  bool number_integer(number_integer_t value) override { return place(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) {
      return refuse(ErrorCode::JsonNumber, "an integer beyond 64 bits");
    }
    return place(static_cast<number_integer_t>(value));
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return refuse(ErrorCode::JsonNumber, "the number " + text.substr(0, 40) +
                                             " is no integer: reals are written as strings");
  }
  bool string(string_t& value) override { return place(value); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->contains(name)) {
      return refuse(ErrorCode::JsonDuplicateKey, "key '" + name.substr(0, 40) + "' twice");
    }
    key_ = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*exception*/) override {
    return refuse(ErrorCode::JsonSyntax,
                  "not JSON, at byte " + std::to_string(position) + " of it");
  }

private:
  bool refuse(ErrorCode code, std::string message) {
    error = fail(code, std::move(message));
    return false;
  }
  bool place(Json value) {
    slot() = std::move(value);
    return true;
  }
  Json& slot() {
    if (open_.empty()) return root;
    if (open_.back()->is_array()) return open_.back()->emplace_back();
    return (*open_.back())[key_];
  }
  bool open(Json value) {
    if (open_.size() >= kMaxDepth) return refuse(ErrorCode::JsonTooDeep, "nested too deeply");
    Json& place = slot();
    place = std::move(value);
    open_.push_back(&place);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<Json*> open_;
  std::string key_;
};

Error wrong_type(const char* key, const char* expected) {
  return fail(ErrorCode::JsonWrongType, "'" + std::string(key) + "' must be " + expected);
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  // The parser would take these for the end of the text, or pass over them.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) {
    return fail(ErrorCode::JsonSyntax, "not JSON: a NUL byte or a byte order mark");
  }
  StrictBuilder builder;
  if (!Json::sax_parse(text, &builder)) {
    return builder.error.value_or(fail(ErrorCode::JsonSyntax, "not JSON"));
  }
  return builder.root;
}

Status check_keys(const Json& object, const std::string& where,
                  std::initializer_list<std::string_view> required,
                  std::initializer_list<std::string_view> optional) {
  if (!object.is_object()) return fail(ErrorCode::JsonWrongType, where + " must be an object");
  for (const std::string_view key : required) {
    if (!object.contains(key)) {
      return fail(ErrorCode::JsonMissingKey, where + " lacks '" + std::string(key) + "'");
    }
  }
  const auto known = [&](std::string_view key) {
    return std::find(required.begin(), required.end(), key) != required.end() ||
           std::find(optional.begin(), optional.end(), key) != optional.end();
  };
  for (const auto& [key, value] : object.items()) {
    if (!known(key)) {
      return fail(ErrorCode::JsonUnknownKey,
                  where + " has an unknown key '" + key.substr(0, 40) + "'");
    }
  }
  return ok();
}

Result<std::string> text_of(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_string()) return wrong_type(key, "a string");
  return value.get<std::string>();
}

Result<long> integer_of(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_number_integer()) return wrong_type(key, "an integer");
  return value.get<long>();
}

Result<Rational> real_of(const Json& object, const char* key) {
  ATTNCERT_TRY(const std::string text, text_of(object, key));
  return parse_rational(text);
}

Result<Json> array_of(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_array()) return wrong_type(key, "an array");
  return value;
}

}  // namespace attncert
