// The 64-bit ARM rung, with instructions every such CPU has (no dot-product extension needed).
//
// int8 widened to int16, multiplied by the 16-bit query into int32 lanes, summed as int64 at the end.
#if defined(__aarch64__)
#include "vectors_rungs.h"

#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

void bobbin_scan_neon(const int8_t *rows, size_t stride, size_t count, const float *scales,
                      bobbin_query query, float *scores) {
  for (size_t r = 0; r < count; r++) {
    const int8_t *row = rows + r * stride;
    int32x4_t a = vdupq_n_s32(0), b = a, c = a, d = a;
    for (size_t i = 0; i < stride; i += 16) {
      const int8x16_t values = vld1q_s8(row + i);
      const int16x8_t first = vmovl_s8(vget_low_s8(values)), second = vmovl_s8(vget_high_s8(values));
      const int16x8_t w0 = vld1q_s16(query.wide + i), w1 = vld1q_s16(query.wide + i + 8);
      a = vmlal_s16(a, vget_low_s16(first), vget_low_s16(w0));
      b = vmlal_s16(b, vget_high_s16(first), vget_high_s16(w0));
      c = vmlal_s16(c, vget_low_s16(second), vget_low_s16(w1));
      d = vmlal_s16(d, vget_high_s16(second), vget_high_s16(w1));
    }
    const int64_t sum = vaddlvq_s32(a) + vaddlvq_s32(b) + vaddlvq_s32(c) + vaddlvq_s32(d);
    scores[r] = (float)sum * scales[r] * query.scale;
  }
}
#endif
