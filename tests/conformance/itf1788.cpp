// Runs the ITF1788 statements on this project's intervals and, side by side, on Boost's and MPFI's.
// Fails when one of our results misses a point of the stated one, or when too few cases ran.
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <optional>

#include "judge.hpp"

namespace attncert::conformance {
namespace {

struct Counts {
  std::array<unsigned, 4> of{};  // by Verdict

  unsigned& operator[](Verdict verdict) { return of[static_cast<std::size_t>(verdict)]; }
  unsigned operator[](Verdict verdict) const { return of[static_cast<std::size_t>(verdict)]; }
  void add(const Counts& other) {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
  }
  unsigned judged() const {
    return (*this)[Verdict::tight] + (*this)[Verdict::wider] + (*this)[Verdict::unsound];
  }
};

// A library, and the fewest cases it must be judged on: with fewer, a file is missing or results
// have turned into refusals.
struct Contender {
  Library library;
  unsigned least_judged;
  bool must_be_sound;
  Counts total{};
};

struct Case {
  std::string file;
  Statement statement;
};

std::vector<Case> read_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".itl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const auto& file : files) {
    for (Statement& statement : read_statements(file)) {
      cases.push_back({file.filename().string(), std::move(statement)});
    }
  }
  return cases;
}

const Operation* find(const Library& library, const std::string& name) {
  for (const Operation& operation : library.operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

Outcome outcome_of(const Operation& operation, const Case& c) {
  try {
    return judged(operation, c.statement);
  } catch (const std::exception& error) {
    throw SyntaxError(c.file + ":" + std::to_string(c.statement.line) + ": " + operation.name +
                      ": " + error.what());
  }
}

void list(const Case& c, const std::string& library, const Outcome& outcome) {
  constexpr std::array kVerdicts{"tight", "wider", "unsound", "not applicable"};
  std::cerr << c.file << ":" << c.statement.line << ": " << library << ": " << c.statement.operation
            << ": " << kVerdicts[static_cast<std::size_t>(outcome.verdict)] << std::hexfloat
            << ": [" << outcome.result.lower << "," << outcome.result.upper << "] for ["
            << outcome.expected.lower << "," << outcome.expected.upper << "]\n";
}

// What a library makes of all bare cases of one operation; nothing if it has no such operation.
std::optional<Counts> count(const Contender& contender, const std::string& name,
                            const std::vector<Case>& cases, bool list_all) {
  const Operation* operation = find(contender.library, name);
  if (operation == nullptr) return std::nullopt;
  Counts counts;
  for (const Case& c : cases) {
    if (!c.statement.is_bare || c.statement.operation != name) continue;
    const Outcome outcome = outcome_of(*operation, c);
    ++counts[outcome.verdict];
    const bool failed = contender.must_be_sound && outcome.verdict == Verdict::unsound;
    if (failed || (list_all && outcome.verdict != Verdict::tight)) {
      list(c, contender.library.name, outcome);
    }
  }
  return counts;
}

void write_head(const std::vector<Contender>& contenders) {
  std::cout << "| operation |";
  for (const Contender& c : contenders) {
    std::cout << " " << c.library.name << ": tight | wider | unsound | n/a |";
  }
  std::cout << "\n|---|";
  for (std::size_t i = 0; i < contenders.size(); ++i) std::cout << "--:|--:|--:|--:|";
  std::cout << "\n";
}

void write_cells(const std::optional<Counts>& counts) {
  for (std::size_t i = 0; i < Counts{}.of.size(); ++i) {
    std::cout << " " << (counts ? std::to_string(counts->of[i]) : "-") << " |";
  }
}

void write_table(std::vector<Contender>& contenders, const std::vector<Case>& cases,
                 const std::string& listed) {
  write_head(contenders);
  for (const Operation& operation : contenders.front().library.operations) {
    std::cout << "| " << operation.name << " |";
    for (Contender& contender : contenders) {
      const bool list_all = contender.library.name == listed;
      const auto counts = count(contender, operation.name, cases, list_all);
      if (counts) contender.total.add(*counts);
      write_cells(counts);
    }
    std::cout << "\n";
  }
  std::cout << "| **total** |";
  for (const Contender& contender : contenders) write_cells(contender.total);
  std::cout << "\n";
}

void write_set_aside(const Library& ours, const std::vector<Case>& cases) {
  unsigned marked = 0;
  unsigned foreign = 0;
  for (const Case& c : cases) {
    if (!c.statement.is_bare) {
      ++marked;
    } else if (find(ours, c.statement.operation) == nullptr) {
      ++foreign;
    }
  }
  std::cout << "\n"
            << cases.size() << " statements. Set aside: " << marked
            << " with a decoration, NaI or a signal, " << foreign << " of operations that "
            << ours.name << " does not have.\n";
}

bool passes(const Contender& contender) {
  const std::string& name = contender.library.name;
  const unsigned unsound = contender.total[Verdict::unsound];
  const unsigned judged = contender.total.judged();
  if (judged < contender.least_judged) {
    std::cerr << name << ": " << judged << " cases judged instead of " << contender.least_judged
              << " or more: is the folder of test files complete?\n";
    return false;
  }
  if (contender.must_be_sound && unsound > 0) {
    std::cerr << name << ": " << unsound << " unsound results\n";
    return false;
  }
  return true;
}

bool run(const std::filesystem::path& folder, const std::string& listed) {
  std::vector<Contender> contenders{{attncert_library(), 845, true},
                                    {boost_double_library(), 850, false},
                                    {mpfi_library(), 650, false}};
  const std::vector<Case> cases = read_folder(folder);
  write_table(contenders, cases, listed);
  write_set_aside(contenders.front().library, cases);
  return std::count_if(contenders.begin(), contenders.end(), passes) == std::ssize(contenders);
}

}  // namespace
}  // namespace attncert::conformance

// The optional second argument names a library whose every result that is not tight is listed.
int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: " << argv[0] << " FOLDER-OF-ITL-FILES [LIBRARY-TO-LIST]\n";
    return 2;
  }
  constexpr int skipped = 77;
  if (!std::filesystem::is_directory(argv[1])) {
    std::cerr << "SKIPPED: the ITF1788 statements are not at " << argv[1]
              << "; interval arithmetic is still tested by the unit tests\n";
    return skipped;
  }
  try {
    return attncert::conformance::run(argv[1], argc == 3 ? argv[2] : "") ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 2;
  }
}
