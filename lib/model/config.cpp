#include "config.hpp"

#include <algorithm>
#include <cctype>

namespace attncert {
namespace {

constexpr long kLargest = 1L << 24;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string quoted(const char* key) { return "'" + std::string(key) + "'"; }

// The leading letters, digits and underscores, in lower case.
std::string first_word(const std::string& words) {
  std::string word;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '_') break;
    word.push_back(static_cast<char>(std::tolower(byte)));
  }
  return word;
}

// The number that follows a word such as "eps ".
Result<Rational> number_after(const std::string& words, const std::string& mark) {
  const auto at = words.find(mark);
  if (at == std::string::npos) {
    return config_error("norm '" + words.substr(0, 60) + "' does not say '" + mark + "...'");
  }
  const std::string rest = words.substr(at + mark.size());
  ATTNCERT_TRY(const Rational number,
               parse_rational(rest.substr(0, rest.find_first_not_of("0123456789.e-"))));
  if (number <= 0) return config_error("a norm's epsilon must be positive");
  return number;
}

}  // namespace

Error config_error(const std::string& what) {
  return fail(ErrorCode::NetworkField, "config.json: " + what);
}

Result<Config> Config::parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return config_error("it is not JSON");
  if (!json.is_object()) return config_error("it is not a JSON object");
  return Config(std::move(json));
}

bool Config::has(const char* key) const {
  const auto found = json_.find(key);
  return found != json_.end() && !found->is_null();
}

Result<const Json*> Config::at(const char* key) const {
  if (!has(key)) return config_error(quoted(key) + " is missing");
  return &*json_.find(key);
}

Result<long> Config::size(const char* key) const {
  ATTNCERT_TRY(const Json* value, at(key));
  if (!value->is_number_integer()) return config_error(quoted(key) + " must be an integer");
  const long size = value->get<long>();
  if (size >= 1 && size <= kLargest) return size;
  return config_error(quoted(key) + " must be from 1 to " + std::to_string(kLargest));
}

Result<long> Config::size_or(const char* key, long otherwise) const {
  return has(key) ? size(key) : Result<long>(otherwise);
}

Result<std::string> Config::words(const char* key) const {
  ATTNCERT_TRY(const Json* value, at(key));
  if (!value->is_string()) return config_error(quoted(key) + " must be a string");
  return value->get<std::string>();
}

Result<Rational> Config::positive(const char* key) const {
  ATTNCERT_TRY(const Json* value, at(key));
  if (!value->is_number()) return config_error(quoted(key) + " must be a number");
  auto number = parse_rational(value->dump());  // the shortest decimal that reads back the same
  if (number && number.value() > 0) return number;
  return config_error(quoted(key) + " must be a positive number");
}

Result<bool> Config::flag(const char* key, bool otherwise) const {
  if (!has(key)) return otherwise;
  ATTNCERT_TRY(const Json* value, at(key));
  if (!value->is_boolean()) return config_error(quoted(key) + " must be true or false");
  return value->get<bool>();
}

Result<ActivationWords> activation_of(const std::string& words) {
  const std::string word = first_word(words);
  const bool tanh = word == "gelu_new" || word == "gelu_pytorch_tanh" || word == "gelu_fast" ||
                    word == "gelu_tanh" || (word == "gelu" && contains(words, "tanh"));
  if (tanh) return ActivationWords{"gelu_tanh"};
  if (word == "gelu" || word == "relu" || word == "quick_gelu") return ActivationWords{word};
  if (word == "silu" || word == "swish") return ActivationWords{"silu"};
  if (word == "swiglu") return ActivationWords{"silu", true};
  return config_error("activation '" + words.substr(0, 60) +
                      "' is not supported: gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, "
                      "quick_gelu, relu, silu, swish and SwiGLU are");
}

Result<NormWords> norm_of(const std::string& words) {
  if (words.starts_with("mean-subtract only")) return NormWords{"mean-norm", 0, 0};
  NormWords norm{words.starts_with("LayerNorm") ? "layer-norm" : "rms-norm", 0, 0};
  if (norm.kind == "rms-norm" && !words.starts_with("RMSNorm")) {
    return config_error("norm '" + words.substr(0, 60) +
                        "' is not supported: 'LayerNorm eps ...', 'RMSNorm eps ...' and "
                        "'mean-subtract only' are");
  }
  ATTNCERT_TRY(norm.epsilon, number_after(words, "eps "));
  norm.final_epsilon = norm.epsilon;
  if (contains(words, "final ")) {
    ATTNCERT_TRY(norm.final_epsilon, number_after(words, "final "));
  }
  return norm;
}

Result<std::string> mask_of(const std::string& words) {
  if (words.starts_with("causal")) return std::string("causal");
  if (words.starts_with("bidirectional")) return std::string("full");
  return config_error("attention '" + words.substr(0, 60) +
                      "' is neither 'causal ...' nor 'bidirectional ...'");
}

}  // namespace attncert
