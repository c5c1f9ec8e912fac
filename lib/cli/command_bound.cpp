#include <iostream>

#include "common.hpp"

namespace attncert::cli {
namespace {

struct Options {
  ClaimArguments claim;
  std::string gap = "1e-12";
  bool json = false;
};

void print_text(const SupremumBound& bound, const ClaimArguments& claim, const Domain& domain,
                const Rational& gap) {
  std::cout << "sup |" << claim.target << " - " << claim.approximant << "| over "
            << in_words(domain) << "\n";
  if (bound.kind == SupremumBound::Kind::unbounded) {
    std::cout << "unbounded: the difference grows without bound (proved at infinity)\n";
    return;
  }
  if (bound.kind == SupremumBound::Kind::equal) {
    std::cout << "equal: both are the same function wherever they are defined, and they are "
                 "defined everywhere here (proved)\n";
    return;
  }
  const int digits = digits_for(gap);
  std::cout << "lower    " << to_scientific(bound.lower, digits, Direction::down) << "\n"
            << "upper    " << to_scientific(bound.upper, digits, Direction::up) << "\n"
            << "witness  x = " << to_string(*bound.witness) << "\n"
            << "pieces   " << bound.pieces << ", both bounds accepted by the kernel\n";
  if (!bound.gap_reached) {
    std::cout << "note     the bounds are farther apart than the gap asked for\n";
  }
}

int run(const Options& options) {
  const auto pair = options.claim.pair();
  if (!pair) return exit_with(pair.error());
  const auto domain = domain_argument(options.claim.domain);
  if (!domain) return exit_with(domain.error());
  const auto gap = gap_argument(options.gap);
  if (!gap) return exit_with(gap.error());
  const auto bound =
      bound_supremum(pair.value(), domain.value(), gap.value(), terminal_progress("bound"));
  if (!bound) return exit_with(bound.error());
  end_progress();
  if (!kernel_agrees(bound.value())) {
    print_error("internal: the kernel refused a derivation; please report this command");
    return kInternal;
  }
  if (options.json) {
    std::cout << to_json(bound.value(), gap.value()).dump() << "\n";
  } else {
    print_text(bound.value(), options.claim, domain.value(), gap.value());
  }
  return kDone;
}

}  // namespace

void add_bound(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "bound", "Enclose sup |TARGET - APPROXIMANT| from both sides, with proof");
  options->claim.add_to(*command);
  command->add_option("--rel-gap", options->gap, "relative gap between the bounds")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert bound gelu silu:k=1.702\n"
      "  attncert bound relu '(* x (/ 1 (+ 1 (exp (- (* 4 x))))))' --domain -8,8 --json");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
