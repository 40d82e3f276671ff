// The register tile of the f32 rungs. Needs LANES and TILE.
typedef float operand;
#define PAIR 1
#define one_operand(value) (value)
#define TO_OPERAND(to, value) store((to), (value))
#define tile_rows f32_tile_rows

typedef float tile_vec __attribute__((vector_size(4 * LANES)));
typedef float tile_vec_in_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline __attribute__((always_inline)) void f32_tile_rows(
    const int rows, const float *a, size_t stride, const float *panel, size_t inputs, float *c, size_t c_stride) {
  tile_vec sums[TILE][2] = {};
  for (size_t k = 0; k < inputs; k++, panel += 2 * LANES) {
    const tile_vec b0 = *(const tile_vec_in_memory *)panel;
    const tile_vec b1 = *(const tile_vec_in_memory *)(panel + LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const float x = a[(size_t)r * stride + k];
      sums[r][0] += b0 * x;
      sums[r][1] += b1 * x;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    *(tile_vec_in_memory *)(c + (size_t)r * c_stride) = sums[r][0];
    *(tile_vec_in_memory *)(c + (size_t)r * c_stride + LANES) = sums[r][1];
  }
}

#include "encoder_pass.h"
