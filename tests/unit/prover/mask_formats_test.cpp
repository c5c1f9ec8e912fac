#include "attncert/prover/mask_formats.hpp"

#include <algorithm>
#include <cmath>

#include "attncert/kernel/mask_bounds.hpp"
#include "attncert/kernel/weights.hpp"
#include "attncert/model/emulation.hpp"
#include "attncert/model/importer.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Format named(std::string_view name) { return format_named(name).value(); }

MaskSetting setting(std::string_view format, Underflow underflow = Underflow::gradual) {
  return {named(format), underflow, 1023, 10, 1, 16};
}

// Of a causal mask of 1,024 tokens with scores in +-10, as a share of the values' diameter: what
// is printed for the three encodings is at most a little above these.
struct Known {
  std::string_view format;
  double exp_zero;
  double flushed_exp_zero;
  double added_after;
};
constexpr Known kKnown[] = {{"fp64", 745.1332, 708.396, 3.56e-15},
                            {"fp32", 103.9721, 87.3365, 9.54e-7},
                            {"bf16", 92.8817, 87.3365, 6.25e-2},
                            {"fp16", 17.3287, 9.7041, 7.82e-3}};

double as_double(const Rational& x) { return x.convert_to<double>(); }

const EncodingBound& bound_of(const MaskFormats& formats, ScoreEncoding encoding) {
  return formats.encodings[static_cast<std::size_t>(encoding)];
}

// The number of the format just below a positive one.
double before(const Format& format, double x) {
  const double down = std::ldexp(x, -60);
  double step = down;
  while (to_format({.format = format}, x - step) == x) step *= 2;
  return to_format({.format = format}, x - step);
}

// The weights of a softmax over these scores, in double.
std::vector<double> weights_of(const std::vector<double>& scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  std::vector<double> weights;
  double sum = 0;
  for (const double score : scores) {
    weights.push_back(std::exp(score - largest));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// How far apart two softmaxes are: in total variation.
double variation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] - b[i]);
  return sum / 2;
}

// Scores of one row: the first `allowed` tokens are allowed.
struct Row {
  std::vector<double> scores;
  std::size_t allowed;
};

Row random_row(const Format& format, Random& random) {
  Row row{{}, static_cast<std::size_t>(random.integer(1, 4))};
  for (std::size_t i = 0; i < 64; ++i) {
    const bool extreme = random.integer(0, 2) == 0;
    const double x = extreme ? (i < row.allowed ? -10 : 10) : random.uniform(-10, 10);
    row.scores.push_back(to_format({.format = format}, x));
  }
  return row;
}

// The masked softmax, in double.
std::vector<double> masked(const Row& row) {
  auto weights = weights_of({row.scores.begin(), row.scores.begin() + row.allowed});
  weights.resize(row.scores.size(), 0.0);
  return weights;
}

}  // namespace

TEST_CASE("masks in formats: thresholds and errors of a causal mask") {
  for (const Known& known : kKnown) {
    CAPTURE(known.format);
    const auto formats = masks_in_format(setting(known.format));
    REQUIRE(formats);
    const double zero = as_double(formats.value().exp_zero);
    CHECK(zero >= known.exp_zero - 1e-4);  // four digits are known
    CHECK(zero <= known.exp_zero + 2e-3);
    const EncodingBound& after = bound_of(formats.value(), ScoreEncoding::add_after);
    CHECK(as_double(after.error) <= known.added_after);
    CHECK(as_double(after.error) >= known.added_after * 0.98);
    CHECK(bound_of(formats.value(), ScoreEncoding::subtract_after).error == 0);
    CHECK(bound_of(formats.value(), ScoreEncoding::add_inside).error > after.error);
    CHECK(formats.value().recommended == 0);
    CHECK_FALSE(formats.value().useless);
    const auto flushed = masks_in_format(setting(known.format, Underflow::flush));
    REQUIRE(flushed);
    CHECK(as_double(flushed.value().exp_zero) >= known.flushed_exp_zero - 1e-4);
    CHECK(as_double(flushed.value().exp_zero) <= known.flushed_exp_zero + 5e-3);
  }
}

TEST_CASE("masks in formats: Omega is least for weights of exactly 0") {
  for (const Format& format : formats()) {
    for (const Underflow underflow : {Underflow::gradual, Underflow::flush}) {
      CAPTURE(format.name);
      const Machine machine{format, underflow};
      const auto found = masks_in_format(setting(format.name, underflow));
      REQUIRE(found);
      const auto taken = [&machine](double omega) {  // the worst row: allowed -10, masked 10
        return exponential(machine, subtract(machine, subtract(machine, 10, omega), -10));
      };
      const auto added = [&machine](double omega) {
        return exponential(machine, subtract(machine, 10, add(machine, -10, omega)));
      };
      const auto& zero = bound_of(found.value(), ScoreEncoding::subtract_after).zero_from;
      REQUIRE(zero);
      CHECK(taken(as_double(*zero)) == 0);
      CHECK(taken(before(format, as_double(*zero))) > 0);
      const auto& from = bound_of(found.value(), ScoreEncoding::add_after).zero_from;
      REQUIRE(from);
      CHECK(added(as_double(*from)) == 0);
      CHECK(added(before(format, as_double(*from))) > 0);
    }
  }
}

TEST_CASE("masks in formats: what machines do to scores is within the bound") {
  Random random("masked rows");
  for (const char* name : {"fp32", "tf32", "fp16", "bf16", "e4m3"}) {
    const Machine machine{.format = named(name)};
    MaskSetting asked = setting(name);
    asked.ratio = 63;
    const auto found = masks_in_format(asked);
    REQUIRE(found);
    const EncodingBound& bound = bound_of(found.value(), ScoreEncoding::add_after);
    const double omega = as_double(bound.omega.value());
    double largest = 0;
    for (int i = 0; i < 2000; ++i) {
      const Row row = random_row(machine.format, random);
      std::vector<double> scores = row.scores;
      for (std::size_t j = 0; j < row.allowed; ++j) scores[j] = add(machine, scores[j], omega);
      largest = std::max(largest, variation(weights_of(scores), masked(row)));
    }
    CHECK(largest <= as_double(bound.error) * (1 + 1e-9));
    CHECK(largest > 0);
    MESSAGE(std::string(name) << ": measured " << largest << ", certified "
                              << as_double(bound.error) << ", ratio "
                              << largest / as_double(bound.error));
  }
}

TEST_CASE("masks in formats: Omega as a term of dot products, in any order") {
  Random random("dot products");
  for (const char* name : {"fp32", "fp16"}) {
    const Machine machine{.format = named(name)};
    MaskSetting asked = setting(name);
    asked.ratio = 63;
    const auto found = masks_in_format(asked);
    REQUIRE(found);
    const EncodingBound& bound = bound_of(found.value(), ScoreEncoding::add_inside);
    const double omega = as_double(bound.omega.value());
    double largest = 0;
    for (int i = 0; i < 300; ++i) {
      Row row = random_row(machine.format, random);
      std::vector<double> scores = row.scores;
      for (std::size_t j = 0; j < row.allowed; ++j) {
        std::vector<double> terms{omega};
        row.scores[j] = 0;
        for (int t = 0; t < 16; ++t) {
          terms.push_back(to_format(machine, random.uniform(-10.0 / 16, 10.0 / 16)));
          row.scores[j] += terms.back();  // exactly, but for double's roundings
        }
        std::swap(terms[0], terms[static_cast<std::size_t>(random.integer(0, 16))]);
        scores[j] = 0;
        for (const double term : terms) scores[j] = add(machine, scores[j], term);
      }
      largest = std::max(largest, variation(weights_of(scores), masked(row)));
    }
    CHECK(largest <= as_double(bound.error) * (1 + 1e-9));
    CHECK(largest > 0);
    MESSAGE(std::string(name) << ": measured " << largest << ", certified "
                              << as_double(bound.error));
  }
}

TEST_CASE("masks in formats: what is refused") {
  MaskSetting asked = setting("e4m3");
  asked.score_bound = 300;
  CHECK(outcome(masks_in_format(asked)) == name(ErrorCode::FormatOverflow));
  asked.score_bound = -1;
  CHECK(outcome(masks_in_format(asked)) == name(ErrorCode::BoundNegative));
  asked.score_bound = 220;  // room for an Omega of 8 at most: it cannot hide anything
  const auto useless = masks_in_format(asked);
  REQUIRE(useless);
  CHECK(useless.value().useless);
}

TEST_CASE("bounds of an attention sublayer: the kernel's scores, and values that are attained") {
  const auto loaded =
      load_model(std::string(ATTNCERT_SOURCE_DIR) + "/certificates/models/adder-silu");
  REQUIRE(loaded);
  const Model& model = loaded.value().model;
  const auto bounds = attention_bounds(model, "h.0.attn", {});
  REQUIRE(bounds);
  const auto layer = sublayer_named<AttentionSublayer>(model.network, "h.0.attn");
  REQUIRE(layer);
  const auto scores = score_bound(model, *layer.value(), {}, 96);
  REQUIRE(scores);
  CHECK(bounds.value().scores >= scores.value());
  CHECK(as_double(bounds.value().scores) == doctest::Approx(as_double(scores.value())));
  const auto weights = attention_weights(model, *layer.value());
  const auto norm = norm_weights(model, layer.value()->norm);
  REQUIRE(weights);
  REQUIRE(norm);
  double spread = 0;  // of the normalised vectors +-sqrt(D) r/|r|, r = gamma w less its mean
  for (long r = 0; r < weights.value().value.weight.rows; ++r) {
    const auto row = weights.value().value.weight.row(r);
    const auto size = static_cast<double>(row.size());
    double mean = 0;
    for (std::size_t i = 0; i < row.size(); ++i) mean += norm.value().gain[i] * row[i] / size;
    double square = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      square += std::pow(norm.value().gain[i] * row[i] - mean, 2);
    }
    spread = std::max(spread, 2 * std::sqrt(size * square));
  }
  CHECK(as_double(bounds.value().spread) == doctest::Approx(spread).epsilon(1e-9));
  CHECK(outcome(attention_bounds(model, "h.0.mlp", {})) == name(ErrorCode::LayerKind));
  CHECK(outcome(attention_bounds(model, "h.9.attn", {})) == name(ErrorCode::LayerMissing));
}
