// The rung for any CPU: four lanes, which the compiler turns into SSE2, NEON or plain arithmetic.
#include "encoder_internal.h"

#pragma STDC FP_CONTRACT ON
#define LANES 4
#if defined(__aarch64__)
#define TILE 12
#else
#define TILE 6
#endif
#include "encoder_f32.h"

const bobbin_rung_functions bobbin_rung_scalar = {sizeof(operand), pack, run};
