// Closed intervals of the real line, possibly unbounded, with exact ends.
#pragma once

#include <optional>

#include "attncert/core/json.hpp"

namespace attncert {

/// [lower, upper]; an absent end is infinite.
struct Domain {
  std::optional<Rational> lower;
  std::optional<Rational> upper;

  bool operator==(const Domain&) const = default;
  bool is_bounded() const { return lower && upper; }
  bool contains(const Rational& x) const {
    return (!lower || *lower <= x) && (!upper || x <= *upper);
  }
  bool contains(const Domain& other) const;
  Domain mirrored() const;
  /// {factor x : x in this}; Requires factor > 0.
  Domain scaled(const Rational& factor) const;
};

/// Reads "all" or ["lower","upper"] with "-inf" and "inf" for infinite ends.
/// Errors   JsonWrongType, NumberSyntax, DomainReversed
Result<Domain> domain_of(const Json& value);
Json to_json(const Domain& domain);

/// "all real x", "x in [-8, 8]", ...
std::string in_words(const Domain& domain);

}  // namespace attncert
