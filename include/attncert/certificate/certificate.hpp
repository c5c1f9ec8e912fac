// Certificates: JSON Lines read strictly, step by step, and judged.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attncert/kernel/kernel.hpp"

namespace attncert {

/// A file a claim is about.
struct Subject {
  std::string role;  // "original-network", "original-weights", "converted-network", ...
  std::string name;  // path relative to the certificate
  std::string sha256;
};

/// Where and why a certificate was not accepted.
struct Refusal {
  Error error;
  std::size_t byte = 0;  // offset of the offending line
  long step = 0;         // 0 outside steps
  std::string rule;
};

/// Receives the parts of a certificate in order; an Error stops the reading.
struct CertificateSink {
  std::function<Status(const Judgement& claim)> claim;
  std::function<Status(const std::vector<Subject>& subjects)> subjects;
  std::function<Status(const Step& step)> step;
  std::function<Status(long end)> end;
};

/// Streams a certificate through a sink, line by line.
/// Requires exactly header, subjects, steps, end, in this order, no unknown or duplicate keys, and
///          nothing after the end; one ErrorCode per cause, with the byte offset of the line
/// Status   trusted
std::optional<Refusal> read_certificate(std::string_view text, const CertificateSink& sink);

/// What the kernel made of a certificate.
struct Verdict {
  std::optional<Judgement> claim;  // as far as it could be read
  std::optional<Refusal> refusal;  // absent: verified
  bool io_failure = false;         // the certificate or a subject could not be read
  long steps = 0;
};

/// Checks a certificate: subjects are loaded relative to `directory`, hashed, and parsed from the
/// same bytes; then every step is re-derived. With `expected`, the claim must be exactly that one.
/// Status   trusted
Verdict check_certificate(std::string_view text, const std::filesystem::path& directory,
                          const std::optional<Judgement>& expected = std::nullopt);

}  // namespace attncert
