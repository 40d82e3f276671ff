// The rung for CPUs with AVX2 and FMA: eight lanes, sixteen registers.
#if defined(__x86_64__)
#include "encoder_internal.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#pragma clang fp contract(fast)
#define LANES 8
#define TILE 6
#include "encoder_f32.h"
#pragma clang attribute pop

const bobbin_rung_functions bobbin_rung_avx2 = {sizeof(operand), pack, run};
#endif
