// Whole certificates in memory: for those who write or explain them. Checkers stream them instead.
#pragma once

#include <string>
#include <vector>

#include "attncert/certificate/certificate.hpp"

namespace attncert {

/// A whole certificate in memory, for writers and readers who need all of it.
struct Certificate {
  Judgement claim;
  std::vector<Subject> subjects;
  std::vector<Step> steps;
  long end = 0;  // the concluding step
};

/// The certificate's text: header, subjects, steps, end; one line each.
std::string write_certificate(const Certificate& certificate);

/// The whole certificate in memory.
Result<Certificate> parse_certificate(std::string_view text);

}  // namespace attncert
