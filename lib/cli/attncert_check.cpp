// attncert-check: reads certificates, re-derives every step, and says what holds.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>

#include "attncert/certificate/certificate.hpp"
#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "memory.hpp"

namespace attncert {
namespace {

enum ExitCode : int { kVerified = 0, kRejected = 1, kUsage = 2, kInternal = 4 };

constexpr std::string_view word_for(int code) {
  return code == kVerified ? "Verified" : code == kRejected ? "Rejected" : "Error";
}

/// What is printed of one file.
struct Report {
  std::string file;
  int code = kUsage;
  std::string message;
  Verdict verdict;
};

// Every *.jsonl below a directory, or the file itself.
Result<std::vector<std::string>> certificates_at(const std::string& path) {
  std::error_code problem;
  if (!std::filesystem::is_directory(path, problem)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  std::filesystem::recursive_directory_iterator walk(path, problem);
  for (const auto end = std::filesystem::recursive_directory_iterator(); !problem && walk != end;
       walk.increment(problem)) {
    if (walk->path().extension() == ".jsonl") files.push_back(walk->path().string());
  }
  if (problem) return fail(ErrorCode::FileUnreadable, path + ": " + problem.message());
  if (files.empty()) {
    return fail(ErrorCode::FileUnreadable, "no certificates (*.jsonl) in directory '" + path + "'");
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Bytes that a terminal could take for commands are shown as '?'.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }, '?');
  return text;
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return printable(std::move(text));
}

void print_error(std::string message) {
  std::cerr << "attncert-check: error: " << on_one_line(std::move(message)) << "\n";
}

Report check_file(const std::string& file, const std::optional<Judgement>& expected) {
  Report report{file, kUsage, "", {}};
  const auto text = read_file(file);
  if (!text) {
    report.message = text.error().message;
    return report;
  }
  report.verdict =
      check_certificate(text.value(), std::filesystem::path(file).parent_path(), expected);
  const auto& refusal = report.verdict.refusal;
  report.code = !refusal ? kVerified : report.verdict.io_failure ? kUsage : kRejected;
  if (refusal) report.message = refusal->error.message;
  return report;
}

// One file that exhausts memory must not hide the verdicts on the others.
Report check_or_report(const std::string& file, const std::optional<Judgement>& expected) {
  try {
    return check_file(file, expected);
  } catch (const std::exception& error) {
    return {file, kInternal, std::string("internal: ") + error.what(), {}};
  }
}

Json to_json(const Report& report) {
  Json json{{"file", report.file}, {"verdict", word_for(report.code)}};
  if (report.verdict.claim) {
    const Json statement = to_json(*report.verdict.claim);
    json["statement"] = statement;
    json["statement_sha256"] = sha256_hex(statement.dump());
  }
  if (report.code != kVerified) json["message"] = report.message;
  if (const auto& refusal = report.verdict.refusal) {
    json["code"] = name_of(refusal->error.code);
    json["byte"] = refusal->byte;
    if (refusal->step > 0) json["step"] = refusal->step;
    if (!refusal->rule.empty()) json["rule"] = refusal->rule;
  }
  return json;
}

void print_text(const Report& report) {
  std::cout << on_one_line(report.file) << "\n";
  if (report.verdict.claim) {
    std::cout << "  claim   " << printable(in_words(*report.verdict.claim)) << "\n  sha256  "
              << sha256_hex(to_json(*report.verdict.claim).dump()) << "\n";
  }
  std::cout << "  " << word_for(report.code);
  if (const auto& refusal = report.verdict.refusal) {
    std::cout << " " << name_of(refusal->error.code);
    if (refusal->step > 0)
      std::cout << " at step " << refusal->step << " (" << on_one_line(refusal->rule) << ")";
    std::cout << ", byte " << refusal->byte << ": " << on_one_line(report.message);
  } else if (report.code != kVerified) {
    std::cout << ": " << on_one_line(report.message);
  } else {
    std::cout << " (" << report.verdict.steps << " steps)";
  }
  std::cout << "\n";
}

// A statement given as JSON text, or the path of a file that holds it.
Result<Judgement> expected_claim(const std::string& argument) {
  std::string text = argument;
  if (text.find('{') == std::string::npos) {
    ATTNCERT_TRY(text, read_file(argument));
  }
  ATTNCERT_TRY(const Json json, parse_json(text));
  return claim_of(json);
}

int run(const std::vector<std::string>& paths, const std::optional<std::string>& claim, bool json) {
  std::optional<Judgement> expected;
  if (claim) {
    auto parsed = expected_claim(*claim);
    if (!parsed) {
      print_error("--claim: " + parsed.error().message);
      return kUsage;
    }
    expected = std::move(parsed).value();
  }
  int code = kVerified;
  Json reports = Json::array();
  for (const std::string& path : paths) {
    const auto files = certificates_at(path);
    if (!files) {
      print_error(files.error().message);
      code = std::max<int>(code, kUsage);  // unreadable files outweigh rejections
      continue;
    }
    for (const std::string& file : files.value()) {
      const Report report = check_or_report(file, expected);
      code = std::max(code, report.code);
      if (report.code >= kUsage) print_error(report.message);
      if (json) {
        reports.push_back(to_json(report));
      } else {
        print_text(report);
      }
    }
  }
  if (json) {
    std::cout << Json{{"certificates", reports}, {"verdict", word_for(code)}}.dump(
                     -1, ' ', false, Json::error_handler_t::replace)
              << "\n";
  } else {
    std::cout << word_for(code) << "\n";
  }
  return code;
}

}  // namespace
}  // namespace attncert

int main(int argc, char** argv) {
  using namespace attncert;
  cli::keep_freed_memory();
  CLI::App application{
      "Re-derives certificates; the exit code is the verdict: 0 Verified, "
      "1 Rejected, 2 usage or unreadable file",
      "attncert-check"};
  std::vector<std::string> paths;
  std::string claim;
  bool json = false;
  application.set_version_flag("--version", "attncert-check 0.1.0");
  application.add_option("FILE|DIR", paths, "certificates, or directories of *.jsonl")->required();
  const CLI::Option* given = application.add_option(
      "--claim", claim, "accept only a proof of exactly this statement (JSON, or a file)");
  application.add_flag("--json", json, "print one JSON object");
  application.footer("Example:\n  attncert-check certificates/theorems");
  try {
    application.parse(argc, argv);
    const int code = run(paths, given->count() > 0 ? std::optional(claim) : std::nullopt, json);
    std::cout.flush();
    if (std::cout) return code;
    print_error("cannot write to standard output");
    return kUsage;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return application.exit(error);
    print_error(std::string(error.what()) + " (see attncert-check --help)");
    return kUsage;
  } catch (const std::exception& error) {
    print_error(std::string("internal: ") + error.what());
    std::cout << "Error\n";
    return kInternal;
  }
}
