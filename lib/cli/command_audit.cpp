#include <algorithm>

#include "attncert/core/file.hpp"
#include "attncert/model/output_files.hpp"
#include "audit_report.hpp"
#include "evaluation_options.hpp"
#include "prompts_audit.hpp"
#include "two_models.hpp"

namespace attncert::cli {
namespace {

struct Options {
  ModelFolders folders;
  EvaluationOptions evaluation;
  std::string domain = "every-input";
  std::string epsilon;
  std::string layer;
  long tokens = 0;
  bool neurons = false;
  std::string output;
  bool json = false;
  PromptsOptions prompts;
  const CLI::App* command = nullptr;
};

constexpr std::string_view kPrompts = "prompts:";

// Options that say nothing of this domain.
Status refuse(const Options& options, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (options.command->count(name) == 0) continue;
    return fail(ErrorCode::DomainMismatch, std::string(name) + " makes no sense with --domain " +
                                               options.domain + ": leave it out");
  }
  return ok();
}

// box:R, or box:FILE where the rest is no number.
Result<InputBoxes> boxes_argument(const std::string& text, const Network& network) {
  if (parse_rational(text)) {
    ATTNCERT_TRY(Rational size, positive_argument("--domain box", text));
    return InputBoxes{{}, std::move(size)};
  }
  const auto content = read_file(text);
  if (!content) {
    return fail(content.error().code,
                "--domain box: neither a number nor a file of ranges: " + content.error().message);
  }
  auto boxes = read_input_boxes(content.value(), network);
  if (boxes) return boxes;
  return fail(boxes.error().code, "ranges file '" + text + "': " + boxes.error().message);
}

Result<AuditOptions> audit_options(const Options& options, const Network& network) {
  AuditOptions how;
  how.neurons = options.neurons;
  if (!options.layer.empty()) how.layer = options.layer;
  if (options.tokens < 0) return fail(ErrorCode::NumberSyntax, "--tokens must be at least 1");
  if (options.tokens > 0) how.tokens = options.tokens;
  if (options.domain == "every-input") return how;
  constexpr std::string_view box = "box:";
  if (options.domain.starts_with(box)) {
    ATTNCERT_TRY(how.boxes, boxes_argument(options.domain.substr(box.size()), network));
    return how;
  }
  return fail(ErrorCode::DomainMismatch,
              "--domain must be every-input, box:R, box:FILE or prompts:FILE");
}

// Whether the heads' function is closer to another GELU than to the activation of the original.
std::vector<VariantFinding> variants_of(const Audit& audit) {
  std::vector<VariantFinding> findings;
  const Rational gap(1, 100);
  const auto error_of = [&](const std::string& target,
                            const std::string& approximant) -> std::optional<Rational> {
    const auto bound = bound_supremum({target, approximant}, Domain{}, gap);
    if (!bound || bound.value().kind == SupremumBound::Kind::unbounded) return std::nullopt;
    return bound.value().upper;
  };
  std::vector<std::pair<std::string, std::string>> known;
  for (const AuditedLayer& layer : audit.layers) {
    const RoundingClaim& claim = layer.claim;
    if (claim.activation != "gelu" && claim.activation != "gelu_tanh") continue;
    if (claim.approximation == 0) continue;
    const std::pair pair{claim.activation, claim.approximant};
    if (std::find(known.begin(), known.end(), pair) != known.end()) continue;
    known.push_back(pair);
    const std::string other = claim.activation == "gelu" ? "gelu_tanh" : "gelu";
    const auto own = error_of(claim.activation, claim.approximant);
    const auto closer = error_of(other, claim.approximant);
    if (own && closer && 2 * *closer < *own) {
      findings.push_back({claim.name, claim.activation, *own, other, *closer});
    }
  }
  return findings;
}

Result<int> run_on_prompts(const Options& options, const Evaluation& evaluation,
                           const std::optional<Rational>& epsilon) {
  ATTNCERT_CHECK(refuse(options, {"--neurons", "--layer", "--tokens"}));
  PromptsOptions how = options.prompts;
  how.folders = options.folders;
  how.prompts = options.domain.substr(kPrompts.size());
  how.output = options.output;
  return audit_prompts(how, evaluation, epsilon, options.json);
}

// Some token may attend to what is masked, whatever is proved of other sublayers.
bool has_broken_masks(const Audit& audit) {
  return std::any_of(audit.layers.begin(), audit.layers.end(), [](const AuditedLayer& layer) {
    return layer.refusal && (layer.refusal->code == ErrorCode::MaskRowEmpty ||
                             layer.refusal->code == ErrorCode::MaskTooWeak);
  });
}

Result<int> run_all(const Options& options) {
  ATTNCERT_TRY(const Evaluation evaluation, options.evaluation.read());
  std::optional<Rational> epsilon;
  if (!options.epsilon.empty()) {
    ATTNCERT_TRY(epsilon, positive_argument("--epsilon", options.epsilon));
  }
  if (options.domain.starts_with(kPrompts)) return run_on_prompts(options, evaluation, epsilon);
  ATTNCERT_CHECK(refuse(options, {"--generate", "--shard-size", "--jobs"}));
  ATTNCERT_TRY(const TwoModels models, load_models(options.folders));
  ATTNCERT_TRY(const AuditOptions how, audit_options(options, models.original.model.network));
  std::vector<Subject> subjects;
  if (!options.output.empty()) {
    ATTNCERT_TRY(subjects, subjects_of(options.folders, models, options.output));
  }
  auto audit = audit_conversion(models.original.model, models.converted.model, evaluation, how,
                                terminal_progress("auditing", "sublayers"));
  end_progress();
  if (!audit) return audit.error();
  const std::vector<VariantFinding> findings = variants_of(audit.value());
  AuditReport report{audit.value(), evaluation, findings, epsilon, ""};
  const bool done = audit.value().certificate && !has_broken_masks(audit.value()) &&
                    (!epsilon || is_proved(report));
  if (done && !options.output.empty()) {
    Certificate& certificate = *audit.value().certificate;
    certificate.subjects = std::move(subjects);
    ATTNCERT_CHECK(write_file_atomically(options.output, write_certificate(certificate)));
    report.certificate = options.output;
  }
  print(report, options.json);
  return done ? kDone : kRefuted;
}

int run(const Options& options) {
  const auto code = run_all(options);
  return code ? code.value() : exit_with(code.error());
}

}  // namespace

void add_audit(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "audit", "Bound how far a conversion and its original may be apart in given number formats");
  command->add_option("ORIGINAL", options->folders.original, "folder of the original model")
      ->required();
  command->add_option("CONVERTED", options->folders.converted, "folder of its conversion")
      ->required();
  add_evaluation_options(*command, options->evaluation)->required();
  command
      ->add_option("--domain", options->domain,
                   "every-input; box:R or box:FILE: inputs in [-R, R], or in ranges; prompts:FILE: "
                   "end to end")
      ->capture_default_str();
  command->add_option("--epsilon", options->epsilon,
                      "the error to prove; exit code 1 if it is not");
  command->add_option("--layer", options->layer, "this sublayer only");
  command->add_option("--tokens", options->tokens,
                      "most tokens in a sequence, for networks without a context");
  command->add_flag("--neurons", options->neurons, "also tell the neurons of MLPs apart");
  options->prompts.add_to(*command);
  options->command = command;
  command->add_option("-o,--output", options->output,
                      "the certificate to write; on prompts FILE.partial keeps finished shards");
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert audit certificates/models/adder-gelu "
      "certificates/models/adder-gelu/heads "
      "\\\n    --format bf16 --accumulate fp32");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
