#include "attncert/expression/term.hpp"

namespace attncert {

NodeIndex ProgramBuilder::intern(Node node) {
  const auto next = static_cast<NodeIndex>(program_.size());
  const auto [place, inserted] =
      known_.try_emplace(Key{node.op, node.a, node.b, node.exponent, node.constant}, next);
  if (inserted) program_.push_back(std::move(node));
  return place->second;
}

}  // namespace attncert
