#include "attncert/expression/zoo.hpp"

#include "attncert/interval/functions.hpp"
#include "unit/expression/terms.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr Precision kPrecision = 128;

// Definitions of their own, in intervals.
Interval reference(std::string_view name, const Interval& x) {
  constexpr Precision p = kPrecision;
  const Interval one = integer(1, p);
  const Interval two = integer(2, p);
  const bool positive = x.lower() > 0;
  if (name == "relu") return positive ? x : integer(0, p);
  if (name == "silu") return x * exp(x, p) / (one + exp(x, p));
  if (name == "gelu") return x * (one + erf(x / sqrt(two, p), p)) / two;
  if (name == "gelu_tanh") {
    const Interval cubic = x + enclose(real("0.044715"), p) * pow(x, 3, p);
    return x / two * (one + tanh(sqrt(two / pi(p), p) * cubic, p));
  }
  if (name == "quick_gelu") return x * sigmoid(enclose(real("1.702"), p) * x, p);
  if (name == "sigmoid") return exp(x, p) / (one + exp(x, p));
  if (name == "tanh") return (exp(x, p) - exp(-x, p)) / (exp(x, p) + exp(-x, p));
  const Interval softplus = log(one + exp(x, p), p);
  if (name == "softplus") return softplus;
  if (name == "mish") return x * tanh(softplus, p);
  if (name == "elu") return positive ? x : exp(x, p) - one;
  FAIL("no reference for " << std::string(name));
  return x;
}

struct Name {
  std::string_view text;
  std::string_view canonical;
};

constexpr Name kCanonical[] = {
    {"relu", "relu"},
    {"silu:k=30", "silu:k=30"},
    {"silu:k=1.7020", "silu:k=1.702"},
    {"silu:k=0x1p-1", "silu:k=0.5"},
    {"silu:k=-4/6", "silu:k=-2/3"},
    {"silu:k=1", "silu:k=1"},
    {"(fmax 0 x)", "(fmax 0 x)"},
    {" (+ x  1.0)", "(+ x 1)"},
    {"x", "x"},
    {"PI", "PI"},
    {".5", "0.5"},
    {"(FPCore (t) (tanh t))", "(tanh x)"},
};

struct Rejection {
  std::string_view text;
  ErrorCode code;
};

constexpr Rejection kRejected[] = {
    {"", ErrorCode::UnknownActivation},
    {"swish", ErrorCode::UnknownActivation},
    {"ReLU", ErrorCode::UnknownActivation},
    {" relu", ErrorCode::UnknownActivation},
    {"silu:k", ErrorCode::UnknownActivation},
    {"silu:k=0", ErrorCode::ActivationParameter},
    {"silu:k=0x0p3", ErrorCode::ActivationParameter},
    {"silu:k=", ErrorCode::NumberSyntax},
    {"silu:k=x", ErrorCode::NumberSyntax},
    {"silu:k=1e9999", ErrorCode::NumberTooLong},
    {"gelu:k=2", ErrorCode::UnknownActivation},
    {"(sin x)", ErrorCode::UnknownOperator},
    {"(relu x)", ErrorCode::UnknownOperator},
};

}  // namespace

TEST_CASE("zoo: values against definitions of their own") {
  CHECK(zoo_names() ==
        "relu, silu, gelu, gelu_tanh, quick_gelu, sigmoid, tanh, softplus, mish, elu");
  Random random("zoo values");
  for (const std::string_view name : kZooAndScaled) {
    if (name.starts_with("silu:")) continue;
    CAPTURE(name);
    const Function function(name);
    for (int i = 0; i < 60; ++i) {
      const Rational x = random.rational(-12, 12);
      const auto value = function.at(x, 80);
      REQUIRE(value);
      REQUIRE(overlaps(value.value(), reference(name, enclose(x, kPrecision))));
    }
  }
}

TEST_CASE("zoo: SiLU(kx)/k") {
  Random random("scaled silu");
  for (const std::string_view k : {"30", "-2", "1/3", "1", "0x1p-20"}) {
    CAPTURE(k);
    const Function function("silu:k=" + std::string(k));
    const Interval scale = enclose(real(k), kPrecision);
    for (int i = 0; i < 20; ++i) {
      const Interval x = enclose(random.rational(-8, 8), kPrecision);
      const auto value = function.over(x, 100);
      REQUIRE(value);
      REQUIRE(overlaps(value.value(), silu(scale * x, kPrecision) / scale));
    }
  }
}

TEST_CASE("zoo: no cancellation at the ends") {
  for (const std::string_view name : kZooAndScaled) {
    if (name.starts_with("silu:") || name == "mish" || name == "softplus" || name == "elu") {
      continue;
    }
    CAPTURE(name);
    const Function function(name);
    for (const int x : {-30, 30}) {
      const auto value = function.at(x, 64);
      REQUIRE(value);
      const Rational magnitude = abs(upper_rational(value.value()));
      // the exponent's own error, x times 2^-64, is all that is lost
      CHECK(upper_rational(value.value()) - lower_rational(value.value()) <=
            power_of_two(-40) * magnitude);
    }
  }
}

TEST_CASE("zoo: canonical names") {
  for (const Name& row : kCanonical) {
    CAPTURE(row.text);
    const auto canonical = canonical_function(row.text);
    REQUIRE(outcome(canonical) == "ok");
    CHECK(canonical.value() == row.canonical);
    CHECK(canonical_function(row.canonical).value() == row.canonical);
  }
  for (const Rejection& row : kRejected) {
    CAPTURE(row.text);
    CHECK(outcome(canonical_function(row.text)) == name(row.code));
    ProgramBuilder builder;
    CHECK(outcome(read_function(row.text, builder)) == name(row.code));
    CHECK(outcome(read_difference("relu", row.text)) == name(row.code));
  }
}

TEST_CASE("zoo: a canonical text has at most 64 KiB") {
  const auto sum = [](int terms) {
    std::string text = "x";
    for (int i = 0; i < terms; ++i) {
      text = "(+ " + std::string(900, '7') + std::to_string(i) + " " + text + ")";
    }
    return outcome(canonical_function(text));
  };
  CHECK(sum(50) == "ok");
  CHECK(sum(100) == name(ErrorCode::TermTooLarge));
}

TEST_CASE("zoo: a difference shares equal terms") {
  const auto same = read_difference("silu", "silu:k=1");
  REQUIRE(same);
  CHECK(same.value().target == same.value().approximant);
  const auto written = read_difference("relu", "(fmax 0 x)");
  REQUIRE(written);
  CHECK(written.value().target == written.value().approximant);
  const auto other = read_difference("silu", "gelu");
  REQUIRE(other);
  CHECK(other.value().target != other.value().approximant);
  const Difference& d = other.value();
  const auto at = [&](NodeIndex root) {
    return evaluate(d.program, root, integer(1, 64), 100).value();
  };
  CHECK(overlaps(at(d.difference), at(d.target) - at(d.approximant)));
  CHECK(at(d.difference).upper() < 0);  // silu(1) = 0.731..., gelu(1) = 0.841...
}
