// What `attncert convert` prints.
#pragma once

#include <map>
#include <string>

#include "attncert/prover/conversion.hpp"

namespace attncert::cli {

/// Largest differences seen on the given inputs, by sublayer. Approximate.
using Measured = std::map<std::string, double>;

struct ConversionReport {
  const Network& original;
  const ConversionResult& result;
  const Measured& measured;
  const std::string& box;  // empty: every input
  const std::string& folder;
};

/// For each sublayer its error and costs before and after, the totals, and where the certificate is:
/// as text, or as one JSON object.
void print(const ConversionReport& report, bool json);

}  // namespace attncert::cli
