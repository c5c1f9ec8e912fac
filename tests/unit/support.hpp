// Shared by the unit tests: short spellings, and random numbers from a printed seed.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>

#include "attncert/core/rational.hpp"
#include "attncert/interval/interval.hpp"

namespace attncert::testing {

/// The number a text stands for; the text must be right.
inline Rational real(std::string_view text) {
  auto parsed = parse_rational(text);
  REQUIRE_MESSAGE(parsed, std::string(text));
  return std::move(parsed).value();
}

/// "ok", or the name of the error.
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(name_of(result.error().code));
}

inline std::string name(ErrorCode code) { return std::string(name_of(code)); }

/// A generator whose seed is printed; ATTNCERT_SEED repeats a run.
class Random {
public:
  explicit Random(const char* what) {
    const char* given = std::getenv("ATTNCERT_SEED");
    const unsigned long seed =
        given != nullptr ? std::strtoul(given, nullptr, 10) : std::random_device()();
    engine_.seed(seed);
    MESSAGE(std::string(what) << ": ATTNCERT_SEED=" << seed);
  }
  double uniform(double lower, double upper) {
    return std::uniform_real_distribution<double>(lower, upper)(engine_);
  }
  long integer(long lower, long upper) {
    return std::uniform_int_distribution<long>(lower, upper)(engine_);
  }
  /// Exact, with at most 53 bits.
  Rational rational(double lower, double upper) { return Rational(uniform(lower, upper)); }

private:
  std::mt19937_64 engine_;
};

inline bool encloses(const Interval& x, const Rational& q) {
  return is_bounded(x) && lower_rational(x) <= q && q <= upper_rational(x);
}

/// The outer interval contains the inner one; infinite ends allowed, NaN never.
inline bool encloses(const Interval& outer, const Interval& inner) {
  return outer.lower() <= inner.lower() && inner.upper() <= outer.upper();
}

inline bool overlaps(const Interval& x, const Interval& y) {
  return x.lower() <= y.upper() && y.lower() <= x.upper();
}

}  // namespace attncert::testing
