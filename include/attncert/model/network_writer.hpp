// Writing network files.
#pragma once

#include <string>

#include "attncert/statement/network.hpp"

namespace attncert {

/// Writes the canonical network file, pretty-printed.
/// Ensures  parse_network gives an equal network
std::string write_network(const Network& network);

}  // namespace attncert
