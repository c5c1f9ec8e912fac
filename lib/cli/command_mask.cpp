#include <iostream>

#include "attncert/core/file.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/model/importer.hpp"
#include "attncert/model/mask_file.hpp"
#include "attncert/model/output_files.hpp"
#include "attncert/prover/mask.hpp"
#include "common.hpp"
#include "mask_report.hpp"

namespace attncert::cli {
namespace {

constexpr long kDefaultTerms = 64;
constexpr long kMostTerms = 1L << 30;

struct Options {
  std::string tokens;
  std::string pattern;
  std::string score_bound;
  std::string value_bound;
  std::string epsilon;
  std::string output;
  std::string model;
  std::string layer;
  std::string box;
  std::string format;
  std::string underflow = "gradual";
  long terms = 0;
  bool json = false;
};

// What is asked: the claim, and where it is about a format the products in a score.
struct Problem {
  MaskError claim;
  Rational spread;
  long terms = kDefaultTerms;
};

Result<long> tokens_argument(const std::string& text) {
  const auto number = parse_rational(text);
  if (!number) return fail(number.error().code, "--tokens: " + number.error().message);
  const Rational& tokens = number.value();
  if (denominator(tokens) == 1 && tokens >= 1 && tokens <= INT64_MAX) {
    return static_cast<long>(numerator(tokens));
  }
  return fail(ErrorCode::MaskSyntax, "--tokens must be a whole number from 1 to 2^63 - 1");
}

Result<Rational> bound_argument(const std::string& name, const std::string& text) {
  auto number = parse_rational(text);
  if (!number) return fail(number.error().code, name + ": " + number.error().message);
  if (number.value() < 0) return fail(ErrorCode::BoundNegative, name + " must not be negative");
  return number;
}

Result<MaskPattern> pattern_argument(const std::string& text, long tokens) {
  auto mask = mask_of(Json(text));
  if (mask) return mask;
  if (text.starts_with("window:") || text.starts_with("block:")) {
    return fail(mask.error().code, "--pattern " + text + ": " + mask.error().message);
  }
  const auto content = read_file(text);
  if (!content) {
    return fail(
        content.error().code,
        "--pattern must be full, causal, window:W, block:B, self, or a file of 0s and 1s; " +
            content.error().message);
  }
  mask = parse_mask_file(content.value(), tokens);
  if (mask) return mask;
  return fail(mask.error().code, "mask file '" + text + "': " + mask.error().message);
}

Status require(const std::string& text, const std::string& name, bool model_has_it) {
  if (!text.empty()) return ok();
  return fail(ErrorCode::MaskSyntax,
              name + " is required" + (model_has_it ? ", or --model and --layer" : ""));
}

Result<Problem> problem_of_numbers(const Options& options) {
  ATTNCERT_CHECK(require(options.tokens, "--tokens", true));
  ATTNCERT_CHECK(require(options.pattern, "--pattern", true));
  Problem problem;
  MaskError& claim = problem.claim;
  ATTNCERT_TRY(claim.tokens, tokens_argument(options.tokens));
  ATTNCERT_TRY(claim.score_bound, bound_argument("--score-bound", options.score_bound));
  ATTNCERT_TRY(claim.value_bound, bound_argument("--value-bound", options.value_bound));
  ATTNCERT_TRY(claim.mask, pattern_argument(options.pattern, claim.tokens));
  problem.spread = 2 * claim.value_bound;
  return problem;
}

Result<long> context_argument(const Options& options, const Network& network) {
  if (!options.tokens.empty()) return tokens_argument(options.tokens);
  if (const auto context = context_of(network)) return *context;
  return fail(ErrorCode::MaskSyntax, "--tokens is required: the network has no context");
}

// Bounds from the weights; the context and the mask are the network's unless they are given.
Result<Problem> problem_of_model(const Options& options) {
  ATTNCERT_CHECK(require(options.layer, "--layer", false));
  ATTNCERT_TRY(const LoadedModel loaded, load_model(options.model));
  std::optional<Rational> box;
  if (!options.box.empty()) {
    ATTNCERT_TRY(box, positive_argument("--box", options.box));
  }
  ATTNCERT_TRY(const AttentionBounds bounds, attention_bounds(loaded.model, options.layer, box));
  ATTNCERT_TRY(const AttentionSublayer* layer,
               sublayer_named<AttentionSublayer>(loaded.model.network, options.layer));
  Problem problem;
  MaskError& claim = problem.claim;
  ATTNCERT_TRY(claim.tokens, context_argument(options, loaded.model.network));
  ATTNCERT_TRY(claim.mask,
               pattern_argument(options.pattern.empty() ? layer->shape.mask : options.pattern,
                                claim.tokens));
  claim.score_bound = bounds.scores;
  claim.value_bound = bounds.spread / 2;
  problem.spread = bounds.spread;
  problem.terms = layer->shape.d_head;
  return problem;
}

Result<Problem> problem_argument(const Options& options) {
  if (options.format.empty()) {
    ATTNCERT_CHECK(require(options.epsilon, "--epsilon", false));
  }
  if (!options.epsilon.empty()) ATTNCERT_CHECK(require(options.output, "--output", false));
  ATTNCERT_TRY(Problem problem,
               options.model.empty() ? problem_of_numbers(options) : problem_of_model(options));
  if (!options.epsilon.empty()) {
    ATTNCERT_TRY(problem.claim.epsilon, positive_argument("--epsilon", options.epsilon));
  }
  if (options.terms > 0) problem.terms = options.terms;
  return problem;
}

Result<MaskSetting> setting_argument(const Options& options, const Problem& problem) {
  MaskSetting setting;
  ATTNCERT_TRY(setting.format, format_named(options.format));
  setting.underflow = options.underflow == "flush" ? Underflow::flush : Underflow::gradual;
  ATTNCERT_TRY(const long allowed, fewest_allowed(problem.claim.mask, problem.claim.tokens));
  setting.ratio = Rational(problem.claim.tokens - allowed, allowed);
  setting.score_bound = problem.claim.score_bound;
  setting.spread = problem.spread;
  setting.terms = problem.terms;
  return setting;
}

// Omega has few significant digits: this is exact.
std::string decimal_text(const Rational& omega) {
  std::string text = to_string(omega);
  const bool plain = text.find_first_of("x/") == text.npos;
  return plain ? text : to_scientific(omega, 40, Direction::up);
}

std::string pattern_text(const MaskPattern& mask, const Options& options) {
  if (!options.pattern.empty()) return options.pattern;
  return mask.kind == MaskPattern::Kind::causal ? "causal" : "full";
}

Json facts_of(const MaskError& claim, const Options& options) {
  Json json{{"tokens", claim.tokens},
            {"pattern", pattern_text(claim.mask, options)},
            {"score_bound", to_string(claim.score_bound)},
            {"value_bound", to_string(claim.value_bound)}};
  if (!options.model.empty()) {
    json["model"] = options.model;
    json["layer"] = options.layer;
  }
  return json;
}

void add_bound(Json& json, const MaskBound& bound, const MaskError& claim,
               const std::string& output) {
  json["omega"] = decimal_text(bound.omega);
  json["epsilon"] = to_string(claim.epsilon);
  json["worst_row"] = {{"allowed", bound.allowed}, {"masked", bound.masked}};
  json["sharp"] = bound.sharp;
  json["certificate"] = output;
}

void print_text(const MaskBound& bound, const MaskError& claim, const std::string& output) {
  std::cout << "Omega      " << decimal_text(bound.omega) << "\n"
            << "mask       " << in_words(claim.mask) << ", " << claim.tokens << " tokens\n"
            << "worst row  allows " << bound.allowed << ", masks " << bound.masked << "\n";
  if (!bound.sharp) std::cout << "note       Omega suffices, but may not be the least one\n";
  std::cout << "certified: " << in_words(bound.certificate.claim) << "\n"
            << output << ": 1 step, " << write_certificate(bound.certificate).size()
            << " bytes; check it with: attncert-check " << output << "\n";
}

void print_model(const MaskError& claim, const Options& options) {
  std::cout << options.layer << ": scores within +-"
            << to_scientific(claim.score_bound, 6, Direction::up)
            << ", values of a coordinate at most "
            << to_scientific(Rational(2 * claim.value_bound), 6, Direction::up) << " apart, for "
            << (options.box.empty() ? "every input" : "every |x_i| <= " + options.box) << "\n";
}

struct Answer {
  MaskError claim;
  std::optional<MaskBound> bound;  // where an epsilon is given
  MaskSetting setting;
  std::optional<MaskFormats> formats;  // where a format is given
};

Result<Answer> answer(const Options& options) {
  ATTNCERT_TRY(Problem problem, problem_argument(options));
  Answer result;
  if (!options.format.empty()) {
    ATTNCERT_TRY(result.setting, setting_argument(options, problem));
    ATTNCERT_TRY(result.formats, masks_in_format(result.setting));
  }
  if (!options.epsilon.empty()) {
    ATTNCERT_TRY(result.bound, certify_mask(problem.claim));
  }
  result.claim = std::move(problem.claim);
  return result;
}

void print(const Answer& result, const Options& options) {
  if (options.json) {
    Json json = facts_of(result.claim, options);
    if (result.bound) add_bound(json, *result.bound, result.claim, options.output);
    if (result.formats) json["format"] = to_json(*result.formats, result.setting);
    std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    return;
  }
  if (!options.model.empty()) print_model(result.claim, options);
  if (result.bound) print_text(*result.bound, result.claim, options.output);
  if (result.formats) print_formats(*result.formats, result.setting);
}

int run(const Options& options) {
  const auto found = answer(options);
  if (!found) return exit_with(found.error());
  if (const auto& bound = found.value().bound) {
    const std::string text = write_certificate(bound->certificate);
    if (check_certificate(text, ".", bound->certificate.claim).refusal) {
      print_error("internal: the kernel refused the certificate; please report this command");
      return kInternal;
    }
    if (Status written = write_file_atomically(options.output, text); !written) {
      return exit_with(written.error());
    }
  }
  print(found.value(), options);
  return kDone;
}

void add_bounds(CLI::App& command, Options& options) {
  command.add_option("--tokens", options.tokens, "number of tokens N");
  command.add_option("--pattern", options.pattern,
                     "full, causal, window:W, block:B, self, or a file of N lines of N 0s and 1s");
  auto* scores = command.add_option("--score-bound", options.score_bound, "scores lie in [-B, B]");
  auto* values =
      command.add_option("--value-bound", options.value_bound, "value coordinates lie in [-V, V]");
  auto* model = command.add_option("--model", options.model,
                                   "take bounds from a model's weights, with --layer");
  model->excludes(scores)->excludes(values);
  command.add_option("--layer", options.layer, "an attention sublayer's name")->needs(model);
  command
      .add_option("--box", options.box, "its input rows have |x_i| <= R, where no norm bounds them")
      ->needs(model);
}

}  // namespace

void add_mask(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "mask", "Find the least Omega that stands in for a mask, with proof");
  add_bounds(*command, *options);
  command->add_option("--epsilon", options->epsilon,
                      "the error allowed, an exact number; needed but with --format");
  command->add_option("-o,--output", options->output, "the certificate to write");
  auto* format = command->add_option("--format", options->format,
                                     "compare encodings of the mask in fp64, fp32, tf32, fp16, "
                                     "bf16, e4m3 or e5m2");
  command->add_option("--underflow", options->underflow, "of the format: gradual or flush")
      ->check(CLI::IsMember({"gradual", "flush"}))
      ->needs(format)
      ->capture_default_str();
  command->add_option("--terms", options->terms, "products in a score (64, or the model's d_head)")
      ->check(CLI::Range(1L, kMostTerms))
      ->needs(format);
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert mask --tokens 1024 --pattern causal --score-bound 10 "
      "--value-bound 1/2 \\\n    --epsilon 1e-6 -o mask.jsonl\n  attncert-check mask.jsonl\n"
      "  attncert mask --model certificates/models/adder-silu --layer h.0.attn --format fp16");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
