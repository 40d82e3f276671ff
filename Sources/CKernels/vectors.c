// Choice by CPU, the query's preparation and the scalar rung, which every other rung must equal bit for bit.
//
// Relies on the caller for sizes (stride a multiple of 64, at most BOBBIN_VECTORS_MAX_STRIDE). Does not allocate.
#include "vectors_rungs.h"

#include <math.h>
#include <string.h>

// A fused multiply-add would round differently on each rung.
#pragma STDC FP_CONTRACT OFF

int bobbin_vectors_supported(bobbin_vectors_rung rung) {
  switch (rung) {
    case BOBBIN_VECTORS_SCALAR:
      return 1;
#if defined(__x86_64__)
    case BOBBIN_VECTORS_AVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") != 0;
    case BOBBIN_VECTORS_AVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    case BOBBIN_VECTORS_AVX512VNNI:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case BOBBIN_VECTORS_NEON:
      return 1;
#endif
    default:
      return 0;
  }
}

bobbin_query bobbin_query_make(const float *query, size_t dimension, size_t stride, void *space) {
  int16_t *wide = space;
  int8_t *high = (int8_t *)space + 2 * stride, *low = high + stride;
  float largest = 0;
  // Eight sums, so that the additions need not wait for each other.
  double squares[8] = {0};
  for (size_t i = 0; i < dimension; i++) {
    const float magnitude = fabsf(query[i]);
    largest = magnitude > largest ? magnitude : largest;
    squares[i & 7] += (double)query[i] * query[i];
  }
  double square = 0;
  for (size_t i = 0; i < 8; i++) square += squares[i];
  // 127 * 128: the high part then stays within an int8. Infinite for a `largest` that is all but zero.
  const float steps = largest > 0 ? 16256.0f / largest : 0;
  if (!(square > 0) || !isfinite(square) || !isfinite(steps)) {
    memset(space, 0, 4 * stride);
    const bobbin_query none = {wide, high, low, 0, 0};
    return none;
  }
  int32_t sum = 0;  // at most 4096 * 16256
  for (size_t i = 0; i < dimension; i++) {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number, and unlike lrintf it is vectorised.
    const float rounded = (query[i] * steps + 12582912.0f) - 12582912.0f;
    const int32_t value = (int32_t)rounded;
    const int32_t lowPart = ((value + 64) & 127) - 64;
    wide[i] = (int16_t)value;
    low[i] = (int8_t)lowPart;
    high[i] = (int8_t)((value - lowPart) >> 7);
    sum += value;
  }
  for (size_t i = dimension; i < stride; i++) wide[i] = high[i] = low[i] = 0;
  const float scale = (float)((double)largest / 16256.0 / sqrt(square));
  const bobbin_query made = {wide, high, low, sum, scale};
  return made;
}

void bobbin_scan_scalar(const int8_t *rows, size_t stride, size_t count, const float *scales,
                        bobbin_query query, float *scores) {
  for (size_t r = 0; r < count; r++) {
    const int8_t *row = rows + r * stride;
    int64_t sum = 0;
    for (size_t i = 0; i < stride; i++) sum += (int32_t)row[i] * query.wide[i];
    scores[r] = (float)sum * scales[r] * query.scale;
  }
}

void bobbin_vectors_scan(bobbin_vectors_rung rung, const int8_t *rows, size_t stride, size_t count,
                         const float *scales, bobbin_query query, float *scores) {
  switch (rung) {
#if defined(__x86_64__)
    case BOBBIN_VECTORS_AVX512VNNI:
      bobbin_scan_avx512vnni(rows, stride, count, scales, query, scores);
      return;
    case BOBBIN_VECTORS_AVX512:
      bobbin_scan_avx512(rows, stride, count, scales, query, scores);
      return;
    case BOBBIN_VECTORS_AVX2:
      bobbin_scan_avx2(rows, stride, count, scales, query, scores);
      return;
#elif defined(__aarch64__)
    case BOBBIN_VECTORS_NEON:
      bobbin_scan_neon(rows, stride, count, scales, query, scores);
      return;
#endif
    default:
      bobbin_scan_scalar(rows, stride, count, scales, query, scores);
  }
}

size_t bobbin_vectors_above(const float *scores, size_t count, float threshold, uint32_t *found) {
  size_t kept = 0;
  size_t i = 0;
  // Most blocks hold nothing above the threshold, so sixteen comparisons are folded into one branch.
  for (; i + 16 <= count; i += 16) {
    int any = 0;
    for (size_t j = 0; j < 16; j++) any |= scores[i + j] > threshold;
    if (!any) continue;
    for (size_t j = 0; j < 16; j++) {
      found[kept] = (uint32_t)(i + j);
      kept += scores[i + j] > threshold;
    }
  }
  for (; i < count; i++) {
    if (scores[i] > threshold) found[kept++] = (uint32_t)i;
  }
  return kept;
}
