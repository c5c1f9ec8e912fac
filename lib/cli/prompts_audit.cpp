#include "prompts_audit.hpp"

#include <iostream>

#include "attncert/model/output_files.hpp"
#include "columns.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

struct Report {
  const PromptsProof& proof;
  const Evaluation& evaluation;
  const std::optional<Rational>& epsilon;
  std::string certificate;  // empty where none is written

  bool all_alike() const { return proof.agreement.unproved.empty(); }
  bool is_proved() const {
    return all_alike() && (!epsilon || proof.agreement.difference->bound <= *epsilon);
  }
};

void print_json(const Report& report) {
  Json json{{"evaluation", to_json(report.evaluation)},
            {"prompts", report.proof.count},
            {"alike", report.proof.proved()},
            {"unproved", unproved_json(report.proof.agreement)},
            {"difference", difference_json(report.proof.agreement)},
            {"resumed", report.proof.agreement.resumed},
            {"proved", report.is_proved()}};
  if (!report.certificate.empty()) json["certificate"] = report.certificate;
  std::cout << json.dump() << "\n";
}

void print_epsilon(const Report& report) {
  std::cout << (report.is_proved() ? "proved" : "not proved") << ": epsilon "
            << to_string(*report.epsilon);
  if (!report.all_alike()) {
    std::cout << "; no other is either, while a prompt is not proved";
  } else if (!report.is_proved()) {
    std::cout << "; the least that is proved: "
              << difference_json(report.proof.agreement).at("bound").get<std::string>();
  }
  std::cout << "\n";
}

void print_text(const Report& report, long generate) {
  const Agreement& agreement = report.proof.agreement;
  print_wrapped("evaluation: " + in_words(report.evaluation));
  std::cout << "answers: the same on " << report.proof.proved() << " of " << report.proof.count
            << " prompts, " << generate << " tokens each, in exact arithmetic and as computed\n"
            << first_unproved(agreement) << difference_line(agreement);
  if (report.epsilon) print_epsilon(report);
  if (!report.certificate.empty()) {
    std::cout << report.certificate << ": " << agreement.certificate.steps.size()
              << " steps; check it with: attncert-check " << report.certificate << "\n";
  }
}

}  // namespace

Result<int> audit_prompts(const PromptsOptions& options, const Evaluation& evaluation,
                          const std::optional<Rational>& epsilon, bool json) {
  ATTNCERT_TRY(const PromptsProof proof, prove_on_prompts(options, evaluation));
  Report report{proof, evaluation, epsilon, ""};
  if (report.is_proved() && !options.output.empty()) {
    ATTNCERT_CHECK(
        write_file_atomically(options.output, write_certificate(proof.agreement.certificate)));
    report.certificate = options.output;
  }
  proof.log.remove();
  if (json) {
    print_json(report);
  } else {
    print_text(report, options.generate);
  }
  return report.is_proved() ? kDone : kRefuted;
}

}  // namespace attncert::cli
