// Errors as values: every fallible trusted function returns Result<T>.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "attncert/core/error_code.hpp"

namespace attncert {

/// A cause, and one line that says what is wrong, where, and what to do.
struct Error {
  ErrorCode code;
  std::string message;
};

/// Success without a value.
using Unit = std::monostate;

/// Either a value or an Error; test it before use.
template <class T>
class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const { return std::get<1>(state_); }

private:
  std::variant<T, Error> state_;
};

using Status = Result<Unit>;

inline Status ok() { return Unit{}; }

inline Error fail(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace attncert

#define ATTNCERT_JOIN_(a, b) a##b
#define ATTNCERT_JOIN(a, b) ATTNCERT_JOIN_(a, b)
#define ATTNCERT_TRY_(result, declaration, expression) \
  auto result = (expression);                          \
  if (!result) return result.error();                  \
  declaration = std::move(result).value()
/// Evaluates `expression`; returns its Error from the enclosing function, or declares the value.
#define ATTNCERT_TRY(declaration, expression) \
  ATTNCERT_TRY_(ATTNCERT_JOIN(attncert_result_, __LINE__), declaration, expression)
/// Evaluates `expression`; returns its Error from the enclosing function.
#define ATTNCERT_CHECK(expression) \
  if (auto status = (expression); !status) return status.error()
