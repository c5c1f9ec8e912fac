#include "attncert/prover/document.hpp"

namespace attncert {
namespace {

Json step_line(const Step& step, const Pair* inherited) {
  Json line{{"step", step.number}, {"rule", name_of(step.rule)}};
  if (!step.premises.empty()) line["premises"] = step.premises;
  if (!step.keep.empty()) line["keep"] = step.keep;
  if (shape_of(step.rule).computes) line["precision"] = step.precision;
  Json data = Json::object();
  if (step.order) data["order"] = *step.order;
  if (step.centre) data["centre"] = to_string(*step.centre);
  if (!data.empty()) line["data"] = data;
  line["conclusion"] = to_json(step.conclusion, inherited);
  return line;
}

}  // namespace

std::string write_certificate(const Certificate& certificate) {
  const Pair* inherited = pair_of(certificate.claim);
  std::string text = Json{{"attncert", 1}, {"statement", to_json(certificate.claim)}}.dump() + "\n";
  for (const Subject& subject : certificate.subjects) {
    text +=
        Json{{"subject", subject.role}, {"name", subject.name}, {"sha256", subject.sha256}}.dump() +
        "\n";
  }
  for (const Step& step : certificate.steps) text += step_line(step, inherited).dump() + "\n";
  return text + Json{{"end", certificate.end}}.dump() + "\n";
}

Result<Certificate> parse_certificate(std::string_view text) {
  Certificate certificate;
  const CertificateSink sink{[&](const Judgement& claim) {
                               certificate.claim = claim;
                               return ok();
                             },
                             [&](const std::vector<Subject>& subjects) {
                               certificate.subjects = subjects;
                               return ok();
                             },
                             [&](const Step& step) -> Status {
                               if (step.order.has_value() != shape_of(step.rule).order ||
                                   step.centre.has_value() != shape_of(step.rule).centre) {
                                 return fail(ErrorCode::DataMismatch,
                                             "a step's data are not what its rule reads");
                               }
                               certificate.steps.push_back(step);
                               return ok();
                             },
                             [&](long end) {
                               certificate.end = end;
                               return ok();
                             }};
  if (auto refusal = read_certificate(text, sink)) return refusal->error;
  return certificate;
}

}  // namespace attncert
