// The rungs behind bobbin_vectors_scan; private to CKernels.
#ifndef BOBBIN_VECTORS_RUNGS_H
#define BOBBIN_VECTORS_RUNGS_H

#include "vectors.h"

#define BOBBIN_SCAN(name)                                                                        \
  void name(const int8_t *rows, size_t stride, size_t count, const float *scales,                \
            bobbin_query query, float *scores)

BOBBIN_SCAN(bobbin_scan_scalar);
BOBBIN_SCAN(bobbin_scan_neon);
BOBBIN_SCAN(bobbin_scan_avx2);
BOBBIN_SCAN(bobbin_scan_avx512);
BOBBIN_SCAN(bobbin_scan_avx512vnni);

// Up to this stride every sum fits an int32, whatever the bytes: 1024 * 128 * 16319 < 2^31. Intermediate sums may wrap.
#define BOBBIN_NARROW_STRIDE 1024

#endif
