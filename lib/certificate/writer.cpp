#include "attncert/certificate/certificate.hpp"

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

}  // namespace attncert
