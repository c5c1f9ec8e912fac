#include <array>

#include "attncert/expression/fpcore.hpp"

namespace attncert {
namespace {

constexpr std::array<std::string_view, 18> kNames{"",    "PI",  "x",    "+",    "-",    "*",
                                                  "/",   "-",   "fabs", "fmax", "fmin", "sqrt",
                                                  "exp", "log", "tanh", "erf",  "erfc", "pow"};

// How often each node below the root is used.
std::vector<unsigned> count_uses(const Program& program, NodeIndex root) {
  std::vector<unsigned> uses(program.size(), 0);
  uses[root] = 1;
  for (NodeIndex i = root + 1; i-- > 0;) {
    if (uses[i] == 0) continue;
    const int operands = arity(program[i].op);
    if (operands >= 1) ++uses[program[i].a];
    if (operands == 2) ++uses[program[i].b];
  }
  return uses;
}

// Operands' texts that are used nowhere else are given back.
std::string spell(const Node& node, std::vector<std::string>& texts,
                  const std::vector<unsigned>& uses) {
  if (node.op == Op::constant) return to_string(node.constant);
  std::string name(kNames.at(static_cast<std::size_t>(node.op)));
  if (arity(node.op) == 0) return name;
  std::string text = "(" + name + " " + texts[node.a];
  if (uses[node.a] == 1) std::string().swap(texts[node.a]);
  if (arity(node.op) == 2) text += " " + texts[node.b];
  if (arity(node.op) == 2 && uses[node.b] == 1) std::string().swap(texts[node.b]);
  if (node.op == Op::pow) text += " " + std::to_string(node.exponent);
  return text + ")";
}

}  // namespace

std::string write_fpcore(const Program& program, NodeIndex root) {
  const std::vector<unsigned> uses = count_uses(program, root);
  std::vector<std::string> texts(root + 1);
  std::string bindings;
  unsigned shared = 0;
  for (NodeIndex i = 0; i <= root; ++i) {
    if (uses[i] == 0) continue;
    texts[i] = spell(program[i], texts, uses);
    if (i == root || uses[i] == 1 || arity(program[i].op) == 0) continue;
    const std::string name = "t" + std::to_string(++shared);
    bindings += (shared > 1 ? " [" : "[") + name + " " + texts[i] + "]";
    texts[i] = name;
  }
  return shared == 0 ? texts[root] : "(let* (" + bindings + ") " + texts[root] + ")";
}

}  // namespace attncert
