// What the comparison needs of an interval library: named functions of Values.
#pragma once

#include <cmath>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "itl.hpp"

namespace attncert::conformance {

/// Bits of significand of every operand and result.
inline constexpr int kBits = 53;

/// Results that are sets are rounded outward to doubles; an empty set means "no result".
using Function = std::function<Value(std::span<const Value>)>;

/// One function under the name the test files use.
struct Operation {
  std::string name;
  Function call;
};

struct Library {
  std::string name;
  std::vector<Operation> operations;
};

/// This project, at 53 bits.
Library attncert_library();
/// boost::numeric::interval<double> with the rounding of <cmath>.
Library boost_double_library();
/// MPFI at 53 bits.
Library mpfi_library();

/// The value as a library's function takes it: its own sets, a double, or an integer.
template <class Adapter, class T>
T decoded(const Value& value) {
  if constexpr (std::is_same_v<T, typename Adapter::Set>) {
    return Adapter::enclose(std::get<Bounds>(value));
  } else {
    const double number = std::get<double>(value);
    if (std::is_integral_v<T> && std::trunc(number) != number) {
      throw std::invalid_argument("an operand is not an integer");
    }
    return static_cast<T>(number);
  }
}

template <class Adapter, class T>
Value encoded(const T& result) {
  if constexpr (std::is_same_v<T, typename Adapter::Set>) {
    return Adapter::outward(result);
  } else {
    return result;
  }
}

/// A typed function of a library as a function of Values: its signature says what it takes.
/// Adapter supplies: Set, Set enclose(Bounds) (exact), Bounds outward(Set) (rounded outward).
template <class Adapter, class Result, class... Operands>
Function lift(Result (*f)(Operands...)) {
  return [f](std::span<const Value> values) -> Value {
    if (values.size() != sizeof...(Operands)) throw std::invalid_argument("number of operands");
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      return encoded<Adapter>(f(decoded<Adapter, std::remove_cvref_t<Operands>>(values[i])...));
    }
    (std::index_sequence_for<Operands...>{});
  };
}

}  // namespace attncert::conformance
