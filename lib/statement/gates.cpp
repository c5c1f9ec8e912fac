#include "attncert/statement/gates.hpp"

#include "attncert/expression/fpcore.hpp"
#include "attncert/expression/zoo.hpp"

namespace attncert {
namespace {

Error syntax(const std::string& what) { return fail(ErrorCode::GatesSyntax, "gates: " + what); }

// Whether the variable occurs below root; one pass, since shared subterms may nest.
bool has_variable(const Program& program, NodeIndex root) {
  std::vector<bool> used(program.size(), false);
  used[root] = true;
  for (NodeIndex i = root + 1; i-- > 0;) {
    if (!used[i]) continue;
    const Node& node = program[i];
    if (node.op == Op::variable) return true;
    if (arity(node.op) > 0) used[node.a] = true;
    if (arity(node.op) > 1) used[node.b] = true;
  }
  return false;
}

// A number, or a term without x; canonical.
Result<std::string> constant_of(const Json& value) {
  if (!value.is_string()) return syntax("numbers must be strings, such as \"1.702\"");
  const auto& text = value.get_ref<const std::string&>();
  if (!text.starts_with("(")) {
    ATTNCERT_TRY(const Rational number, parse_rational(text));
    return to_string(number);
  }
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_fpcore(text, builder));
  if (has_variable(builder.program(), root)) return syntax("a constant must not contain x");
  return write_fpcore(builder.program(), root);
}

Result<Gate> gate_of(const Json& json) {
  ATTNCERT_CHECK(check_keys(json, "a gate", {"coefficient", "scores"}));
  Gate gate;
  ATTNCERT_TRY(gate.coefficient, constant_of(json.at("coefficient")));
  ATTNCERT_TRY(const Json scores, array_of(json, "scores"));
  if (scores.empty()) return syntax("a gate needs at least one score");
  for (const Json& score : scores) {
    if (!score.is_array() || score.size() != 2) {
      return syntax("a score must be a pair [\"slope\", \"shift\"]");
    }
    ATTNCERT_TRY(std::string slope, constant_of(score[0]));
    ATTNCERT_TRY(std::string shift, constant_of(score[1]));
    gate.scores.push_back({std::move(slope), std::move(shift)});
  }
  return gate;
}

std::string plus(const std::string& a, const std::string& b) { return "(+ " + a + " " + b + ")"; }

std::string exponential(const Score& score) {
  const std::string& b = score.slope;
  const std::string linear = b == "0" ? "0" : b == "1" ? "x" : "(* " + b + " x)";
  const std::string affine = score.shift == "0" ? linear
                             : b == "0"         ? score.shift
                                                : plus(linear, score.shift);
  return "(exp (- " + affine + "))";
}

std::string sum_text(const Gates& gates) {
  std::string sum;
  for (const Gate& gate : gates) {
    std::string denominator = "1";
    for (const Score& score : gate.scores) denominator = plus(denominator, exponential(score));
    const std::string text = "(/ " + gate.coefficient + " " + denominator + ")";
    sum = sum.empty() ? text : plus(sum, text);
  }
  return sum;
}

}  // namespace

Result<Gates> gates_of(const Json& array) {
  if (!array.is_array() || array.empty()) return syntax("at least one gate is needed");
  Gates gates;
  for (const Json& one : array) {
    ATTNCERT_TRY(Gate gate, gate_of(one));
    gates.push_back(std::move(gate));
  }
  return gates;
}

Json to_json(const Gates& gates) {
  Json array = Json::array();
  for (const Gate& gate : gates) {
    Json scores = Json::array();
    for (const Score& score : gate.scores) scores.push_back({score.slope, score.shift});
    array.push_back({{"coefficient", gate.coefficient}, {"scores", scores}});
  }
  return array;
}

Result<Gates> parse_gates(std::string_view json_text) {
  ATTNCERT_TRY(const Json json, parse_json(json_text));
  ATTNCERT_CHECK(check_keys(json, "a gates file", {"gates"}));
  return gates_of(json.at("gates"));
}

Result<std::string> neuron_function(const Gates& gates) {
  const Gate& first = gates.front();
  const Score& score = first.scores.front();
  const bool silu = gates.size() == 1 && first.coefficient == "1" && first.scores.size() == 1 &&
                    score.shift == "0" && score.slope != "0" && !score.slope.starts_with("(");
  if (silu) return canonical_function("silu:k=" + score.slope);
  return canonical_function("(* x " + sum_text(gates) + ")");
}

Result<std::string> gate_function(const Gates& gates) {
  return canonical_function(sum_text(gates));
}

}  // namespace attncert
