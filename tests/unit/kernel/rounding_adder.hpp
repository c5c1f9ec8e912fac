// A trained adder with its conversion.
#pragma once

#include "attncert/kernel/rounding.hpp"
#include "unit/evaluations.hpp"
#include "unit/kernel/conversions.hpp"
#include "unit/kernel/tiny_model.hpp"

namespace attncert::testing {

inline const std::string kMlp = "h.1.mlp";
inline const std::string kAttention = "h.1.attn";

inline Inputs computed(const Rational& size) { return {Inputs::Kind::computed, size}; }

/// A trained adder and its conversion.
class Adder : public Conversion {
public:
  explicit Adder(std::optional<NumberType> type = {}, const Gates& gates = one_gate("1.702"))
      : Conversion(adder_folder("adder-gelu"), gates, {}, type) {}
};

}  // namespace attncert::testing
