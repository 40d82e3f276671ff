// Kernels of the shard's search: int8 rows against a 16-bit query, and CRC-32C.
//
// Rows are signed bytes, `stride` bytes apart, stride a multiple of 64, bytes past the dimension zero. Every rung gives
// the same bits as the scalar one, because the sums are exact integers and the last step is two f32 multiplications.
// Does no allocation, keeps no state, and reads exactly `count * stride` bytes of rows.
#ifndef BOBBIN_VECTORS_H
#define BOBBIN_VECTORS_H

#include <stddef.h>
#include <stdint.h>

// Which instructions to use, best last. A rung the CPU lacks must not be asked for: see bobbin_vectors_supported.
typedef enum {
  BOBBIN_VECTORS_SCALAR = 0,
  BOBBIN_VECTORS_NEON = 1,
  BOBBIN_VECTORS_AVX2 = 2,
  BOBBIN_VECTORS_AVX512 = 3,
  BOBBIN_VECTORS_AVX512VNNI = 4,
} bobbin_vectors_rung;

// Largest dimension for which no sum below can overflow.
#define BOBBIN_VECTORS_MAX_STRIDE 4096

// One query, ready for every rung: wide[i] = 128 * high[i] + low[i], each array `stride` long, zeros past the dimension.
typedef struct {
  const int16_t *wide;
  const int8_t *high;
  const int8_t *low;
  int64_t wide_sum;  // sum of wide[], which undoes the +128 that VNNI puts on every row byte
  float scale;       // query[i] is about wide[i] * scale
} bobbin_query;

// 1 when this CPU runs `rung`.
int bobbin_vectors_supported(bobbin_vectors_rung rung);

// Makes a query of `dimension` floats of any length; scores are then those of the unit vector along it.
// `space` takes wide, high and low, 4 * stride bytes, best on a 64-byte boundary: a third of the scan's time depends on it.
// Scale is 0 when the floats are all zero or not finite.
bobbin_query bobbin_query_make(const float *query, size_t dimension, size_t stride, void *space);

// scores[r] = (f32)(sum_i rows[r][i] * wide[i]) * scales[r] * query.scale for `count` rows.
void bobbin_vectors_scan(bobbin_vectors_rung rung, const int8_t *rows, size_t stride, size_t count,
                         const float *scales, bobbin_query query, float *scores);

// Writes the indices of scores above `threshold`, ascending, to `found` (count long); returns how many. NaN is never above.
size_t bobbin_vectors_above(const float *scores, size_t count, float threshold, uint32_t *found);

// CRC-32C (Castagnoli, reflected, as in RFC 3720) of `bytes`, going on from `crc` (0 at the start).
uint32_t bobbin_crc32c(uint32_t crc, const uint8_t *bytes, size_t count);
// The same by table, for tests and for CPUs without the instruction.
uint32_t bobbin_crc32c_portable(uint32_t crc, const uint8_t *bytes, size_t count);

#endif
