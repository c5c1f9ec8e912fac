#include "enclosed_attention.hpp"

#include <algorithm>
#include <cmath>

#include "enclosed_sublayers.hpp"

namespace attncert::rules {
namespace {

// e^x for x far below 0, where the table ends: e^x <= 2^(1.4426 x), since log2 e > 1.4426.
constexpr double kFarBelow = -31;
Ball negligible(Ball x) {
  const double exponent = std::ceil(1.4426 * (static_cast<double>(x.mid) + x.rad)) + 1;
  return {0, std::ldexp(1.0, static_cast<int>(std::max(exponent, -1000.0)))};
}

}  // namespace

Result<EnclosedAttention> EnclosedAttention::make(
    const HeadShape& shape, std::shared_ptr<const FunctionTable> exponential) {
  if (shape.rotary || (shape.mask != "causal" && shape.mask != "full")) {
    return fail(ErrorCode::RigorousUnsupported,
                "rigorous evaluation knows neither rotary positions nor masks as weights");
  }
  EnclosedAttention attention;
  attention.shape_ = shape;
  attention.exponential_ = std::move(exponential);
  attention.scale_ = {1, 0};
  if (shape.scale != "1") {  // rsqrt(n)
    ATTNCERT_TRY(const Rational n, parse_rational(shape.scale.substr(6, shape.scale.size() - 7)));
    attention.scale_ = reciprocal_sqrt(ball_of(n));
  }
  return attention;
}

// Softmax weights of one row; scores are shifted by a common number, which changes nothing.
std::vector<Ball> EnclosedAttention::weights(const Enclosure& query, const Enclosure& key, long row,
                                             long head, long group) const {
  const long d = shape_.d_head;
  const long seen = shape_.mask == "causal" ? row + 1 : key.rows();
  std::vector<Ball> result;
  Wide greatest = -INFINITY;
  for (long j = 0; j < seen; ++j) {
    result.push_back(scale_ * enclosed_dot(query.mid(row, head * d, d), query.rad(row, head * d, d),
                                           key.mid(j, group * d, d), key.rad(j, group * d, d)));
    greatest = std::max(greatest, result.back().mid);
  }
  std::vector<Wide> mid;
  std::vector<double> rad;
  for (Ball& score : result) {
    const Ball shifted = score - Ball{greatest, 0};
    score = shifted.mid < kFarBelow - shifted.rad ? negligible(shifted) : (*exponential_)(shifted);
    mid.push_back(score.mid);
    rad.push_back(score.rad);
  }
  const Ball sum = enclosed_sum(mid, rad);
  for (Ball& weight : result) weight = divide(weight, sum);
  return result;
}

Enclosure EnclosedAttention::operator()(const Enclosure& query, const Enclosure& key,
                                        const Enclosure& value) const {
  const long d = shape_.d_head;
  Enclosure mixed(query.rows(), query.columns());
  for (long h = 0; h < shape_.n_head; ++h) {
    const long group = h * shape_.n_kv_head / shape_.n_head;
    for (long i = 0; i < query.rows(); ++i) {
      const std::vector<Ball> row = weights(query, key, i, h, group);
      for (long r = 0; r < d; ++r) {
        Ball sum;
        for (std::size_t j = 0; j < row.size(); ++j) {
          sum = sum + row[j] * value.at(static_cast<long>(j), group * d + r);
        }
        mixed.set(i, h * d + r, sum);
      }
    }
  }
  return mixed;
}

}  // namespace attncert::rules
