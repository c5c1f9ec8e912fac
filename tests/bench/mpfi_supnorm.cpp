// sup |SiLU(k x)/k - GELU(x)| and sup |SiLU(k x)/k - ReLU(x)| with MPFI intervals.
//
//   GELU(x) - SiLU(kx)/k = x (1/(1 + e^kx) - erfc(x/sqrt 2)/2)     ReLU: x / (1 + e^kx)
//
// On a piece, f(x) <= f(c) + f'(c)(x - c) + max f'' (x - c)^2 / 2, and the same for -f.
#include <mpfi.h>
#include <mpfr.h>

#include <algorithm>
#include <cmath>

#include "supnorm.hpp"

namespace {

// The second derivative is multiplied by a square of a small radius: 30 bits are plenty.
constexpr mpfr_prec_t bend_bits = 30;
constexpr mpfr_prec_t double_bits = 53;  // ends of pieces are doubles, and stay exact

struct Interval {
  mpfi_t x;
  explicit Interval(mpfr_prec_t bits) { mpfi_init2(x, bits); }
  ~Interval() { mpfi_clear(x); }
  Interval(const Interval&) = delete;
  Interval& operator=(const Interval&) = delete;
  operator mpfi_ptr() { return x; }
  mpfr_ptr lo() { return &x->left; }
  mpfr_ptr hi() { return &x->right; }
};

struct Float {
  mpfr_t x;
  explicit Float(mpfr_prec_t bits) { mpfr_init2(x, bits), mpfr_set_zero(x, 1); }
  ~Float() { mpfr_clear(x); }
  Float(const Float&) = delete;
  Float& operator=(const Float&) = delete;
  operator mpfr_ptr() { return x; }
};

// What f'' is made of at one |x|, all monotone in |x|.
struct End {
  double x = NAN;
  Interval w{bend_bits};        // k sigma'(kx)
  Interval g{bend_bits};        // 2 - kx tanh(kx/2)
  Interval density{bend_bits};  // standard normal density
  Interval h{bend_bits};        // 2 - x^2
};

class Prover {
public:
  Prover(const supnorm::Workload& work, long bits);
  supnorm::Bend bend(double lo, double hi);
  void expand(double centre);
  bool settle(double lo, double hi, double centre);
  double approx_lower() { return mpfr_get_d(lower_, MPFR_RNDN); }
  std::string lower() { return text(lower_, "%.24RDe"); }
  std::string upper() { return text(upper_, "%.24RUe"); }

private:
  End& end_at(double x, double other);
  void add_gelu(double centre);
  void erf_in_place(Interval& t);
  bool settle_side(mpfr_ptr value, mpfr_ptr bend);
  static std::string text(mpfr_ptr value, const char* format);

  bool gelu_;
  Interval k_, growth_, root_half_, root_two_pi_inverse_;
  Interval t_, s_, u_, value_, slope_;
  Interval end_t_{bend_bits}, end_s_{bend_bits}, end_u_{bend_bits}, end_x_{double_bits};
  Interval bend_{bend_bits}, hull_{bend_bits}, product_{bend_bits};
  End ends_[2];
  Float lower_, upper_, piece_upper_, target_, high_, trial_;
  Float steep_, rise_, part_;
  Float radius_{double_bits}, far_{double_bits}, bend_below_{bend_bits};
};

Prover::Prover(const supnorm::Workload& work, long bits)
    : gelu_(work.gelu),
      k_(bits + 8),
      growth_(bits),
      root_half_(bits + 8),
      root_two_pi_inverse_(bits + 8),
      t_(bits),
      s_(bits),
      u_(bits),
      value_(bits),
      slope_(bits),
      lower_(bits),
      upper_(bits),
      piece_upper_(bits),
      target_(bits),
      high_(bits),
      trial_(bits),
      steep_(bits),
      rise_(bits),
      part_(bits) {
  mpfi_set_str(k_, work.k_text.c_str(), 10);
  mpfi_set_str(growth_, work.gap_text.c_str(), 10);
  mpfi_add_ui(growth_, growth_, 1);
  mpfi_set_d(root_half_, 0.5);
  mpfi_sqrt(root_half_, root_half_);
  mpfi_const_pi(root_two_pi_inverse_);
  mpfi_mul_ui(root_two_pi_inverse_, root_two_pi_inverse_, 2);
  mpfi_sqrt(root_two_pi_inverse_, root_two_pi_inverse_);
  mpfi_inv(root_two_pi_inverse_, root_two_pi_inverse_);
}

// sigma'(t) = e^-t / (1 + e^-t)^2 and tanh(t/2) = (1 - e^-t) / (1 + e^-t), t >= 0.
// Neighbouring pieces share an end: one of the two is usually there already.
End& Prover::end_at(double x, double other) {
  for (End& known : ends_)
    if (known.x == x) return known;
  End& end = ends_[0].x == other ? ends_[1] : ends_[0];
  end.x = x;
  mpfi_mul_d(end_t_, k_, x);
  mpfi_neg(end_u_, end_t_);
  mpfi_exp(end_u_, end_u_);
  mpfi_add_ui(end_s_, end_u_, 1);
  mpfi_inv(end_s_, end_s_);
  mpfi_sqr(end.w, end_s_);
  mpfi_mul(end.w, end.w, end_u_);
  mpfi_mul(end.w, end.w, k_);
  mpfi_ui_sub(end_u_, 1, end_u_);
  mpfi_mul(end_u_, end_u_, end_s_);
  mpfi_mul(end_u_, end_u_, end_t_);
  mpfi_ui_sub(end.g, 2, end_u_);
  if (!gelu_) return end;
  mpfi_set_d(end_x_, x);
  mpfi_sqr(end_t_, end_x_);
  mpfi_ui_sub(end.h, 2, end_t_);
  mpfi_div_2ui(end_t_, end_t_, 1);
  mpfi_neg(end_t_, end_t_);
  mpfi_exp(end.density, end_t_);
  mpfi_mul(end.density, end.density, root_two_pi_inverse_);
  return end;
}

supnorm::Bend Prover::bend(double lo, double hi) {
  const double least = lo <= 0 && hi >= 0 ? 0 : std::fmin(std::fabs(lo), std::fabs(hi));
  const double most = std::fmax(std::fabs(lo), std::fabs(hi));
  End& near = end_at(least, most);
  End& far = end_at(most, least);
  mpfi_union(bend_, near.w, far.w);
  mpfi_union(hull_, near.g, far.g);
  mpfi_mul(bend_, bend_, hull_);
  mpfi_neg(bend_, bend_);
  if (gelu_) {
    mpfi_union(product_, near.density, far.density);
    mpfi_union(hull_, near.h, far.h);
    mpfi_mul(product_, product_, hull_);
    mpfi_add(bend_, bend_, product_);
  }
  return {mpfr_get_d(bend_.lo(), MPFR_RNDD), mpfr_get_d(bend_.hi(), MPFR_RNDU)};
}

// value = x s, slope = s + x s', with s = sigma(-kx) [- erfc(x/sqrt 2)/2].
void Prover::expand(double centre) {
  mpfi_mul_d(t_, k_, centre);
  mpfi_exp(u_, t_);
  mpfi_add_ui(s_, u_, 1);
  mpfi_inv(s_, s_);
  mpfi_sqr(slope_, s_);
  mpfi_mul(slope_, slope_, u_);
  mpfi_mul(slope_, slope_, k_);
  mpfi_neg(slope_, slope_);
  if (gelu_) add_gelu(centre);
  mpfi_mul_d(slope_, slope_, centre);
  mpfi_add(slope_, slope_, s_);
  mpfi_mul_d(value_, s_, centre);
  mpfi_abs(t_, value_);
  if (mpfr_cmp(t_.lo(), lower_) <= 0) return;
  mpfr_set(lower_, t_.lo(), MPFR_RNDD);
  mpfr_mul(target_, growth_.lo(), lower_, MPFR_RNDD);
  if (mpfr_cmp(upper_, lower_) < 0) mpfr_set(upper_, lower_, MPFR_RNDU);
}

// MPFI has no erf. One call of MPFR's, at the left end, and slope <= 2/sqrt(pi) < 1.13 for the
// rest: half the price of two calls. Not erfc: the relative accuracy of its tail costs time.
void Prover::erf_in_place(Interval& t) {
  mpfr_sub(trial_, t.hi(), t.lo(), MPFR_RNDU);
  mpfr_mul_d(trial_, trial_, 1.13, MPFR_RNDU);
  mpfr_erf(t.lo(), t.lo(), MPFR_RNDD);
  mpfr_set(t.hi(), t.lo(), MPFR_RNDU);
  mpfr_nextabove(t.hi());
  mpfr_add(t.hi(), t.hi(), trial_, MPFR_RNDU);
}

void Prover::add_gelu(double centre) {
  mpfi_mul_d(t_, root_half_, centre);
  mpfi_sqr(u_, t_);
  mpfi_neg(u_, u_);
  mpfi_exp(u_, u_);
  mpfi_mul(u_, u_, root_two_pi_inverse_);
  mpfi_add(slope_, slope_, u_);
  erf_in_place(t_);
  mpfi_sub_ui(t_, t_, 1);
  mpfi_div_2ui(t_, t_, 1);
  mpfi_add(s_, s_, t_);
}

// value + max of |slope| h + bend h^2/2 over 0 <= h <= radius, against the target.
bool Prover::settle_side(mpfr_ptr value, mpfr_ptr bend) {
  mpfr_mul(part_, bend, radius_, MPFR_RNDD);
  mpfr_neg(part_, part_, MPFR_RNDU);
  if (mpfr_cmp(steep_, part_) < 0) {  // the parabola turns before the radius: its top, anywhere
    mpfr_sqr(rise_, steep_, MPFR_RNDU);
    mpfr_div(rise_, rise_, bend, MPFR_RNDD);
    mpfr_neg(rise_, rise_, MPFR_RNDU);
    mpfr_div_2ui(rise_, rise_, 1, MPFR_RNDU);
  } else {
    mpfr_mul(part_, bend, radius_, MPFR_RNDU);
    mpfr_div_2ui(part_, part_, 1, MPFR_RNDU);
    mpfr_add(part_, part_, steep_, MPFR_RNDU);
    mpfr_mul(rise_, part_, radius_, MPFR_RNDU);
  }
  mpfr_add(trial_, value, rise_, MPFR_RNDU);
  if (mpfr_cmp(trial_, target_) > 0) return false;
  mpfr_max(piece_upper_, piece_upper_, trial_, MPFR_RNDU);
  return true;
}

bool Prover::settle(double lo, double hi, double centre) {
  mpfr_set_d(radius_, hi, MPFR_RNDU);
  mpfr_sub_d(radius_, radius_, centre, MPFR_RNDU);
  mpfr_set_d(far_, centre, MPFR_RNDU);
  mpfr_sub_d(far_, far_, lo, MPFR_RNDU);
  mpfr_max(radius_, radius_, far_, MPFR_RNDU);
  mpfr_abs(steep_, slope_.lo(), MPFR_RNDU);
  mpfr_abs(part_, slope_.hi(), MPFR_RNDU);
  mpfr_max(steep_, steep_, part_, MPFR_RNDU);
  mpfr_set(piece_upper_, upper_, MPFR_RNDU);
  if (!settle_side(value_.hi(), bend_.hi())) return false;
  mpfr_neg(high_, value_.lo(), MPFR_RNDU);
  mpfr_neg(bend_below_, bend_.lo(), MPFR_RNDU);
  if (!settle_side(high_, bend_below_)) return false;
  mpfr_swap(upper_, piece_upper_);
  return true;
}

std::string Prover::text(mpfr_ptr value, const char* format) {
  char digits[64];
  mpfr_snprintf(digits, sizeof digits, format, value);
  return digits;
}

}  // namespace

int main(int argc, char** argv) { return supnorm::run<Prover>(argc, argv); }
