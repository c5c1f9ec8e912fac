#include <iostream>

#include "attncert/core/file.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

std::string reason(const Step& step) {
  switch (step.rule) {
    case Rule::enclose: return "evaluating both functions over the whole piece at once";
    case Rule::mean_value: return "the value at a centre plus the slopes over the piece";
    case Rule::taylor:
      return "a Taylor expansion of order " + std::to_string(step.order.value_or(0)) +
             " about x = " + to_scientific(step.centre.value_or(0), 8, Direction::down) +
             " with its remainder enclosed";
    case Rule::well_defined: return "no divisor, root or logarithm leaves its domain there";
    case Rule::tail:
      return std::holds_alternative<WellDefined>(step.conclusion)
                 ? "no divisor, root or logarithm leaves its domain towards infinity"
                 : "what remains at infinity decays exponentially";
    case Rule::divergence: return "the leading terms at infinity differ";
    case Rule::value: return "evaluating both functions at that point";
    case Rule::witness: return "that point is in the domain";
    case Rule::cover: return "the pieces join without a gap";
    case Rule::even: return "the difference is the same at x and -x, up to sign";
    case Rule::scale: return "SiLU(kx)/k - ReLU(x) is SiLU(y) - ReLU(y) over k, at y = kx";
    case Rule::identical: return "both functions are the same term";
    case Rule::weaken: return "a weaker statement follows";
    case Rule::instance: return "every stored number was compared with the construction's";
    case Rule::ball: return "after the norm, inputs lie in a ball";
    case Rule::box: return "inputs lie in the stated box";
    case Rule::lift: return "summing |V2_jk| times each neuron's error";
    case Rule::every_layer: return "every sublayer is listed";
    case Rule::spectral: return "bounding queries and keys over every input";
    case Rule::leak: return "bounding the weight that masked tokens get";
    case Rule::triangle: return "adding up errors";
    case Rule::argmax: return "enclosing every output of both models on these prompts";
    case Rule::shard_union: return "the shards are all of the prompts";
    case Rule::mask_error: return "bounding the weight that leaks through the mask";
    case Rule::round_mlp:
    case Rule::round_attention:
    case Rule::round_linear: return "bounding every rounding from the weights";
    case Rule::round_total: return "adding up each sublayer's shares";
    case Rule::perturb:
      return "bounding the difference of stored and ideal weights over every input";
  }
  return "";
}

std::string premises_text(const Step& step) {
  constexpr std::size_t shown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(step.premises.size(), shown); ++i) {
    text += (i > 0 ? ", " : " from step ") + std::to_string(step.premises[i]);
  }
  if (step.premises.size() > shown) {
    text += ", ... (" + std::to_string(step.premises.size()) + " steps)";
  }
  return text;
}

int run(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return exit_with(text.error());
  const auto certificate = parse_certificate(text.value());
  if (!certificate) {
    return exit_with(fail(certificate.error().code, path + ": " + certificate.error().message));
  }
  std::cout << "Claim: " << in_words(certificate.value().claim) << "\n";
  for (const Subject& subject : certificate.value().subjects) {
    std::cout << "About: " << subject.role << " = " << subject.name << " (SHA-256 "
              << subject.sha256.substr(0, 16) << "...)\n";
  }
  std::cout << "Derivation, " << certificate.value().steps.size() << " steps:\n";
  for (const Step& step : certificate.value().steps) {
    std::cout << "  " << step.number << ". " << in_words(step.conclusion) << "\n     by "
              << name_of(step.rule) << premises_text(step) << ": " << reason(step);
    if (step.precision > 0) std::cout << ", at " << step.precision << " bits";
    std::cout << "\n";
  }
  std::cout << "Step " << certificate.value().end
            << " is the claim. This is a reading aid; attncert-check decides.\n";
  return kDone;
}

}  // namespace

void add_explain(CLI::App& application, int& exit_code) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = application.add_subcommand(
      "explain", "Print a certificate's claim and derivation in English");
  command->add_option("FILE", *path, "a certificate")->required();
  command->footer(
      "Example:\n  attncert explain certificates/theorems/gelu-1.702/certificate.jsonl");
  command->callback([path, &exit_code] { exit_code = run(*path); });
}

}  // namespace attncert::cli
