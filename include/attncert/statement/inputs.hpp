// Inputs: over which vectors a judgement about a sublayer quantifies.
#pragma once

#include <string>

#include "attncert/core/json.hpp"

namespace attncert {

/// With n(x) the normalised row (docs/network-format.md), D its width:
///   every         every input row x of the sublayer
///   box           every x with |x_i| <= size
///   computed      every vector of length at most size sqrt(D) in place of n(x)
///   computed_box  every vector with coordinates in [-size, size] in place of n(x)
/// The last two cover normalised rows as machines compute them, whose sum need not be 0.
struct Inputs {
  enum class Kind { every, box, computed, computed_box };
  Kind kind = Kind::every;
  Rational size = 0;

  bool operator==(const Inputs&) const = default;
  bool is_box() const { return kind == Kind::box || kind == Kind::computed_box; }
  bool is_computed() const { return kind == Kind::computed || kind == Kind::computed_box; }
};

inline Inputs box_of(Rational size) { return {Inputs::Kind::box, std::move(size)}; }

/// Reads "every", {"box": R}, {"computed": S}, {"computed_box": S}; sizes are positive.
/// Errors   JsonWrongType, DomainReversed, Json...
/// Status   trusted
Result<Inputs> inputs_of(const Json& value);
Json to_json(const Inputs& inputs);

/// "every input row", ...
std::string in_words(const Inputs& inputs);

}  // namespace attncert
