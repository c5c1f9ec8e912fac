#include "attncert/certificate/certificate.hpp"

namespace attncert {
namespace {

constexpr std::size_t kMaxLine = std::size_t{64} << 20U;

Result<std::vector<long>> numbers_of(const Json& line, const char* key) {
  std::vector<long> numbers;
  if (!line.contains(key)) return numbers;
  ATTNCERT_TRY(const Json array, array_of(line, key));
  for (const Json& number : array) {
    if (!number.is_number_integer()) {
      return fail(ErrorCode::JsonWrongType, std::string(key) + " must be step numbers");
    }
    numbers.push_back(number.get<long>());
  }
  return numbers;
}

Status read_data(const Json& line, Step& step) {
  if (line.contains("precision")) {
    ATTNCERT_TRY(step.precision, integer_of(line, "precision"));
  }
  if (shape_of(step.rule).computes != line.contains("precision")) {
    return fail(ErrorCode::DataMismatch, "a step has a precision exactly if its rule recomputes");
  }
  if (!line.contains("data")) return ok();
  const Json& data = line.at("data");
  ATTNCERT_CHECK(check_keys(data, "a step's data", {}, {"order", "centre"}));
  if (data.contains("order")) {
    ATTNCERT_TRY(step.order, integer_of(data, "order"));
  }
  if (data.contains("centre")) {
    ATTNCERT_TRY(step.centre, real_of(data, "centre"));
  }
  return ok();
}

Result<Step> step_of(const Json& line, const Pair* inherited) {
  ATTNCERT_CHECK(check_keys(line, "a step", {"step", "rule", "conclusion"},
                            {"premises", "keep", "precision", "data"}));
  Step step;
  ATTNCERT_TRY(step.number, integer_of(line, "step"));
  ATTNCERT_TRY(const std::string rule, text_of(line, "rule"));
  ATTNCERT_TRY(step.rule, rule_named(rule));
  ATTNCERT_TRY(step.premises, numbers_of(line, "premises"));
  ATTNCERT_TRY(step.keep, numbers_of(line, "keep"));
  ATTNCERT_CHECK(read_data(line, step));
  ATTNCERT_TRY(step.conclusion, judgement_of(line.at("conclusion"), inherited));
  return step;
}

Result<Subject> subject_of(const Json& line) {
  ATTNCERT_CHECK(check_keys(line, "a subject", {"subject", "name", "sha256"}));
  Subject subject;
  ATTNCERT_TRY(subject.role, text_of(line, "subject"));
  ATTNCERT_TRY(subject.name, text_of(line, "name"));
  ATTNCERT_TRY(subject.sha256, text_of(line, "sha256"));
  return subject;
}

// Feeds lines to a sink in the one allowed order.
class Reader {
public:
  Reader(std::string_view text, const CertificateSink& sink) : text_(text), sink_(sink) {}

  std::optional<Refusal> run() {
    while (stage_ != Stage::finished) {
      if (Status status = next(); !status)
        return Refusal{status.error(), line_start_, step_, rule_};
    }
    line_start_ = at_;
    if (at_ == text_.size()) return std::nullopt;
    return Refusal{fail(ErrorCode::TextAfterEnd, "there is text after the end line"), at_, 0, ""};
  }

private:
  enum class Stage { header, subjects, steps, finished };

  Status next() {
    line_start_ = at_;
    step_ = 0;
    rule_.clear();
    const std::size_t newline = text_.find('\n', at_);
    if (newline == std::string_view::npos) {
      return fail(ErrorCode::CertificateTruncated,
                  "the certificate stops before its end line is complete");
    }
    if (newline - at_ > kMaxLine) return fail(ErrorCode::LineTooLong, "a line beyond 64 MiB");
    ATTNCERT_TRY(const Json line, parse_json(text_.substr(at_, newline - at_)));
    at_ = newline + 1;
    if (stage_ == Stage::header) return header(line);
    if (line.is_object() && line.contains("subject")) return subject(line);
    ATTNCERT_CHECK(close_subjects());
    if (line.is_object() && line.contains("end")) return end(line);
    return step(line);
  }

  Status header(const Json& line) {
    if (!line.is_object() || !line.contains("attncert") || line.at("attncert") != 1) {
      return fail(ErrorCode::CertificateVersion,
                  "the first line must be {\"attncert\":1,\"statement\":{...}}");
    }
    ATTNCERT_CHECK(check_keys(line, "the header", {"attncert", "statement"}));
    ATTNCERT_TRY(Judgement claim, claim_of(line.at("statement")));
    if (const Pair* pair = pair_of(claim)) inherited_ = *pair;
    stage_ = Stage::subjects;
    return sink_.claim(claim);
  }

  Status subject(const Json& line) {
    if (stage_ != Stage::subjects) {
      return fail(ErrorCode::SubjectRole, "subjects must come right after the header");
    }
    ATTNCERT_TRY(Subject subject, subject_of(line));
    subjects_.push_back(std::move(subject));
    return ok();
  }

  Status close_subjects() {
    if (stage_ != Stage::subjects) return ok();
    stage_ = Stage::steps;
    return sink_.subjects(subjects_);
  }

  Status step(const Json& line) {
    if (line.is_object()) {
      step_ = line.value("step", Json()).is_number_integer() ? line.at("step").get<long>() : 0;
      rule_ = line.value("rule", Json()).is_string() ? line.at("rule").get<std::string>() : "";
    }
    ATTNCERT_TRY(const Step step, step_of(line, inherited_ ? &*inherited_ : nullptr));
    return sink_.step(step);
  }

  Status end(const Json& line) {
    ATTNCERT_CHECK(check_keys(line, "the end line", {"end"}));
    ATTNCERT_TRY(const long number, integer_of(line, "end"));
    stage_ = Stage::finished;
    return sink_.end(number);
  }

  std::string_view text_;
  const CertificateSink& sink_;
  Stage stage_ = Stage::header;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  long step_ = 0;
  std::string rule_;
  std::optional<Pair> inherited_;
  std::vector<Subject> subjects_;
};

}  // namespace

std::optional<Refusal> read_certificate(std::string_view text, const CertificateSink& sink) {
  return Reader(text, sink).run();
}

}  // namespace attncert
