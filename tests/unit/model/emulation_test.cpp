#include "attncert/model/emulation.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "attncert/interval/functions.hpp"
#include "attncert/tensor/safetensors.hpp"
#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Format named(std::string_view name) { return format_named(name).value(); }
Machine machine_of(std::string_view name) { return {.format = named(name)}; }

// Equal as bits, or both NaN.
bool same(double x, double y) {
  return (std::isnan(x) && std::isnan(y)) ||
         std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
}

// The trusted module's rounding of an exact number, with the format's overflow.
double by_definition(const Format& format, const Rational& exact) {
  const auto result = rounded(format, exact);
  if (result) return static_cast<double>(result.value());
  if (!format.infinities) return std::nan("");
  return exact < 0 ? -kInfinity : kInfinity;
}

// A finite number of the format, of any magnitude.
double random_number(const Format& format, Random& random) {
  const int exponent =
      static_cast<int>(random.integer(format.min_exponent - format.precision, format.max_exponent));
  const double x = std::ldexp(random.uniform(-2, 2), exponent);
  const double result = to_format({.format = format}, x);
  return std::isfinite(result) ? result : 1.0;
}

// A second number whose magnitude is close, so that sums cancel and quotients are near 1.
double random_neighbour(const Format& format, double x, Random& random) {
  const int exponent = static_cast<int>(random.integer(-format.precision - 2, 2));
  const double y = std::ldexp(x * random.uniform(-2, 2), exponent);
  const double result = to_format({.format = format}, y);
  return std::isfinite(result) ? result : 1.0;
}

void check_operations(const Format& format, double x, double y) {
  const Machine machine{.format = format};
  CAPTURE(format.name);
  CAPTURE(x);
  CAPTURE(y);
  const Rational a(x);
  const Rational b(y);
  const Rational sum = a + b;
  if (sum != 0) CHECK(same(add(machine, x, y), by_definition(format, sum)));
  const double product = by_definition(format, Rational(a * b));
  if (product != 0) CHECK(same(multiply(machine, x, y), product));
  if (product == 0) CHECK(multiply(machine, x, y) == 0);
  if (y == 0) return;
  const double quotient = by_definition(format, Rational(a / b));
  if (quotient != 0) CHECK(same(divide(machine, x, y), quotient));
  if (quotient == 0) CHECK(divide(machine, x, y) == 0);
}

std::string little_endian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  std::memcpy(bytes.data(), &value, size);
  return bytes;
}

// The numbers of a safetensors file of one tensor: another decoder of the 16-bit formats.
double read_by_safetensors(const char* type, std::uint16_t bits) {
  std::string header =
      std::string(R"({"x":{"dtype":")") + type + R"(","shape":[1],"data_offsets":[0,2]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::string bytes = little_endian(header.size(), 8) + header + little_endian(bits, 2);
  const auto file = TensorFile::parse(bytes);
  REQUIRE(file);
  const auto tensor = file.value().read("x", {1});
  return tensor ? tensor.value().values.front() : std::nan("");
}

}  // namespace

TEST_CASE("emulation: bit patterns of 16 bits, against the reader of tensors") {
  struct Pair {
    const char* name;
    const char* type;
  };
  for (const Pair& pair : {Pair{"fp16", "F16"}, Pair{"bf16", "BF16"}}) {
    const std::string name = pair.name;
    CHECK(bits_of(named(name)) == 16);
    for (unsigned long bits = 0; bits < 65536; ++bits) {
      const double number = decoded(named(name), bits);
      const double other = read_by_safetensors(pair.type, static_cast<std::uint16_t>(bits));
      const bool good = std::isfinite(number) ? same(number, other) : std::isnan(other);
      CHECK_MESSAGE(good, name << " pattern " << bits << ": " << number << ", not " << other);
    }
  }
}

TEST_CASE("emulation: bit patterns of 8 bits") {
  struct Pattern {
    std::string_view format;
    unsigned long bits;
    double number;
  };
  // The tables of the Open Compute Project's specification.
  const Pattern patterns[] = {
      {"e4m3", 0x00, 0.0},          {"e4m3", 0x80, -0.0},        {"e4m3", 0x01, 0x1p-9},
      {"e4m3", 0x07, 0x7p-9},       {"e4m3", 0x08, 0x1p-6},      {"e4m3", 0x38, 1.0},
      {"e4m3", 0x7e, 448},          {"e4m3", 0xfe, -448},        {"e4m3", 0x7f, std::nan("")},
      {"e4m3", 0xff, std::nan("")}, {"e4m3", 0x78, 256},         {"e5m2", 0x01, 0x1p-16},
      {"e5m2", 0x03, 0x3p-16},      {"e5m2", 0x04, 0x1p-14},     {"e5m2", 0x3c, 1.0},
      {"e5m2", 0x7b, 57344},        {"e5m2", 0x7c, kInfinity},   {"e5m2", 0xfc, -kInfinity},
      {"e5m2", 0x7d, std::nan("")}, {"e5m2", 0xff, std::nan("")}};
  for (const Pattern& pattern : patterns) {
    CAPTURE(pattern.format);
    CAPTURE(pattern.bits);
    CHECK(same(decoded(named(pattern.format), pattern.bits), pattern.number));
  }
  struct Count {
    std::string name;
    int bits;
    std::size_t finite;  // numbers, 0 once
  };
  for (const Count& count : {Count{"e4m3", 8, 253}, Count{"e5m2", 8, 247}, Count{"fp16", 16, 63487},
                             Count{"bf16", 16, 65279}}) {
    CAPTURE(count.name);
    CHECK(bits_of(named(count.name)) == count.bits);
    CHECK(finite_numbers(named(count.name)).size() == count.finite);
  }
  CHECK(bits_of(named("tf32")) == 19);
  CHECK(bits_of(named("fp32")) == 32);
  CHECK(bits_of(named("fp64")) == 64);
}

TEST_CASE("emulation: fp32's bit patterns are the machine's") {
  Random random("patterns of fp32");
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random.integer(0, 0xffffffffL));
    const float native = std::bit_cast<float>(bits);
    CHECK(same(decoded(named("fp32"), bits), static_cast<double>(native)));
  }
}

TEST_CASE("emulation: every number of a format is rounded to itself, and to its neighbours") {
  for (const char* name : {"fp16", "bf16", "e4m3", "e5m2"}) {
    const Machine machine = machine_of(name);
    const std::vector<double> numbers = finite_numbers(machine.format);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      CHECK(to_format(machine, numbers[i]) == numbers[i]);
      CHECK(represents(machine.format, Rational(numbers[i])));
      if (i + 1 == numbers.size()) break;
      const double middle = numbers[i] + (numbers[i + 1] - numbers[i]) / 2;  // exact
      CHECK(to_format(machine, std::nextafter(middle, -kInfinity)) == numbers[i]);
      CHECK(to_format(machine, std::nextafter(middle, kInfinity)) == numbers[i + 1]);
      CHECK(to_format(machine, middle) == by_definition(machine.format, Rational(middle)));
    }
  }
}

TEST_CASE("emulation: overflow, and numbers that are none") {
  const Machine e4m3 = machine_of("e4m3");
  const Machine fp16 = machine_of("fp16");
  CHECK(same(to_format(e4m3, 464), 448));
  CHECK(std::isnan(to_format(e4m3, 465)));
  CHECK(std::isnan(to_format(e4m3, -kInfinity)));
  CHECK(same(to_format(fp16, 65519), 65504));
  CHECK(same(to_format(fp16, 65520), kInfinity));
  CHECK(same(to_format(fp16, -65520), -kInfinity));
  CHECK(same(to_format(fp16, Rational(-65520)), -kInfinity));
  CHECK(std::isnan(to_format(fp16, std::nan(""))));
  CHECK(std::isnan(subtract(fp16, kInfinity, kInfinity)));
  const Machine saturating{.format = named("e4m3"), .overflow = Overflow::saturate};
  CHECK(same(to_format(saturating, 465), 448));
  CHECK(same(to_format(saturating, -kInfinity), -448));
  CHECK(same(to_format(saturating, Rational(1000)), 448));
}

TEST_CASE("emulation: flush to zero") {
  const Machine flush{.format = named("fp16"), .underflow = Underflow::flush};
  const double normal = 0x1p-14;
  CHECK(same(to_format(flush, normal), normal));
  CHECK(same(to_format(flush, -normal / 2), -0.0));
  CHECK(same(to_format(flush, 0x1.fffp-15), normal));  // rounded first
  CHECK(same(to_format(flush, Rational(1, 100000)), 0.0));
  CHECK(same(add(flush, normal / 2, normal / 2), 0.0));  // operands count as 0
  CHECK(same(multiply(flush, normal, 0.5), 0.0));
  CHECK(same(divide(flush, normal, 2), 0.0));
  CHECK(same(exponential(flush, -9.703125), 0x1.004p-14));
  CHECK(same(exponential(flush, -9.7109375), 0.0));
  CHECK(same(exponential(machine_of("fp16"), -9.7109375),
             to_format(machine_of("fp16"), std::exp(-9.7109375))));
}

TEST_CASE("emulation: operations are those of the machine, in fp32 and fp64") {
  Random random("native operations");
  const Machine fp32 = machine_of("fp32");
  const Machine fp64 = machine_of("fp64");
  for (int i = 0; i < 50000; ++i) {
    const auto x = static_cast<float>(random_number(named("fp32"), random));
    const bool near = i % 2 == 0;
    const auto y = static_cast<float>(near ? random_neighbour(named("fp32"), x, random)
                                           : random_number(named("fp32"), random));
    CHECK(same(add(fp32, x, y), static_cast<double>(x + y)));
    CHECK(same(subtract(fp32, x, y), static_cast<double>(x - y)));
    CHECK(same(multiply(fp32, x, y), static_cast<double>(x * y)));
    CHECK(same(divide(fp32, x, y), static_cast<double>(x / y)));
    const double a = random_number(named("fp64"), random);
    const double b = random_neighbour(named("fp64"), a, random);
    CHECK(same(add(fp64, a, b), a + b));
    CHECK(same(divide(fp64, a, b), a / b));
  }
}

TEST_CASE("emulation: operations are exact results rounded once") {
  Random random("exact operations");
  for (const Format& format : formats()) {
    for (int i = 0; i < 3000; ++i) {
      const double x = random_number(format, random);
      check_operations(format, x, random_number(format, random));
      check_operations(format, x, random_neighbour(format, x, random));
    }
  }
}

TEST_CASE("emulation: every pair of fp8 numbers") {
  for (const char* name : {"e4m3", "e5m2"}) {
    const std::vector<double> numbers = finite_numbers(named(name));
    for (const double x : numbers) {
      for (const double y : numbers) check_operations(named(name), x, y);
    }
  }
}

// Between the neighbours, correctly rounded or to one side, by intervals of 200 bits.
static void check_exponential(const Format& format, double x) {
  const Interval exact = exp(enclose(Rational(x), 53), 200);
  if (!is_bounded(exact)) return;
  const double nearest = by_definition(format, upper_rational(exact));
  CAPTURE(format.name);
  CAPTURE(x);
  CHECK(same(exponential({.format = format}, x), nearest));
  Machine machine{.format = format, .exp_result = ExpResult::below};
  const double below = exponential(machine, x);
  machine.exp_result = ExpResult::above;
  const double above = exponential(machine, x);
  if (!std::isfinite(below) || !std::isfinite(above)) return;
  CHECK(is_at_least(exact, Rational(below)));
  CHECK(is_at_most(exact, Rational(above)));
  CHECK((nearest == below || nearest == above));
  CHECK((x == 0) == (below == above));
}

TEST_CASE("emulation: exp is correctly rounded, or a neighbour") {
  for (const char* name : {"e4m3", "e5m2", "fp16", "bf16"}) {
    const std::vector<double> numbers = finite_numbers(named(name));
    const std::size_t step = numbers.size() > 1000 ? 13 : 1;
    for (std::size_t i = 0; i < numbers.size(); i += step) {
      if (std::fabs(numbers[i]) < 2000) check_exponential(named(name), numbers[i]);
    }
  }
  Random random("exponentials");
  for (int i = 0; i < 3000; ++i) {
    for (const char* name : {"fp64", "fp32", "tf32"}) {
      const Format format = named(name);
      const double reach = std::ldexp(1.0, static_cast<int>(random.integer(-60, 10)));
      check_exponential(format, to_format({.format = format}, random.uniform(-reach, reach)));
    }
  }
  CHECK(same(exponential(machine_of("fp64"), -745.25), 0.0));
  CHECK(same(exponential(machine_of("fp64"), -745.0), 0x1p-1074));
  CHECK(same(exponential(machine_of("fp64"), 710), kInfinity));
  CHECK(same(exponential(machine_of("fp16"), -kInfinity), 0.0));
  CHECK(same(exponential(machine_of("fp16"), 12), kInfinity));
  CHECK(std::isnan(exponential(machine_of("e4m3"), 8)));
}

TEST_CASE("emulation: gates must be numbers of the format") {
  const Gates gates{{"1", {{"1.702", "0"}}}};
  const auto refused = stored_gates(gates, named("fp16"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::GatesSyntax);
  CHECK(stored_gates({{"1", {{"1.75", "-0.5"}}}}, named("e4m3")));
}

TEST_CASE("emulation: a neuron's heads on a machine of fp64 are SiLU") {
  const auto gates = stored_gates({{"1", {{"1", "0"}}}}, named("fp64"));
  REQUIRE(gates);
  Random random("neurons in fp64");
  for (int i = 0; i < 1000; ++i) {
    const double z = random.uniform(-40, 40);
    const double silu = z / (1 + std::exp(-z));
    CHECK(neuron_output(machine_of("fp64"), gates.value(), z) == doctest::Approx(silu));
  }
}
