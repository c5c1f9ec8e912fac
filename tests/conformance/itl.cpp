#include "itl.hpp"

#include <mpfr.h>

#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace attncert::conformance {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; }
bool is_number(char c) { return is_word(c) || c == '.' || c == '+'; }

// The double a finite unsigned literal stands for. MPFR reads it, since its ternary value says
// whether the literal is exact and since no locale or rounding mode can interfere.
std::optional<double> finite_number(const std::string& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  mpfr_t x;
  mpfr_init2(x, std::numeric_limits<double>::digits);
  char* end = nullptr;
  const int ternary = mpfr_strtofr(x, text.c_str(), &end, hexadecimal ? 16 : 10, MPFR_RNDN);
  const double result = mpfr_get_d(x, MPFR_RNDN);
  const bool exact = ternary == 0 && mpfr_cmp_d(x, result) == 0;
  mpfr_clear(x);
  const bool whole = end == text.c_str() + text.size();
  if (!whole || !std::isfinite(result) || (hexadecimal && !exact)) return std::nullopt;
  return result;
}

std::optional<double> to_number(std::string text) {
  if (text == "NaN") return kNan;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  const auto magnitude = text == "infinity" ? kInfinity : finite_number(text);
  if (!magnitude) return std::nullopt;
  return negative ? -*magnitude : *magnitude;
}

class Reader {
public:
  Reader(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  std::vector<Statement> read() {
    std::vector<Statement> statements;
    for (skip_blank(); at_ < text_.size(); skip_blank()) {
      if (word() != "testcase") fail("expected 'testcase'");
      name_of_testcase();
      expect('{');
      while (!accept('}')) statements.push_back(statement());
    }
    return statements;
  }

private:
  [[noreturn]] void fail(const std::string& what) const {
    throw SyntaxError(name_ + ":" + std::to_string(line_) + ": " + what);
  }

  bool looking_at(std::string_view token) const {
    return std::string_view(text_).substr(at_).starts_with(token);
  }

  void advance() {
    if (text_[at_++] == '\n') ++line_;
  }

  void skip_past(std::string_view token) {
    while (!looking_at(token)) {
      if (at_ == text_.size()) fail("unterminated comment");
      advance();
    }
    for (std::size_t i = 0; i < token.size(); ++i) advance();
  }

  void skip_blank() {
    for (;;) {
      if (looking_at("//")) {
        skip_past("\n");
      } else if (looking_at("/*")) {
        skip_past("*/");
      } else if (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) {
        advance();
      } else {
        return;
      }
    }
  }

  bool accept(char c) {
    skip_blank();
    if (at_ == text_.size() || text_[at_] != c) return false;
    advance();
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }

  template <class Predicate>
  std::string span_of(Predicate belongs, const char* what) {
    skip_blank();
    const std::size_t start = at_;
    while (at_ < text_.size() && belongs(text_[at_])) advance();
    if (at_ == start) fail(std::string("expected ") + what);
    return text_.substr(start, at_ - start);
  }

  std::string word() { return span_of(is_word, "a word"); }

  void name_of_testcase() {
    span_of([](char c) { return is_word(c) || c == '_' || c == '.'; }, "the name of a testcase");
  }

  double number(const std::string& text) const {
    const auto result = to_number(text);
    if (!result) fail("'" + text + "' is not a double");
    return *result;
  }

  Bounds pair_of_numbers() {
    const double lower = number(span_of(is_number, "a number"));
    const double upper = accept(',') ? number(span_of(is_number, "a number")) : lower;
    if (!(lower <= upper) || lower == kInfinity || upper == -kInfinity) fail("not an interval");
    return {lower, upper};
  }

  Bounds interval() {
    skip_blank();
    Bounds result{kNan, kNan};
    if (at_ == text_.size() || !std::islower(static_cast<unsigned char>(text_[at_])) ||
        looking_at("infinity")) {
      result = pair_of_numbers();
    } else {
      const std::string name = word();
      if (name == "entire") result = {-kInfinity, kInfinity};
      if (name == "nai") is_bare_ = false;
      if (name != "entire" && name != "nai" && name != "empty") fail("unknown set " + name);
    }
    expect(']');
    if (looking_at("_")) {
      advance();
      word();
      is_bare_ = false;
    }
    return result;
  }

  Word quotation() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') advance();
    const std::size_t end = at_;
    expect('"');
    return {text_.substr(start, end - start)};
  }

  Value value() {
    if (accept('[')) return interval();
    if (accept('"')) return quotation();
    const std::string text = span_of(is_number, "a value");
    if (text == "true" || text == "false") return text == "true";
    const bool is_name = std::isalpha(static_cast<unsigned char>(text.front())) != 0;
    if (is_name && text != "infinity" && text != "NaN") {
      if (text == "signal") is_bare_ = false;
      return Word{text};
    }
    return number(text);
  }

  Statement statement() {
    is_bare_ = true;
    Statement result;
    result.operation = word();
    result.line = line_;
    while (!accept('=')) result.operands.push_back(value());
    do result.results.push_back(value());
    while (!accept(';'));
    result.is_bare = is_bare_;
    return result;
  }

  std::string name_;
  std::string text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool is_bare_ = true;
};

}  // namespace

std::vector<Statement> read_statements(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || text.empty()) throw SyntaxError(file.string() + ": cannot be read, or is empty");
  return Reader(file.filename().string(), std::move(text)).read();
}

}  // namespace attncert::conformance
