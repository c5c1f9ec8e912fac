#include <algorithm>
#include <array>
#include <map>

#include "attncert/expression/fpcore.hpp"

namespace attncert {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20U;
constexpr std::size_t kMaxNames = 500;
constexpr int kMaxDepth = 1000;
constexpr int kMaxExponent = 4096;

using Scope = std::map<std::string, NodeIndex, std::less<>>;

struct Operator {
  std::string_view name;
  Op op;
};

constexpr std::array<Operator, 14> kOperators{{{"+", Op::add},
                                               {"-", Op::sub},
                                               {"*", Op::mul},
                                               {"/", Op::div},
                                               {"fabs", Op::fabs},
                                               {"fmax", Op::fmax},
                                               {"fmin", Op::fmin},
                                               {"sqrt", Op::sqrt},
                                               {"exp", Op::exp},
                                               {"log", Op::log},
                                               {"tanh", Op::tanh},
                                               {"erf", Op::erf},
                                               {"erfc", Op::erfc},
                                               {"pow", Op::pow}}};

struct NamedConstant {
  std::string_view name;
  std::string_view definition;
};

constexpr std::array<NamedConstant, 12> kConstants{{{"E", "(exp 1)"},
                                                    {"LOG2E", "(/ 1 (log 2))"},
                                                    {"LOG10E", "(/ 1 (log 10))"},
                                                    {"LN2", "(log 2)"},
                                                    {"LN10", "(log 10)"},
                                                    {"PI_2", "(/ PI 2)"},
                                                    {"PI_4", "(/ PI 4)"},
                                                    {"M_1_PI", "(/ 1 PI)"},
                                                    {"M_2_PI", "(/ 2 PI)"},
                                                    {"M_2_SQRTPI", "(/ 2 (sqrt PI))"},
                                                    {"SQRT2", "(sqrt 2)"},
                                                    {"SQRT1_2", "(sqrt 1/2)"}}};

bool is_number_like(std::string_view name) {
  return name.find_first_of("0123456789") < 3 &&
         std::string_view("+-.0123456789").find(name[0]) != std::string_view::npos;
}

// Numbers and FPCore's constants keep their meaning.
bool is_reserved(std::string_view name) {
  return name == "PI" || is_number_like(name) ||
         std::any_of(kConstants.begin(), kConstants.end(),
                     [&](const NamedConstant& constant) { return constant.name == name; });
}

class Reader {
public:
  Reader(std::string_view text, ProgramBuilder& builder) : text_(text), builder_(builder) {}

  Result<NodeIndex> whole() {
    if (text_.size() > kMaxText) {
      return fail(ErrorCode::TermTooLarge, "FPCore expression of more than 1 MiB");
    }
    Scope scope{{"x", builder_.variable()}};
    skip_space();
    const std::size_t start = at_;
    const bool is_core = peek() == '(' && (++at_, token() == "FPCore");
    if (is_core) {
      ATTNCERT_CHECK(core_header(scope));
    } else {
      at_ = start;
    }
    ATTNCERT_TRY(const NodeIndex root, expression(scope, 0));
    if (is_core) ATTNCERT_CHECK(expect(')'));
    skip_space();
    if (at_ != text_.size()) return syntax("text after the end of the expression");
    return root;
  }

private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ';') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string_view token() {
    skip_space();
    const std::size_t end = std::min(text_.find_first_of(" \t\n\r()[];\"", at_), text_.size());
    const std::string_view result = text_.substr(at_, end - at_);
    at_ = end;
    return result;
  }

  Error syntax(const std::string& what) const {
    return fail(ErrorCode::TermSyntax,
                "FPCore expression, character " + std::to_string(at_ + 1) + ": " + what);
  }

  Status expect(char c) {
    skip_space();
    if (peek() != c) return syntax(std::string("expected '") + c + "'");
    ++at_;
    return ok();
  }

  // (FPCore [name] (argument) {:property value}* body
  Status core_header(Scope& scope) {
    skip_space();
    if (peek() != '(') token();
    ATTNCERT_CHECK(expect('('));
    const std::string argument(token());
    if (argument.empty() || is_reserved(argument))
      return syntax("an FPCore here takes exactly one argument");
    ATTNCERT_CHECK(expect(')'));
    scope = Scope{{argument, builder_.variable()}};
    for (skip_space(); peek() == ':'; skip_space()) ATTNCERT_CHECK(property());
    return ok();
  }

  Status property() {
    const std::string_view name = token();
    skip_space();
    if (name == ":precision") {
      if (token() == "real") return ok();
      return fail(ErrorCode::PrecisionNotReal,
                  "only ':precision real' is supported: terms are read over the real numbers");
    }
    if (peek() == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos) return syntax("a string without an end");
      at_ = end + 1;
      return ok();
    }
    return fail(ErrorCode::UnsupportedProperty,
                "FPCore property '" + std::string(name.substr(0, 40)) +
                    "' is not supported: give the domain with --domain, and leave properties out");
  }

  Result<NodeIndex> expression(const Scope& scope, int depth) {
    if (depth > kMaxDepth) {
      return fail(ErrorCode::TermTooDeep, "FPCore expression nested deeper than 1000 levels");
    }
    if (builder_.too_large()) {
      return fail(ErrorCode::TermTooLarge, "FPCore expression with more than 20000 operations");
    }
    skip_space();
    if (peek() != '(') return leaf(scope);
    ++at_;
    const std::string_view head = token();
    if (head == "let" || head == "let*") return let(scope, head == "let*", depth);
    if (head == "!") return syntax("annotations with '!' are not supported");
    for (const Operator& candidate : kOperators) {
      if (candidate.name == head) return application(candidate, scope, depth);
    }
    return fail(ErrorCode::UnknownOperator,
                "unknown operator '" + std::string(head.substr(0, 40)) +
                    "': supported are + - * / fabs fmax fmin sqrt exp log tanh erf erfc pow let");
  }

  Result<NodeIndex> leaf(const Scope& scope) {
    const std::string_view name = token();
    if (name.empty()) return syntax("expected an expression");
    if (const auto bound = scope.find(name); bound != scope.end()) return bound->second;
    if (name == "PI") return builder_.pi();
    for (const NamedConstant& constant : kConstants) {
      if (constant.name == name) return read_fpcore(constant.definition, builder_);
    }
    if (!is_number_like(name) || name.find('^') != name.npos) {
      return fail(ErrorCode::UnboundName,
                  "unbound name '" + std::string(name.substr(0, 40)) + "': the variable is x");
    }
    ATTNCERT_TRY(const Rational value, parse_rational(name));
    return builder_.constant(value);
  }

  Error wrong_arity(const Operator& found) const {
    return fail(ErrorCode::OperatorArity, "wrong number of arguments for '" +
                                              std::string(found.name) + "' near character " +
                                              std::to_string(at_ + 1));
  }

  Result<NodeIndex> application(const Operator& found, const Scope& scope, int depth) {
    ATTNCERT_TRY(const NodeIndex a, expression(scope, depth + 1));
    skip_space();
    if (found.op == Op::pow) return power(a);
    const bool single = peek() == ')';
    if (single ? arity(found.op) == 2 && found.op != Op::sub : arity(found.op) == 1) {
      return wrong_arity(found);
    }
    if (single) {
      ++at_;
      return builder_.unary(found.op == Op::sub ? Op::neg : found.op, a);
    }
    ATTNCERT_TRY(const NodeIndex b, expression(scope, depth + 1));
    skip_space();
    if (peek() != ')' && at_ < text_.size()) {
      return wrong_arity(found);
    }
    ATTNCERT_CHECK(expect(')'));
    return builder_.binary(found.op, a, b);
  }

  Result<NodeIndex> power(NodeIndex base) {
    const std::string_view digits = token();
    const auto exponent = parse_rational(digits);
    if (!exponent || denominator(exponent.value()) != 1 || abs(exponent.value()) > kMaxExponent) {
      return fail(ErrorCode::ExponentNotInteger,
                  "pow needs an integer exponent of at most 4096 in magnitude, not '" +
                      std::string(digits.substr(0, 40)) + "'");
    }
    ATTNCERT_CHECK(expect(')'));
    return builder_.power(base, static_cast<std::int32_t>(numerator(exponent.value())));
  }

  Result<NodeIndex> let(const Scope& scope, bool sequential, int depth) {
    Scope inner = scope;
    ATTNCERT_CHECK(expect('('));
    for (skip_space(); peek() == '[' || peek() == '('; skip_space()) {
      const char close = peek() == '[' ? ']' : ')';
      ++at_;
      const std::string name(token());
      if (name.empty() || is_reserved(name)) return syntax("expected a name to bind");
      ATTNCERT_TRY(const NodeIndex value, expression(sequential ? inner : scope, depth + 1));
      ATTNCERT_CHECK(expect(close));
      inner[name] = value;
      if (inner.size() > kMaxNames) {
        return fail(ErrorCode::TermTooLarge, "FPCore expression with more than 500 names in scope");
      }
    }
    ATTNCERT_CHECK(expect(')'));
    ATTNCERT_TRY(const NodeIndex body, expression(inner, depth + 1));
    ATTNCERT_CHECK(expect(')'));
    return body;
  }

  std::string_view text_;
  ProgramBuilder& builder_;
  std::size_t at_ = 0;
};

}  // namespace

Result<NodeIndex> read_fpcore(std::string_view text, ProgramBuilder& builder) {
  return Reader(text, builder).whole();
}

}  // namespace attncert
