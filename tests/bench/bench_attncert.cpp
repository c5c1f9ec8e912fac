// Times certify, write and check in process:
// bench_attncert TARGET APPROXIMANT LO,HI|all GAP [--repeat N]
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "attncert/expression/zoo.hpp"
#include "attncert/model/decimal.hpp"
#include "attncert/prover/supremum.hpp"

namespace {

using namespace attncert;
using Clock = std::chrono::steady_clock;

struct Times {
  std::vector<double> certify, write, check;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

Domain domain_argument(const std::string& text) {
  if (text == "all") return {};
  const auto comma = text.find(',');
  return {parse_rational(text.substr(0, comma)).value(),
          parse_rational(text.substr(comma + 1)).value()};
}

struct Outcome {
  Rational lower, upper;
  std::size_t bytes = 0;
};

// One repetition: search and proof of both bounds, the certificate's text, and the kernel's verdict.
Outcome repeat(const Pair& pair, const Domain& domain, const Rational& gap, Times& times) {
  auto start = Clock::now();
  auto bound = bound_supremum(pair, domain, gap);
  times.certify.push_back(microseconds_since(start));
  if (!bound) throw std::runtime_error(bound.error().message);
  start = Clock::now();
  const std::string text = write_certificate(bound.value().above);
  times.write.push_back(microseconds_since(start));
  start = Clock::now();
  const Verdict verdict = check_certificate(text, ".");
  times.check.push_back(microseconds_since(start));
  if (verdict.refusal) throw std::runtime_error(verdict.refusal->error.message);
  return {bound.value().lower, bound.value().upper, text.size()};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 5 && argc != 7) {
      std::cerr << "usage: bench_attncert TARGET APPROXIMANT LO,HI|all GAP [--repeat N]\n";
      return 2;
    }
    const Pair pair{canonical_function(argv[1]).value(), canonical_function(argv[2]).value()};
    const int repetitions = argc == 7 ? std::stoi(argv[6]) : 1;
    Times times;
    Outcome outcome;
    for (int i = 0; i < repetitions; ++i) {
      outcome = repeat(pair, domain_argument(argv[3]), parse_rational(argv[4]).value(), times);
    }
    constexpr int digits = 25;
    std::cout << "certify_us=" << median(times.certify) << "\nwrite_us=" << median(times.write)
              << "\ncheck_us=" << median(times.check) << "\nbytes=" << outcome.bytes
              << "\nlower=" << to_scientific(outcome.lower, digits, Direction::down)
              << "\nupper=" << to_scientific(outcome.upper, digits, Direction::up) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "bench_attncert: " << error.what() << "\n";
    return 1;
  }
}
