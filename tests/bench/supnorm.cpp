#include "supnorm.hpp"

#include <mpfr.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace supnorm {
namespace {

[[noreturn]] void refuse(const char* what, const char* where) {
  std::fprintf(stderr, "supnorm: %s: '%s'; usage: gelu|relu silu:k=K LO,HI GAP [--repeat N]\n",
               what, where);
  std::exit(2);
}

double positive(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value > 0)) refuse("not a positive number", text);
  return value;
}

// The ends must be doubles exactly: a rounded end would prove a bound on another interval.
const char* exact_end(const char* text, double& value) {
  mpfr_t parsed;
  mpfr_init2(parsed, 53);
  char* end = nullptr;
  const int inexact = mpfr_strtofr(parsed, text, &end, 10, MPFR_RNDN);
  value = mpfr_get_d(parsed, MPFR_RNDN);
  const bool good = end != text && inexact == 0 && std::isfinite(value);
  mpfr_clear(parsed);
  if (!good) refuse("not exactly a double", text);
  return end;
}

// Difference and its first two derivatives, in plain double. The difference with GELU is even, the
// one with ReLU needs x >= 0 only: |x| keeps the tails accurate.
struct Jet {
  double value, slope, bend;
};

Jet approx_jet(const Workload& work, double signed_x) {
  const double x = std::fabs(signed_x), sign = signed_x < 0 ? -1 : 1;
  const double t = work.k * x, u = std::exp(-t), q = 1 / (1 + u);
  const double tail = u * q, w = u * q * q;  // sigma(-t), sigma'(t)
  const double silu_bend = work.k * w * (2 - t * (1 - u) * q);
  if (!work.gelu) return {x * tail, tail - t * w, -silu_bend};
  const double density = std::exp(-x * x / 2) * 0.39894228040143267794;
  const double tails = std::erfc(x * 0.70710678118654752440) / 2 - tail;
  return {x * tails, sign * (tails + t * w - x * density), silu_bend - density * (2 - x * x)};
}

double median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

}  // namespace

Workload read_command_line(int argc, char** argv) {
  if (argc != 5 && argc != 7) refuse("wrong number of arguments", argv[argc - 1]);
  Workload work;
  if (std::strcmp(argv[1], "gelu") != 0 && std::strcmp(argv[1], "relu") != 0)
    refuse("unknown target", argv[1]);
  work.gelu = argv[1][0] == 'g';
  if (std::strncmp(argv[2], "silu:k=", 7) != 0) refuse("unknown approximant", argv[2]);
  work.k_text = argv[2] + 7;
  work.k = positive(argv[2] + 7);
  const char* comma = exact_end(argv[3], work.lo);
  if (*comma != ',') refuse("no comma in the interval", argv[3]);
  if (*exact_end(comma + 1, work.hi) != '\0' || !(work.lo < work.hi))
    refuse("not an interval", argv[3]);
  if (!work.gelu && work.lo < 0) refuse("relu needs LO >= 0", argv[3]);
  work.gap_text = argv[4];
  work.gap = positive(argv[4]);
  if (argc == 7) {
    if (std::strcmp(argv[5], "--repeat") != 0) refuse("unknown option", argv[5]);
    work.repeat = std::max(1, std::atoi(argv[6]));
  }
  return work;
}

double approx_stationary(const Workload& work, double start) {
  double x = start;
  for (int i = 0; i < 12; ++i) {
    const Jet jet = approx_jet(work, x);
    const double step = jet.slope / jet.bend;
    if (!std::isfinite(step) || std::fabs(step) > 2 / work.k + std::fabs(x)) return start;
    x -= step;
    if (std::fabs(step) <= 1e-9 * std::fabs(x)) return x;  // quadratic: the next one is rounding
  }
  return start;
}

// Uniform and geometric samples: the peak of the ReLU workload sits at 1.28 / k, however large k.
double approx_peak(const Workload& work) {
  double best = work.lo, best_value = -1;
  const auto offer = [&](double x) {
    const double value = std::fabs(approx_jet(work, x).value);
    if (value > best_value && work.lo <= x && x <= work.hi) best = x, best_value = value;
  };
  for (int i = 0; i <= 16; ++i) offer(work.lo + (work.hi - work.lo) * i / 16);
  for (int i = -2; i <= 2; ++i) offer(std::ldexp(1 / work.k, i)), offer(-std::ldexp(1 / work.k, i));
  const double peak = approx_stationary(work, best);
  offer(peak);
  return best;
}

long first_precision(const Workload& work) {
  return std::max(32L, 16 + static_cast<long>(std::ceil(-std::log2(work.gap))));
}

int report_failure(const Workload& work) {
  std::fprintf(stderr, "supnorm: no bound with relative gap %s at %ld bits\n",
               work.gap_text.c_str(), most_bits);
  return 1;
}

double now_us() {
  using namespace std::chrono;
  return duration<double, std::micro>(steady_clock::now().time_since_epoch()).count();
}

void print_outcome(const Outcome& outcome, std::vector<double> certify_us,
                   std::vector<double> reprove_us) {
  std::printf("lower=%s\nupper=%s\n", outcome.lower.c_str(), outcome.upper.c_str());
  std::printf("certify_us=%.3f\nreprove_us=%.3f\n", median(certify_us), median(reprove_us));
  std::printf("pieces=%zu\nvisited=%ld\nbits=%ld\n", outcome.pieces.size(), outcome.visited,
              outcome.bits);
}

}  // namespace supnorm
