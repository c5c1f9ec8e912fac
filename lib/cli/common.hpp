// What the commands share: exit codes, arguments, errors, progress.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "attncert/model/decimal.hpp"
#include "attncert/prover/supremum.hpp"

namespace attncert::cli {

/// Exit codes of attncert; those of attncert-check are the verdicts'.
enum ExitCode : int { kDone = 0, kRefuted = 1, kUsage = 2, kInternal = 4 };

/// "attncert: error: MESSAGE" on stderr, one line.
void print_error(const std::string& message);

/// Prints an error and gives its exit code: 1 where a claim cannot hold, 2 for bad input.
int exit_with(const Error& error);

/// A function argument: a zoo name, gates:FILE, or FPCore; canonical.
Result<std::string> function_argument(const std::string& text);

/// "all" or "LO,HI".
Result<Domain> domain_argument(const std::string& text);

/// A positive number, named in messages.
Result<Rational> positive_argument(const std::string& name, const std::string& text);

/// A progress line on stderr when that is a terminal; nothing otherwise.
Progress terminal_progress(const std::string& what, const std::string& things = "pieces");

/// Wipes the progress line.
void end_progress();

/// Significant digits that show a bound's relative gap.
int digits_for(const Rational& gap);

/// Both bounds go through the kernel once more: nothing is printed that it refuses.
bool kernel_agrees(const SupremumBound& bound);

/// What is known of a supremum, as the commands print it: bounds rounded outwards.
Json to_json(const SupremumBound& bound, const Rational& gap);

/// --rel-gap: from 1e-200 to 1.
Result<Rational> gap_argument(const std::string& text);

/// Target, approximant and domain, as several commands take them.
struct ClaimArguments {
  std::string target;
  std::string approximant;
  std::string domain = "all";
  void add_to(CLI::App& command);
  Result<Pair> pair() const;
};

// Each command: declares itself on the application, and sets `exit_code` when it has run.
void add_bound(CLI::App& application, int& exit_code);
void add_certify(CLI::App& application, int& exit_code);
void add_explain(CLI::App& application, int& exit_code);
void add_approximate(CLI::App& application, int& exit_code);
void add_convert(CLI::App& application, int& exit_code);
void add_mask(CLI::App& application, int& exit_code);
void add_formats(CLI::App& application, int& exit_code);
void add_evaluate(CLI::App& application, int& exit_code);
void add_agree(CLI::App& application, int& exit_code);
void add_export(CLI::App& application, int& exit_code);
void add_audit(CLI::App& application, int& exit_code);

}  // namespace attncert::cli
