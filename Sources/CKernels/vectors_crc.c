// CRC-32C by the CPU's instruction where it has one, by table elsewhere; both give the same sum.
//
// Guards against damage, not against malice: whoever can write a shard can also write its checksums.
#include "vectors.h"

#include <pthread.h>
#include <string.h>

static uint32_t table[256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void fill_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    table[i] = crc;
  }
}

uint32_t bobbin_crc32c_portable(uint32_t crc, const uint8_t *bytes, size_t count) {
  pthread_once(&table_once, fill_table);
  crc = ~crc;
  for (size_t i = 0; i < count; i++) crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const uint8_t *bytes,
                                                            size_t count) {
  uint64_t sum = (uint32_t)~crc;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    sum = _mm_crc32_u64(sum, word);
  }
  uint32_t rest = (uint32_t)sum;
  for (; count > 0; bytes++, count--) rest = _mm_crc32_u8(rest, *bytes);
  return ~rest;
}
#endif

uint32_t bobbin_crc32c(uint32_t crc, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) return crc_sse42(crc, bytes, count);
#endif
  return bobbin_crc32c_portable(crc, bytes, count);
}
