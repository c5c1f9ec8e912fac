#include "common.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "attncert/core/file.hpp"
#include "attncert/expression/zoo.hpp"
#include "attncert/statement/gates.hpp"

namespace attncert::cli {
namespace {

bool refutes(ErrorCode code) {
  return code == ErrorCode::DivisorContainsZero || code == ErrorCode::SqrtOfNegative ||
         code == ErrorCode::LogOfNonPositive || code == ErrorCode::BoundExceeded;
}

}  // namespace

void print_error(const std::string& message) {
  std::string line = message;
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  std::cerr << "attncert: error: " << line << "\n";
}

int exit_with(const Error& error) {
  end_progress();
  print_error(error.message);
  return refutes(error.code) ? kRefuted : kUsage;
}

Result<std::string> function_argument(const std::string& text) {
  constexpr std::string_view prefix = "gates:";
  if (!text.starts_with(prefix)) return canonical_function(text);
  const std::string path = text.substr(prefix.size());
  ATTNCERT_TRY(const std::string content, read_file(path));
  auto gates = parse_gates(content);
  if (!gates) {
    return fail(gates.error().code, "gates file '" + path + "': " + gates.error().message);
  }
  return neuron_function(gates.value());
}

Result<Domain> domain_argument(const std::string& text) {
  if (text == "all") return Domain{};
  const auto comma = text.find(',');
  if (comma == std::string::npos) {
    return fail(ErrorCode::NumberSyntax, "--domain must be all or LO,HI, such as -8,8");
  }
  Domain domain;
  ATTNCERT_TRY(domain.lower, parse_rational(text.substr(0, comma)));
  ATTNCERT_TRY(domain.upper, parse_rational(text.substr(comma + 1)));
  if (*domain.lower > *domain.upper) {
    return fail(ErrorCode::DomainReversed, "--domain: the lower end is above the upper end");
  }
  return domain;
}

Result<Rational> positive_argument(const std::string& name, const std::string& text) {
  auto number = parse_rational(text);
  if (!number) return fail(number.error().code, name + ": " + number.error().message);
  if (number.value() <= 0) return fail(ErrorCode::EpsilonNegative, name + " must be positive");
  return number;
}

Progress terminal_progress(const std::string& what, const std::string& things) {
  if (::isatty(STDERR_FILENO) == 0) return {};
  using Clock = std::chrono::steady_clock;
  auto last = std::make_shared<Clock::time_point>(Clock::now());
  return [what, things, last](double share, std::size_t count) {
    constexpr auto interval = std::chrono::milliseconds(200);
    if (Clock::now() - *last < interval) return;
    *last = Clock::now();
    constexpr int width = 30;
    const int filled = static_cast<int>(share * width);
    std::fprintf(stderr, "\r\033[K%s [%s%s] %3.0f%%, %zu %s", what.c_str(),
                 std::string(static_cast<std::size_t>(filled), '#').c_str(),
                 std::string(static_cast<std::size_t>(width - filled), ' ').c_str(), 100 * share,
                 count, things.c_str());
    std::fflush(stderr);
  };
}

void end_progress() {
  if (::isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
}

int digits_for(const Rational& gap) {
  constexpr int printed_digits = 25;
  return std::max(printed_digits, 6 - decimal_exponent(gap));
}

bool kernel_agrees(const SupremumBound& bound) {
  const auto verified = [](const Certificate& certificate) {
    return !check_certificate(write_certificate(certificate), ".", certificate.claim).refusal;
  };
  return verified(bound.above) && (!bound.below || verified(*bound.below));
}

Json to_json(const SupremumBound& bound, const Rational& gap) {
  const int digits = digits_for(gap);
  constexpr const char* kinds[] = {"enclosed", "equal", "unbounded"};
  Json json{{"result", kinds[static_cast<int>(bound.kind)]}, {"pieces", bound.pieces}};
  const bool finite = bound.kind != SupremumBound::Kind::unbounded;
  json["lower"] = finite ? to_scientific(bound.lower, digits, Direction::down) : "inf";
  json["upper"] = finite ? to_scientific(bound.upper, digits, Direction::up) : "inf";
  json["witness"] = bound.witness ? Json(to_string(*bound.witness)) : Json();
  json["gap_reached"] = bound.gap_reached;
  return json;
}

Result<Rational> gap_argument(const std::string& text) {
  ATTNCERT_TRY(Rational gap, positive_argument("--rel-gap", text));
  if (gap >= power_of_ten(-200) && gap <= 1) return gap;
  return fail(ErrorCode::NumberTooLong, "--rel-gap must be from 1e-200 to 1");
}

void ClaimArguments::add_to(CLI::App& command) {
  command.add_option("TARGET", target, "zoo name, gates:FILE, or an FPCore term in x")->required();
  command.add_option("APPROXIMANT", approximant, "likewise")->required();
  command.add_option("--domain", domain, "all, or LO,HI")->capture_default_str();
}

Result<Pair> ClaimArguments::pair() const {
  ATTNCERT_TRY(std::string first, function_argument(target));
  ATTNCERT_TRY(std::string second, function_argument(approximant));
  return Pair{std::move(first), std::move(second)};
}

}  // namespace attncert::cli
