#include "attncert/construction/gates.hpp"

#include "attncert/core/json.hpp"
#include "attncert/expression/fpcore.hpp"

namespace attncert {
namespace {

// A number, or a term without x, as FPCore text; empty for 0.
Result<std::string> constant_text(const Json& value) {
  if (!value.is_string()) {
    return fail(ErrorCode::JsonWrongType, "a gate's numbers must be strings, such as \"1.702\"");
  }
  const auto& text = value.get_ref<const std::string&>();
  if (!text.starts_with("(")) {
    ATTNCERT_TRY(const Rational number, parse_rational(text));
    return number == 0 ? std::string() : to_string(number);
  }
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_fpcore(text, builder));
  const std::string written = write_fpcore(builder.program(), root);
  if (written.find('x') != std::string::npos && written.find(" x") != std::string::npos) {
    return fail(ErrorCode::UnboundName, "a gate's constant must not contain x");
  }
  return written;
}

Result<std::string> score_text(const Json& score) {
  if (!score.is_array() || score.size() != 2) {
    return fail(ErrorCode::JsonWrongType, "a score must be a pair [\"b\", \"beta\"]");
  }
  ATTNCERT_TRY(const std::string slope, constant_text(score[0]));
  ATTNCERT_TRY(const std::string shift, constant_text(score[1]));
  const std::string linear = slope.empty() ? "0" : slope == "1" ? "x" : "(* " + slope + " x)";
  const std::string affine = shift.empty()   ? linear
                             : slope.empty() ? shift
                                             : "(+ " + linear + " " + shift + ")";
  return "(exp (- " + affine + "))";
}

Result<std::string> gate_text(const Json& gate) {
  ATTNCERT_CHECK(check_keys(gate, "a gate", {"coefficient", "scores"}));
  ATTNCERT_TRY(const std::string coefficient, constant_text(gate.at("coefficient")));
  ATTNCERT_TRY(const Json scores, array_of(gate, "scores"));
  if (scores.empty()) return fail(ErrorCode::JsonWrongType, "a gate needs at least one score");
  std::string denominator = "1";
  for (const Json& score : scores) {
    ATTNCERT_TRY(const std::string text, score_text(score));
    denominator = "(+ " + denominator + " " + text + ")";
  }
  return "(/ " + (coefficient.empty() ? "0" : coefficient) + " " + denominator + ")";
}

}  // namespace

Result<std::string> gates_to_fpcore(std::string_view json_text) {
  ATTNCERT_TRY(const Json json, parse_json(json_text));
  ATTNCERT_CHECK(check_keys(json, "a gates file", {"gates"}));
  ATTNCERT_TRY(const Json gates, array_of(json, "gates"));
  if (gates.empty()) return fail(ErrorCode::JsonWrongType, "a gates file needs at least one gate");
  std::string sum;
  for (const Json& gate : gates) {
    ATTNCERT_TRY(const std::string text, gate_text(gate));
    sum = sum.empty() ? text : "(+ " + sum + " " + text + ")";
  }
  return "(* x " + sum + ")";
}

}  // namespace attncert
