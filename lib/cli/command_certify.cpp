#include <iostream>

#include "attncert/model/output_files.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

struct Options {
  ClaimArguments claim;
  std::string epsilon;
  std::string output;
  std::string refutation;
};

int report_failure(const CertifyOutcome& outcome, const Rational& epsilon,
                   const std::string& refutation) {
  constexpr int digits = 20;
  const std::string asked = to_string(epsilon);
  if (outcome.kind == CertifyOutcome::Kind::unbounded) {
    print_error("refuted: the difference grows without bound on this domain");
  } else if (outcome.kind == CertifyOutcome::Kind::refuted) {
    print_error("refuted: at x = " + to_string(*outcome.witness) + " the difference is at least " +
                to_scientific(outcome.lower, digits, Direction::down) + " > epsilon = " + asked);
  } else {
    print_error("not proved: the largest difference found is " +
                to_scientific(outcome.lower, digits, Direction::down) + ", epsilon = " + asked +
                "; 'attncert bound' encloses the supremum");
    return kRefuted;
  }
  if (refutation.empty()) return kRefuted;
  const Status written = write_file_atomically(refutation, write_certificate(outcome.certificate));
  return written ? static_cast<int>(kRefuted) : exit_with(written.error());
}

int run(const Options& options) {
  const auto pair = options.claim.pair();
  if (!pair) return exit_with(pair.error());
  const auto domain = domain_argument(options.claim.domain);
  if (!domain) return exit_with(domain.error());
  const auto epsilon = positive_argument("--epsilon", options.epsilon);
  if (!epsilon) return exit_with(epsilon.error());
  const auto outcome =
      certify_supremum(pair.value(), domain.value(), epsilon.value(), terminal_progress("certify"));
  if (!outcome) return exit_with(outcome.error());
  end_progress();
  if (outcome.value().kind != CertifyOutcome::Kind::proved) {
    return report_failure(outcome.value(), epsilon.value(), options.refutation);
  }
  const Certificate& certificate = outcome.value().certificate;
  const std::string text = write_certificate(certificate);
  const SupError claim{pair.value(), domain.value(), epsilon.value()};
  if (check_certificate(text, ".", Judgement(claim)).refusal) {
    print_error("internal: the kernel refused the certificate; please report this command");
    return kInternal;
  }
  if (Status written = write_file_atomically(options.output, text); !written) {
    return exit_with(written.error());
  }
  std::cout << "certified: " << in_words(certificate.claim) << "\n"
            << options.output << ": " << certificate.steps.size() << " steps, " << text.size()
            << " bytes; check it with: attncert-check " << options.output << "\n";
  return kDone;
}

}  // namespace

void add_certify(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "certify", "Prove |TARGET - APPROXIMANT| <= E and write the certificate, or refute it");
  options->claim.add_to(*command);
  command->add_option("--epsilon", options->epsilon, "the bound to prove, an exact number")
      ->required();
  command->add_option("-o,--output", options->output, "the certificate to write")->required();
  command->add_option("--refutation", options->refutation,
                      "where to write a certificate of the opposite, should E be refuted");
  command->footer(
      "Example:\n  attncert certify gelu silu:k=1.702 --epsilon 0.0204 -o gelu.jsonl\n"
      "  attncert-check gelu.jsonl");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
