#include "attncert/tensor/panel.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace attncert {
namespace {

// Eight numbers that the compiler keeps in vector registers, of whatever width there are.
using Lane = float __attribute__((vector_size(32)));
using Bits = std::uint32_t __attribute__((vector_size(32)));

constexpr long kLane = 8;
constexpr long kTile = 4;  // rows of a at once, times 16 columns of b

#if defined(__x86_64__)
#define ATTNCERT_WIDE __attribute__((target("avx2,fma")))
bool has_wide() {
  static const bool has = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  return has;
}
#else
#define ATTNCERT_WIDE
bool has_wide() { return false; }
#endif
#define ATTNCERT_INLINE inline __attribute__((always_inline))

// A lane in memory, wherever it lies.
struct Sum {
  float lane[kLane] = {};
};
struct Tile {
  Lane sums[kTile][2];
};

// Rows i, ..., i + 3 of a (the last one again where there are fewer) times columns j, ..., j + 15.
ATTNCERT_INLINE void multiply(const Panel& a, const Panel& b, long i, long j, Tile& tile) {
  const float* rows[kTile];
  for (long r = 0; r < kTile; ++r) {
    rows[r] = a.values.data() + std::min(i + r, a.rows - 1) * a.stride;
    tile.sums[r][0] = Lane{};
    tile.sums[r][1] = Lane{};
  }
  const float* from = b.values.data() + j;
  for (long k = 0; k < a.columns; ++k, from += b.stride) {
    Lane low;
    Lane high;
    std::memcpy(&low, from, sizeof low);
    std::memcpy(&high, from + kLane, sizeof high);
    for (long r = 0; r < kTile; ++r) {
      tile.sums[r][0] += rows[r][k] * low;
      tile.sums[r][1] += rows[r][k] * high;
    }
  }
}

ATTNCERT_INLINE void product_into(const Panel& a, const Panel& b, Panel& result) {
  Tile tile;
  for (long j = 0; j < b.stride; j += 2 * kLane) {
    for (long i = 0; i < a.rows; i += kTile) {
      multiply(a, b, i, j, tile);
      for (long r = 0; r < std::min(kTile, a.rows - i); ++r) {
        std::memcpy(result.values.data() + (i + r) * result.stride + j, tile.sums[r],
                    sizeof tile.sums[r]);
      }
    }
  }
}

ATTNCERT_INLINE void add_magnitudes(const Lane& x, Lane& sum) {
  Bits bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits &= 0x7fffffffU;
  Lane size;
  std::memcpy(&size, &bits, sizeof size);
  sum += size;
}

ATTNCERT_INLINE void spreads_into(const Panel& a, const Panel& b, std::vector<Sum>& sums) {
  Tile tile;
  for (long j = 0; j < b.stride; j += 2 * kLane) {
    for (long i = 0; i < a.rows; i += kTile) {
      multiply(a, b, i, j, tile);
      for (long r = 0; r < std::min(kTile, a.rows - i); ++r) {
        Sum& stored = sums[static_cast<std::size_t>(i + r)];
        Lane sum;
        std::memcpy(&sum, stored.lane, sizeof sum);
        add_magnitudes(tile.sums[r][0], sum);
        add_magnitudes(tile.sums[r][1], sum);
        std::memcpy(stored.lane, &sum, sizeof sum);
      }
    }
  }
}

ATTNCERT_WIDE void wide_product(const Panel& a, const Panel& b, Panel& result) {
  product_into(a, b, result);
}
void narrow_product(const Panel& a, const Panel& b, Panel& result) { product_into(a, b, result); }

ATTNCERT_WIDE void wide_spreads(const Panel& a, const Panel& b, std::vector<Sum>& sums) {
  spreads_into(a, b, sums);
}
void narrow_spreads(const Panel& a, const Panel& b, std::vector<Sum>& sums) {
  spreads_into(a, b, sums);
}

// Two chains of sums for each row.
ATTNCERT_INLINE void sizes_into(const Panel& a, std::vector<Sum>& sums) {
  for (long i = 0; i < a.rows; ++i) {
    const float* from = a.values.data() + i * a.stride;
    Lane even{};
    Lane odd{};
    for (long j = 0; j < a.stride; j += 2 * kLane) {
      Lane x;
      Lane y;
      std::memcpy(&x, from + j, sizeof x);
      std::memcpy(&y, from + j + kLane, sizeof y);
      add_magnitudes(x, even);
      add_magnitudes(y, odd);
    }
    even += odd;
    std::memcpy(sums[static_cast<std::size_t>(i)].lane, &even, sizeof even);
  }
}
ATTNCERT_WIDE void wide_sizes(const Panel& a, std::vector<Sum>& sums) { sizes_into(a, sums); }
void narrow_sizes(const Panel& a, std::vector<Sum>& sums) { sizes_into(a, sums); }

ATTNCERT_INLINE void add_into(float* to, float factor, const float* from, long count) {
  long k = 0;
  for (; k + kLane <= count; k += kLane) {
    Lane x;
    Lane y;
    std::memcpy(&x, from + k, sizeof x);
    std::memcpy(&y, to + k, sizeof y);
    y += factor * x;
    std::memcpy(to + k, &y, sizeof y);
  }
  for (; k < count; ++k) to[k] += factor * from[k];
}
ATTNCERT_WIDE void wide_add(float* to, float factor, const float* from, long count) {
  add_into(to, factor, from, count);
}
void narrow_add(float* to, float factor, const float* from, long count) {
  add_into(to, factor, from, count);
}

// The sums of n magnitudes in fp32 lanes, made up for their roundings.
double total(const Sum& sums, long n) {
  double sum = 0;
  for (const float one : sums.lane) sum += static_cast<double>(one);
  return sum * (1 + panel_loss(n)) + panel_tiny(n);
}

}  // namespace

Panel::Panel(const Matrix& exact) : Panel(exact.rows, exact.columns) {
  for (long i = 0; i < rows; ++i) {
    const auto from = exact.row(i);
    std::transform(from.begin(), from.end(), row(i).begin(),
                   [](double x) { return static_cast<float>(x); });
  }
}

Panel product(const Panel& a, const Panel& b) {
  Panel result(a.rows, b.columns);
  if (has_wide()) {
    wide_product(a, b, result);
  } else {
    narrow_product(a, b, result);
  }
  return result;
}

std::vector<double> product_spreads(const Panel& a, const Panel& b) {
  std::vector<Sum> sums(static_cast<std::size_t>(a.rows));
  if (has_wide()) {
    wide_spreads(a, b, sums);
  } else {
    narrow_spreads(a, b, sums);
  }
  std::vector<double> result;
  result.reserve(sums.size());
  for (const Sum& sum : sums) result.push_back(total(sum, b.columns));
  return result;
}

std::vector<double> spreads(const Panel& a) {
  std::vector<Sum> sums(static_cast<std::size_t>(a.rows));
  if (has_wide()) {
    wide_sizes(a, sums);
  } else {
    narrow_sizes(a, sums);
  }
  std::vector<double> result;
  result.reserve(sums.size());
  for (const Sum& sum : sums) result.push_back(total(sum, a.columns));
  return result;
}

void add_scaled(std::span<float> to, float factor, std::span<const float> from) {
  const auto count = static_cast<long>(from.size());
  if (has_wide()) {
    wide_add(to.data(), factor, from.data(), count);
  } else {
    narrow_add(to.data(), factor, from.data(), count);
  }
}

}  // namespace attncert
