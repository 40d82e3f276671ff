// The rung for CPUs with AVX512_BF16: operands of every product are bf16, sums and everything between are f32.
#if defined(__x86_64__)
#include "encoder_internal.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), \
                             apply_to = function)
#pragma clang fp contract(fast)
#define LANES 16
#define TILE 12
#define PAIR 2

typedef uint16_t operand;

// To nearest, ties to even, as the CPU's own conversion does.
static inline operand one_operand(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (operand)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

#define TO_OPERAND(to, value)                                                              \
  _mm256_storeu_si256((__m256i_u *)(to), (__m256i)_mm512_cvtneps_pbh((__m512)(value)))

static inline __attribute__((always_inline)) void tile_rows(
    const int rows, const operand *a, size_t stride, const operand *panel, size_t inputs, float *c, size_t c_stride) {
  __m512 sums[TILE][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (size_t k = 0; k < inputs; k += 2, panel += 64) {
    const __m512bh b0 = (__m512bh)_mm512_loadu_si512(panel);
    const __m512bh b1 = (__m512bh)_mm512_loadu_si512(panel + 32);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int pair;
      memcpy(&pair, a + (size_t)r * stride + k, sizeof pair);
      const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, b0);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, b1);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    _mm512_storeu_ps(c + (size_t)r * c_stride, sums[r][0]);
    _mm512_storeu_ps(c + (size_t)r * c_stride + 16, sums[r][1]);
  }
}

#include "encoder_pass.h"
#pragma clang attribute pop

const bobbin_rung_functions bobbin_rung_bf16 = {sizeof(operand), pack, run};
#endif
