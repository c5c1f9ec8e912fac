// config.json: sizes, flags, and architectures in words (private to the module).
#pragma once

#include "attncert/core/json.hpp"

namespace attncert {

Error config_error(const std::string& what);

/// An object that people and tools wrote: any JSON, and errors that name the key.
class Config {
public:
  /// Errors   NetworkField: not JSON, or no object
  static Result<Config> parse(std::string_view text);

  bool has(const char* key) const;
  /// An integer from 1 to 2^24.
  Result<long> size(const char* key) const;
  Result<long> size_or(const char* key, long otherwise) const;
  Result<std::string> words(const char* key) const;
  /// A positive number, exactly as the decimal that is written.
  Result<Rational> positive(const char* key) const;
  Result<bool> flag(const char* key, bool otherwise) const;

private:
  explicit Config(Json json) : json_(std::move(json)) {}
  Result<const Json*> at(const char* key) const;

  Json json_;
};

/// "gelu_new (tanh approximation)", "GELU exact (erf)", "SwiGLU (SiLU gate)", ...: a zoo name.
struct ActivationWords {
  std::string function;
  bool gated = false;
};
Result<ActivationWords> activation_of(const std::string& words);

/// "LayerNorm eps 1e-5 (final 1e-6)", "RMSNorm eps 1e-5", "mean-subtract only ...".
struct NormWords {
  std::string kind;
  Rational epsilon;
  Rational final_epsilon;
};
Result<NormWords> norm_of(const std::string& words);

/// "causal ..." or "bidirectional ...".
Result<std::string> mask_of(const std::string& words);

}  // namespace attncert
