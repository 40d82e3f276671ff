// The rung for CPUs with AVX-512 but no bf16: sixteen lanes, thirty-two registers.
#if defined(__x86_64__)
#include "encoder_internal.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#pragma clang fp contract(fast)
#define LANES 16
#define TILE 12
#include "encoder_f32.h"
#pragma clang attribute pop

const bobbin_rung_functions bobbin_rung_avx512 = {sizeof(operand), pack, run};
#endif
