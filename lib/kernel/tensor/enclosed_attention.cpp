#include "enclosed_attention.hpp"

#include <algorithm>
#include <cmath>

namespace attncert::rules {
namespace {

constexpr double kFarBelow = -31;  // the end of the exponential's table

}  // namespace

Result<EnclosedAttention> EnclosedAttention::make(
    const HeadShape& shape, std::shared_ptr<const FunctionTable> exponential) {
  if (shape.rotary || (shape.mask != "causal" && shape.mask != "full")) {
    return fail(ErrorCode::RigorousUnsupported,
                "rigorous evaluation knows neither rotary positions nor masks as weights");
  }
  EnclosedAttention attention;
  attention.heads_ = {shape.n_head, shape.n_kv_head, shape.d_head, shape.mask == "causal"};
  attention.exponential_ = std::move(exponential);
  attention.scale_ = {1, 0};
  if (shape.scale != "1") {  // rsqrt(n)
    ATTNCERT_TRY(const Rational n, parse_rational(shape.scale.substr(6, shape.scale.size() - 7)));
    attention.scale_ = ball_of(n).reciprocal_sqrt();
  }
  return attention;
}

// Where the table ends, e^x is nothing to Wide: e^x <= 2^(1.4426 x), as log2 e > 1.4426.
Ball<Wide> EnclosedAttention::exponential(Ball<Wide> x) const {
  if (!(x.mid < kFarBelow - x.rad)) return (*exponential_)(x);
  const double exponent = std::ceil(1.4426 * (static_cast<double>(x.mid) + x.rad)) + 1;
  return {0, std::ldexp(1.0, static_cast<int>(std::max(exponent, -1000.0)))};
}

}  // namespace attncert::rules
