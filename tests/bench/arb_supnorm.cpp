// sup |SiLU(k x)/k - GELU(x)| and sup |SiLU(k x)/k - ReLU(x)| with Arb balls.
//
//   GELU(x) - SiLU(kx)/k = x (1/(1 + e^kx) - erfc(x/sqrt 2)/2)     ReLU: x / (1 + e^kx)
//
// On a piece, f(x) <= f(c) + f'(c)(x - c) + max f'' (x - c)^2 / 2, and the same for -f.
#include <arb.h>
#include <arb_hypgeom.h>
#include <mpfr.h>

#include <algorithm>
#include <cmath>

#include "supnorm.hpp"

namespace {

struct Ball {
  arb_t x;
  Ball() { arb_init(x); }
  ~Ball() { arb_clear(x); }
  Ball(const Ball&) = delete;
  Ball& operator=(const Ball&) = delete;
  operator arb_ptr() { return x; }
};

struct Float {
  arf_t x;
  Float() { arf_init(x); }
  ~Float() { arf_clear(x); }
  Float(const Float&) = delete;
  Float& operator=(const Float&) = delete;
  operator arf_ptr() { return x; }
};

// The second derivative is multiplied by a square of a small radius: 30 bits are plenty.
constexpr long bend_bits = 30;

// What f'' is made of at one |x|, all monotone in |x|.
struct End {
  double x = NAN;
  Ball w;        // k sigma'(kx)
  Ball g;        // 2 - kx tanh(kx/2)
  Ball density;  // standard normal density
  Ball h;        // 2 - x^2
};

class Prover {
public:
  Prover(const supnorm::Workload& work, long bits) : gelu_(work.gelu), bits_(bits) {
    arb_set_str(k_, work.k_text.c_str(), bits_ + 8);
    arb_set_str(growth_, work.gap_text.c_str(), bits_);
    arb_add_ui(growth_, growth_, 1, bits_);
    arb_set_ui(root_half_, 2);
    arb_rsqrt(root_half_, root_half_, bits_ + 8);
    arb_const_sqrt_pi(root_two_pi_inverse_, bits_ + 8);
    arb_div(root_two_pi_inverse_, root_half_, root_two_pi_inverse_, bits_ + 8);
  }

  supnorm::Bend bend(double lo, double hi);
  void expand(double centre);
  bool settle(double lo, double hi, double centre);
  double approx_lower() { return arf_get_d(lower_, ARF_RND_NEAR); }
  std::string lower() { return text(lower_, MPFR_RNDD); }
  std::string upper() { return text(upper_, MPFR_RNDU); }

private:
  End& end_at(double x, double other);
  bool settle_side(arf_ptr value, arf_ptr bend);
  static std::string text(arf_ptr value, mpfr_rnd_t round);

  bool gelu_;
  long bits_;
  Ball k_, growth_, root_half_, root_two_pi_inverse_;
  Ball x_, t_, s_, u_, value_, slope_, bend_, hull_;
  End ends_[2];
  Float lower_, upper_, piece_upper_, target_;
  Float bend_lo_, bend_hi_, radius_, steep_, high_, rise_, trial_;
};

// sigma'(t) = e^-t / (1 + e^-t)^2 and tanh(t/2) = (1 - e^-t) / (1 + e^-t), t >= 0.
// Neighbouring pieces share an end: one of the two is usually there already.
End& Prover::end_at(double x, double other) {
  for (End& known : ends_)
    if (known.x == x) return known;
  End& end = ends_[0].x == other ? ends_[1] : ends_[0];
  end.x = x;
  arb_set_d(x_, x);
  arb_mul(t_, k_, x_, bend_bits);
  arb_neg(u_, t_);
  arb_exp(u_, u_, bend_bits);
  arb_add_ui(s_, u_, 1, bend_bits);
  arb_inv(s_, s_, bend_bits);
  arb_mul(end.w, s_, s_, bend_bits);
  arb_mul(end.w, end.w, u_, bend_bits);
  arb_mul(end.w, end.w, k_, bend_bits);
  arb_sub_ui(u_, u_, 1, bend_bits);
  arb_mul(u_, u_, s_, bend_bits);
  arb_set_ui(end.g, 2);
  arb_addmul(end.g, t_, u_, bend_bits);
  if (!gelu_) return end;
  arb_mul(x_, x_, x_, bend_bits);
  arb_sub_ui(end.h, x_, 2, bend_bits);
  arb_neg(end.h, end.h);
  arb_mul_2exp_si(x_, x_, -1);
  arb_neg(x_, x_);
  arb_exp(end.density, x_, bend_bits);
  arb_mul(end.density, end.density, root_two_pi_inverse_, bend_bits);
  return end;
}

supnorm::Bend Prover::bend(double lo, double hi) {
  const double least = lo <= 0 && hi >= 0 ? 0 : std::fmin(std::fabs(lo), std::fabs(hi));
  const double most = std::fmax(std::fabs(lo), std::fabs(hi));
  End& near = end_at(least, most);
  End& far = end_at(most, least);
  arb_union(bend_, near.w, far.w, bend_bits);
  arb_union(hull_, near.g, far.g, bend_bits);
  arb_mul(bend_, bend_, hull_, bend_bits);
  arb_neg(bend_, bend_);
  if (gelu_) {
    arb_union(hull_, near.density, far.density, bend_bits);
    arb_union(t_, near.h, far.h, bend_bits);
    arb_addmul(bend_, hull_, t_, bend_bits);
  }
  arb_get_lbound_arf(bend_lo_, bend_, bend_bits);
  arb_get_ubound_arf(bend_hi_, bend_, bend_bits);
  return {arf_get_d(bend_lo_, ARF_RND_FLOOR), arf_get_d(bend_hi_, ARF_RND_CEIL)};
}

// value = x s, slope = s + x s', with s = sigma(-kx) [- erfc(x/sqrt 2)/2].
void Prover::expand(double centre) {
  arb_set_d(x_, centre);
  arb_mul(t_, k_, x_, bits_);
  arb_exp(u_, t_, bits_);
  arb_add_ui(s_, u_, 1, bits_);
  arb_inv(s_, s_, bits_);
  arb_mul(slope_, s_, s_, bits_);
  arb_mul(slope_, slope_, u_, bits_);
  arb_mul(slope_, slope_, k_, bits_);
  arb_neg(slope_, slope_);
  if (gelu_) {
    arb_mul(t_, x_, root_half_, bits_);
    arb_mul(u_, t_, t_, bits_);
    arb_neg(u_, u_);
    arb_exp(u_, u_, bits_);
    arb_addmul(slope_, u_, root_two_pi_inverse_, bits_);
    arb_hypgeom_erf(t_, t_, bits_);  // not erfc: the relative accuracy of a tail costs time
    arb_sub_ui(t_, t_, 1, bits_);
    arb_mul_2exp_si(t_, t_, -1);
    arb_add(s_, s_, t_, bits_);
  }
  arb_mul(slope_, slope_, x_, bits_);
  arb_add(slope_, slope_, s_, bits_);
  arb_mul(value_, x_, s_, bits_);
  arb_get_abs_lbound_arf(trial_, value_, bits_);
  if (arf_cmp(trial_, lower_) <= 0) return;
  arf_set(lower_, trial_);
  arb_mul_arf(t_, growth_, lower_, bits_);
  arb_get_lbound_arf(target_, t_, bits_);
  if (arf_cmp(upper_, lower_) < 0) arf_set(upper_, lower_);
}

// value + max of |slope| h + bend h^2/2 over 0 <= h <= radius, against the target.
bool Prover::settle_side(arf_ptr value, arf_ptr bend) {
  arf_mul(trial_, bend, radius_, bits_, ARF_RND_FLOOR);
  arf_neg(trial_, trial_);
  if (arf_cmp(steep_, trial_) < 0) {  // the parabola turns before the radius: its top, anywhere
    arf_mul(rise_, steep_, steep_, bits_, ARF_RND_UP);
    arf_div(rise_, rise_, bend, bits_, ARF_RND_UP);
    arf_neg(rise_, rise_);
    arf_mul_2exp_si(rise_, rise_, -1);
  } else {
    arf_mul(trial_, bend, radius_, bits_, ARF_RND_CEIL);
    arf_mul_2exp_si(trial_, trial_, -1);
    arf_add(trial_, trial_, steep_, bits_, ARF_RND_CEIL);
    arf_mul(rise_, trial_, radius_, bits_, ARF_RND_UP);
  }
  arf_add(trial_, value, rise_, bits_, ARF_RND_CEIL);
  if (arf_cmp(trial_, target_) > 0) return false;
  if (arf_cmp(trial_, piece_upper_) > 0) arf_set(piece_upper_, trial_);
  return true;
}

bool Prover::settle(double lo, double hi, double centre) {
  arf_set_d(trial_, centre);
  arf_set_d(radius_, hi);
  arf_sub(radius_, radius_, trial_, bits_, ARF_RND_CEIL);
  arf_set_d(rise_, lo);
  arf_sub(rise_, trial_, rise_, bits_, ARF_RND_CEIL);
  if (arf_cmp(rise_, radius_) > 0) arf_swap(rise_, radius_);
  arb_get_abs_ubound_arf(steep_, slope_, bits_);
  arf_set(piece_upper_, upper_);
  arb_get_ubound_arf(high_, value_, bits_);
  if (!settle_side(high_, bend_hi_)) return false;
  arb_get_lbound_arf(high_, value_, bits_);
  arf_neg(high_, high_);
  arf_neg(bend_lo_, bend_lo_);
  if (!settle_side(high_, bend_lo_)) return false;
  arf_swap(upper_, piece_upper_);
  return true;
}

std::string Prover::text(arf_ptr value, mpfr_rnd_t round) {
  mpfr_t exact;
  mpfr_init2(exact, std::max<long>(arf_bits(value), MPFR_PREC_MIN));
  arf_get_mpfr(exact, value, MPFR_RNDN);
  char digits[64];
  mpfr_snprintf(digits, sizeof digits, round == MPFR_RNDD ? "%.24RDe" : "%.24RUe", exact);
  mpfr_clear(exact);
  return digits;
}

}  // namespace

int main(int argc, char** argv) { return supnorm::run<Prover>(argc, argv); }
