#include "attncert/expression/zoo.hpp"

#include <array>

#include "attncert/expression/fpcore.hpp"

namespace attncert {
namespace {

struct Member {
  std::string_view name;
  std::string_view definition;
};

// x sigmoid(u) is written x / (1 + e^-u), and gelu_tanh by (1 + tanh u)/2 = sigmoid(2u): no
// cancellation at either end.
constexpr std::array<Member, 10> kZoo{{
    {"relu", "(fmax 0 x)"},
    {"silu", "(/ x (+ 1 (exp (- x))))"},
    {"gelu", "(* x (/ (erfc (- (/ x (sqrt 2)))) 2))"},
    {"gelu_tanh", "(/ x (+ 1 (exp (- (* 2 (* (sqrt (/ 2 PI)) (+ x (* 0.044715 (pow x 3)))))))))"},
    {"quick_gelu", "(/ x (+ 1 (exp (- (* 1.702 x)))))"},
    {"sigmoid", "(/ 1 (+ 1 (exp (- x))))"},
    {"tanh", "(tanh x)"},
    {"softplus", "(log (+ 1 (exp x)))"},
    {"mish", "(* x (tanh (log (+ 1 (exp x)))))"},
    {"elu", "(+ (fmax 0 x) (- (exp (fmin 0 x)) 1))"},
}};

constexpr std::string_view kScaledSilu = "silu:k=";

bool is_fpcore(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n;");
  return first != std::string_view::npos &&
         (std::string_view("(+-.0123456789").find(text[first]) != std::string_view::npos ||
          text.substr(first, 2) == "x" || text.substr(first, 2) == "PI");
}

Result<Rational> scale_of(std::string_view text) {
  ATTNCERT_TRY(const Rational k, parse_rational(text.substr(kScaledSilu.size())));
  if (k == 0) {
    return fail(ErrorCode::ActivationParameter, "silu:k=0 is not a function: k must not be zero");
  }
  return k;
}

Error unknown(std::string_view text) {
  return fail(ErrorCode::UnknownActivation,
              "unknown function '" + std::string(text.substr(0, 40)) + "': use " + zoo_names() +
                  ", silu:k=K, or an FPCore term in x such as '(* x (tanh x))'");
}

}  // namespace

std::string zoo_names() {
  std::string names;
  for (const Member& member : kZoo) names += (names.empty() ? "" : ", ") + std::string(member.name);
  return names;
}

Result<NodeIndex> read_function(std::string_view text, ProgramBuilder& builder) {
  for (const Member& member : kZoo) {
    if (member.name == text) return read_fpcore(member.definition, builder);
  }
  if (text.starts_with(kScaledSilu)) {
    ATTNCERT_TRY(const Rational k, scale_of(text));
    if (k == 1) return read_function("silu", builder);
    return read_fpcore("(/ x (+ 1 (exp (- (* " + to_string(k) + " x)))))", builder);
  }
  if (is_fpcore(text)) return read_fpcore(text, builder);
  return unknown(text);
}

Result<std::string> canonical_function(std::string_view text) {
  for (const Member& member : kZoo) {
    if (member.name == text) return std::string(text);
  }
  if (text.starts_with(kScaledSilu)) {
    ATTNCERT_TRY(const Rational k, scale_of(text));
    return std::string(kScaledSilu) + to_string(k);
  }
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(text, builder));
  std::string written = write_fpcore(builder.program(), root);
  constexpr std::size_t longest = std::size_t{1} << 16U;
  ATTNCERT_CHECK(read_fpcore(written, builder));  // inlining must not nest beyond what can be read
  if (written.size() <= longest) return written;
  return fail(ErrorCode::TermTooLarge, "a function's text of more than 64 KiB");
}

Result<Difference> read_difference(std::string_view target, std::string_view approximant) {
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex f, read_function(target, builder));
  ATTNCERT_TRY(const NodeIndex g, read_function(approximant, builder));
  const NodeIndex difference = builder.binary(Op::sub, f, g);
  return Difference{builder.program(), f, g, difference};
}

}  // namespace attncert
