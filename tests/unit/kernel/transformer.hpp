// The small transformer of certificates/theorems/t3-transformer and its conversions, in memory.
#pragma once

#include "unit/kernel/conversions.hpp"

namespace attncert::testing {

inline std::filesystem::path theorem_folder(const std::string& name) {
  return std::filesystem::path(ATTNCERT_SOURCE_DIR) / "certificates" / "theorems" / name;
}

class Transformer : public Conversion {
public:
  explicit Transformer(std::optional<Rational> omega = {}, const std::string& slope = "1",
                       std::optional<NumberType> type = {})
      : Conversion(theorem_folder("t3-transformer") / "model", Gates{{"1", {{slope, "0"}}}},
                   std::move(omega), type) {}

  const AttentionSublayer& attention() const {
    return std::get<AttentionSublayer>(original().network.sublayers.at(0));
  }
};

}  // namespace attncert::testing
