#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "attncert/construction/approximation.hpp"
#include "attncert/expression/zoo.hpp"
#include "attncert/model/output_files.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string target;
  long heads = 0;
  std::string epsilon;
  std::string output;
  std::string gap = "1e-12";
  bool search = false;
  bool json = false;
};

// Gates and what is proved of them.
struct Answer {
  std::string target;
  Approximation approximation;
  SupremumBound bound;
};

SearchProgress search_progress() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [](int heads, double share) {
    std::fprintf(stderr, "\r\033[Ksearch: %d heads, %.0f%%", heads, 100 * share);
    std::fflush(stderr);
  };
}

Result<Approximation> find_gates(const Options& options, const std::string& target) {
  if (options.search) {
    return optimise_gates(target, options.heads == 0 ? 1 : static_cast<int>(options.heads),
                          search_progress());
  }
  std::optional<int> heads;
  std::optional<Rational> epsilon;
  if (options.heads != 0) heads = static_cast<int>(options.heads);
  if (!options.epsilon.empty()) {
    ATTNCERT_TRY(epsilon, positive_argument("--epsilon", options.epsilon));
  }
  return approximation_for(target, heads, epsilon, search_progress());
}

// Where functions are equal but their terms differ, a supremum cannot be enclosed from below: one
// small epsilon is proved instead.
Result<SupremumBound> prove_tiny(const Pair& pair, const Options& options) {
  Rational epsilon = power_of_ten(-15);
  if (!options.epsilon.empty()) {
    ATTNCERT_TRY(const Rational asked, positive_argument("--epsilon", options.epsilon));
    epsilon = std::min(epsilon, asked);
  }
  ATTNCERT_TRY(CertifyOutcome outcome,
               certify_supremum(pair, Domain{}, epsilon, terminal_progress("certify")));
  if (outcome.kind != CertifyOutcome::Kind::proved) {
    return fail(ErrorCode::EpsilonUnreached, pair.target + " equals the gates, but an error of " +
                                                 to_string(epsilon) +
                                                 " is too small to be proved; ask for 1e-20");
  }
  SupremumBound bound;
  bound.upper = epsilon;
  bound.pieces = outcome.pieces;
  bound.gap_reached = false;
  bound.above = std::move(outcome.certificate);
  return bound;
}

// Proves the gates' error, more closely if that is what epsilon takes.
Result<SupremumBound> prove(const Pair& pair, const Rational& gap, const Options& options) {
  const Progress progress = terminal_progress("bound");
  ATTNCERT_TRY(SupremumBound bound, bound_supremum(pair, Domain{}, gap, progress));
  if (bound.kind == SupremumBound::Kind::unbounded) {
    return fail(ErrorCode::TailDiverges,
                "the gates found have other slopes at infinity than " + pair.target);
  }
  if (options.epsilon.empty()) return bound;
  ATTNCERT_TRY(const Rational epsilon, positive_argument("--epsilon", options.epsilon));
  if (bound.upper > epsilon && bound.lower <= epsilon) {
    ATTNCERT_TRY(bound, bound_supremum(pair, Domain{}, gap * power_of_ten(-10), progress));
  }
  if (bound.upper <= epsilon) return bound;
  return fail(ErrorCode::EpsilonUnreached, "the gates found have an error of up to " +
                                               to_scientific(bound.upper, 12, Direction::up) +
                                               ", above " + options.epsilon +
                                               ": ask for one head more with --heads");
}

Result<Answer> answer(const Options& options, const Rational& gap) {
  ATTNCERT_TRY(std::string target, canonical_function(options.target));
  ATTNCERT_TRY(Approximation found, find_gates(options, target));
  ATTNCERT_TRY(std::string function, neuron_function(found.gates));
  const Pair pair{target, std::move(function)};
  // only these gates are another term than their target's
  const bool differs = found.exact && found.gates.size() > 1;
  ATTNCERT_TRY(SupremumBound bound,
               differs ? prove_tiny(pair, options) : prove(pair, gap, options));
  return Answer{std::move(target), std::move(found), std::move(bound)};
}

std::optional<Rational> sum_of_magnitudes(const Gates& gates) {
  Rational sum = 0;
  for (const Gate& gate : gates) {
    const auto c = parse_rational(gate.coefficient);
    if (!c) return {};
    sum += abs(c.value());
  }
  return sum;
}

std::string gates_text(const Gates& gates) { return Json{{"gates", to_json(gates)}}.dump() + "\n"; }

// FILE.json: the certificate goes beside it, as FILE.jsonl; anything else is a folder.
struct Paths {
  fs::path gates;
  fs::path certificate;
};

Result<Paths> paths_for(const std::string& output) {
  const fs::path path(output);
  std::error_code problem;
  if (path.extension() == ".json" && !fs::is_directory(path, problem)) {
    return Paths{path, fs::path(path).replace_extension(".jsonl")};
  }
  fs::create_directories(path, problem);
  if (!problem && fs::is_directory(path))
    return Paths{path / "gates.json", path / "certificate.jsonl"};
  return fail(ErrorCode::FileUnwritable,
              "cannot create folder '" + output +
                  "': " + (problem ? problem.message() : std::string("a file has that name")));
}

Result<std::optional<Paths>> write(const Options& options, const Answer& result) {
  if (options.output.empty()) return std::optional<Paths>();
  ATTNCERT_TRY(const Paths paths, paths_for(options.output));
  ATTNCERT_CHECK(
      write_files_atomically({{paths.gates, gates_text(result.approximation.gates)},
                              {paths.certificate, write_certificate(result.bound.above)}}));
  return std::optional<Paths>(paths);
}

void print_json(const Answer& result, const Rational& gap, const std::optional<Paths>& paths) {
  Json json = to_json(result.bound, gap);
  const Gates& gates = result.approximation.gates;
  const auto sum = sum_of_magnitudes(gates);
  json["target"] = result.target;
  json["heads"] = gates.size();
  json["gates"] = to_json(gates);
  json["exact"] = result.approximation.exact;
  json["sum_of_magnitudes"] = sum ? Json(to_string(*sum)) : Json();
  json["files"] = Json::array();
  if (paths) json["files"] = {paths->gates.string(), paths->certificate.string()};
  std::cout << json.dump() << "\n";
}

std::string in_words(const Gate& gate) {
  std::string text = gate.coefficient + " / (1";
  for (const Score& score : gate.scores) {
    text += " + e^-(" + score.slope + " x";
    text += score.shift == "0" ? ")" : " + " + score.shift + ")";
  }
  return text + ")";
}

void print_text(const Answer& result, const Rational& gap, const std::optional<Paths>& paths) {
  const Gates& gates = result.approximation.gates;
  std::cout << result.target << " by x S(x), " << gates.size()
            << (gates.size() == 1 ? " head" : " heads") << ", S(x) the sum of\n";
  for (const Gate& gate : gates) std::cout << "  " << in_words(gate) << "\n";
  if (const auto sum = sum_of_magnitudes(gates)) {
    std::cout << "sum |c|  " << to_string(*sum) << "\n";
  }
  const int digits = digits_for(gap);
  if (result.bound.kind == SupremumBound::Kind::equal) {
    std::cout << "error    0: both are the same function (proved)\n";
  } else {
    std::cout << "error    at most " << to_scientific(result.bound.upper, digits, Direction::up)
              << " for every real x (proved)\n";
    if (result.approximation.exact) {
      std::cout << "note     equal by theorem; what is proved numerically is this small error\n";
    }
  }
  if (!paths) return;
  std::cout << "gates: " << paths->gates.string()
            << "; certificate: " << paths->certificate.string()
            << "; check it with: attncert-check " << paths->certificate.string() << "\n";
}

int run(const Options& options) {
  const auto gap = gap_argument(options.gap);
  if (!gap) return exit_with(gap.error());
  const auto result = answer(options, gap.value());
  if (!result) return exit_with(result.error());
  end_progress();
  if (!kernel_agrees(result.value().bound)) {
    print_error("internal: the kernel refused a derivation; please report this command");
    return kInternal;
  }
  const auto paths = write(options, result.value());
  if (!paths) return exit_with(paths.error());
  if (options.json) {
    print_json(result.value(), gap.value(), paths.value());
  } else {
    print_text(result.value(), gap.value(), paths.value());
  }
  return kDone;
}

}  // namespace

void add_approximate(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "approximate", "Find the gates of M heads that stand for an activation, with proof");
  command->add_option("TARGET", options->target, "zoo name, silu:k=K, or an FPCore term in x")
      ->required();
  auto* heads =
      command->add_option("--heads", options->heads, "at most so many heads, 1 to 12 (default 1)");
  heads->check(CLI::Range(1L, static_cast<long>(kMostHeads)));
  auto* epsilon = command->add_option("--epsilon", options->epsilon,
                                      "as few heads as keep the error at most E");
  heads->excludes(epsilon);
  command->add_option("-o,--output", options->output,
                      "folder for gates.json and certificate.jsonl, or FILE.json");
  command->add_option("--rel-gap", options->gap, "relative gap between the bounds")
      ->capture_default_str();
  command->add_flag("--search", options->search, "search even where a table has the answer")
      ->excludes(epsilon);
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert approximate gelu --heads 3 -o /tmp/gelu\n"
      "  attncert-check /tmp/gelu/certificate.jsonl");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
