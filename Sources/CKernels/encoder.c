// Creation of an encoder, choice of its rung, and the checks every call passes. The arithmetic is in encoder_pass.h.
#include "encoder_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const bobbin_rung_functions *functions_of(int rung) {
  switch (rung) {
    case BOBBIN_RUNG_SCALAR: return &bobbin_rung_scalar;
#if defined(__x86_64__)
    case BOBBIN_RUNG_AVX2: return &bobbin_rung_avx2;
    case BOBBIN_RUNG_AVX512: return &bobbin_rung_avx512;
    case BOBBIN_RUNG_BF16: return &bobbin_rung_bf16;
#endif
    default: return NULL;
  }
}

int bobbin_rung_available(int rung) {
  switch (rung) {
    case BOBBIN_RUNG_SCALAR: return 1;
#if defined(__x86_64__)
    // The compiler's check includes what the operating system saves on a context switch.
    case BOBBIN_RUNG_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case BOBBIN_RUNG_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
    case BOBBIN_RUNG_BF16:
      return bobbin_rung_available(BOBBIN_RUNG_AVX512) && __builtin_cpu_supports("avx512bf16");
#endif
    default: return 0;
  }
}

int bobbin_rung_best(void) {
  int rung = BOBBIN_RUNG_BF16;
  while (rung > BOBBIN_RUNG_SCALAR && !bobbin_rung_available(rung)) rung--;
  return rung;
}

static size_t rounded(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

// Hands out pieces of one block, or only counts them when the block is not there yet.
typedef struct { char *next; size_t bytes; } pieces;

static void *piece(pieces *from, size_t bytes) {
  char *taken = from->next;
  if (taken) from->next += rounded(bytes);
  from->bytes += rounded(bytes);
  return taken;
}

static void lay_out_encoder(bobbin_encoder *encoder, pieces *from) {
  const size_t f = sizeof(float), o = encoder->functions->operand_bytes;
  encoder->positions = piece(from, f * BOBBIN_POSITIONS * BOBBIN_HIDDEN);
  encoder->norm_weight = piece(from, f * BOBBIN_HIDDEN);
  encoder->norm_bias = piece(from, f * BOBBIN_HIDDEN);
  for (int l = 0; l < BOBBIN_LAYERS; l++) {
    bobbin_layer *layer = &encoder->layers[l];
    layer->qkv = piece(from, o * BOBBIN_HIDDEN * BOBBIN_QKV);
    layer->out = piece(from, o * BOBBIN_HIDDEN * BOBBIN_HIDDEN);
    layer->up = piece(from, o * BOBBIN_HIDDEN * BOBBIN_FEED);
    layer->down = piece(from, o * BOBBIN_FEED * BOBBIN_HIDDEN);
    layer->qkv_bias = piece(from, f * BOBBIN_QKV);
    layer->out_bias = piece(from, f * BOBBIN_HIDDEN);
    layer->up_bias = piece(from, f * BOBBIN_FEED);
    layer->down_bias = piece(from, f * BOBBIN_HIDDEN);
    layer->attention_norm_weight = piece(from, f * BOBBIN_HIDDEN);
    layer->attention_norm_bias = piece(from, f * BOBBIN_HIDDEN);
    layer->norm_weight = piece(from, f * BOBBIN_HIDDEN);
    layer->norm_bias = piece(from, f * BOBBIN_HIDDEN);
  }
}

// Copies a vector, scaled; 0 if a value is not finite.
static int copied(float *to, const float *from, size_t count, float scale) {
  int finite = 1;
  for (size_t i = 0; i < count; i++) {
    finite &= isfinite(from[i]) != 0;
    to[i] = from[i] * scale;
  }
  return finite;
}

static int pack_layer(const bobbin_rung_functions *functions, bobbin_layer *layer,
                      const float *const *t) {
  // Softmax is taken with powers of two, so the query carries log2(e) beside 1 / sqrt(32).
  const float scale = (float)(1.4426950408889634 / 5.656854249492381);
  const int h = BOBBIN_HIDDEN, f = BOBBIN_FEED;
  int finite = 1;
  finite &= functions->pack(t[0], h, h, 0, scale, layer->qkv);
  finite &= functions->pack(t[2], h, h, h, 1, layer->qkv);
  finite &= functions->pack(t[4], h, h, 2 * h, 1, layer->qkv);
  finite &= functions->pack(t[6], h, h, 0, 1, layer->out);
  finite &= functions->pack(t[10], f, h, 0, 1, layer->up);
  finite &= functions->pack(t[12], h, f, 0, 1, layer->down);
  finite &= copied(layer->qkv_bias, t[1], h, scale);
  finite &= copied(layer->qkv_bias + h, t[3], h, 1);
  finite &= copied(layer->qkv_bias + 2 * h, t[5], h, 1);
  finite &= copied(layer->out_bias, t[7], h, 1);
  finite &= copied(layer->attention_norm_weight, t[8], h, 1);
  finite &= copied(layer->attention_norm_bias, t[9], h, 1);
  finite &= copied(layer->up_bias, t[11], f, 1);
  finite &= copied(layer->down_bias, t[13], h, 1);
  finite &= copied(layer->norm_weight, t[14], h, 1);
  finite &= copied(layer->norm_bias, t[15], h, 1);
  return finite;
}

bobbin_encoder *bobbin_encoder_create(const float *const *tensors, int rung, int *status) {
  *status = BOBBIN_ENCODER_UNAVAILABLE;
  const bobbin_rung_functions *functions = functions_of(rung);
  if (!functions || !bobbin_rung_available(rung)) return NULL;
  *status = BOBBIN_ENCODER_NO_MEMORY;
  bobbin_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return NULL;
  encoder->functions = functions;
  pieces counted = {NULL, 0};
  lay_out_encoder(encoder, &counted);
  void *memory = aligned_alloc(64, counted.bytes);
  if (!memory) { free(encoder); return NULL; }
  pieces taken = {memory, 0};
  lay_out_encoder(encoder, &taken);
  encoder->memory = memory;
  encoder->words = tensors[BOBBIN_TENSOR_WORD];

  int finite = 1;
  for (int p = 0; p < BOBBIN_POSITIONS; p++)
    for (int c = 0; c < BOBBIN_HIDDEN; c++) {
      const float sum = tensors[BOBBIN_TENSOR_POSITION][p * BOBBIN_HIDDEN + c] + tensors[BOBBIN_TENSOR_TYPE][c];
      finite &= isfinite(sum) != 0;
      encoder->positions[p * BOBBIN_HIDDEN + c] = sum;
    }
  finite &= copied(encoder->norm_weight, tensors[BOBBIN_TENSOR_NORM_WEIGHT], BOBBIN_HIDDEN, 1);
  finite &= copied(encoder->norm_bias, tensors[BOBBIN_TENSOR_NORM_BIAS], BOBBIN_HIDDEN, 1);
  for (int l = 0; l < BOBBIN_LAYERS; l++)
    finite &= pack_layer(functions, &encoder->layers[l],
                         tensors + BOBBIN_TENSOR_FIRST_LAYER + l * BOBBIN_TENSORS_PER_LAYER);
  if (!finite) {
    bobbin_encoder_destroy(encoder);
    *status = BOBBIN_ENCODER_NOT_FINITE;
    return NULL;
  }
  *status = BOBBIN_ENCODER_OK;
  return encoder;
}

void bobbin_encoder_destroy(bobbin_encoder *encoder) {
  if (!encoder) return;
  free(encoder->memory);
  free(encoder);
}

static void lay_out_workspace(bobbin_workspace *workspace, size_t o, pieces *from) {
  const size_t f = sizeof(float), tokens = BOBBIN_BATCH_TOKENS;
  workspace->residual = piece(from, f * tokens * BOBBIN_HIDDEN);
  workspace->input = piece(from, o * tokens * BOBBIN_HIDDEN);
  workspace->qkv = piece(from, o * tokens * BOBBIN_QKV);
  workspace->context = piece(from, o * tokens * BOBBIN_HIDDEN);
  workspace->feed = piece(from, o * (BOBBIN_PIECE_ROWS + BOBBIN_TILE_ROWS) * BOBBIN_FEED);
  workspace->keys = piece(from, o * BOBBIN_KEYS * BOBBIN_HEAD);
  workspace->values = piece(from, o * BOBBIN_KEYS * BOBBIN_HEAD);
  workspace->scores = piece(from, f * BOBBIN_TILE_ROWS * BOBBIN_KEYS);
  workspace->weights = piece(from, o * BOBBIN_TILE_ROWS * BOBBIN_KEYS);
  workspace->tile = piece(from, f * BOBBIN_TILE_ROWS * BOBBIN_TILE_COLUMNS);
}

bobbin_workspace *bobbin_workspace_create(const bobbin_encoder *encoder) {
  bobbin_workspace *workspace = calloc(1, sizeof *workspace);
  if (!workspace) return NULL;
  pieces counted = {NULL, 0};
  lay_out_workspace(workspace, encoder->functions->operand_bytes, &counted);
  void *memory = aligned_alloc(64, counted.bytes);
  if (!memory) { free(workspace); return NULL; }
  pieces taken = {memory, 0};
  lay_out_workspace(workspace, encoder->functions->operand_bytes, &taken);
  workspace->memory = memory;
  return workspace;
}

void bobbin_workspace_destroy(bobbin_workspace *workspace) {
  if (!workspace) return;
  free(workspace->memory);
  free(workspace);
}

int bobbin_encoder_run(const bobbin_encoder *encoder, bobbin_workspace *workspace, const int32_t *ids,
                       const int32_t *lengths, size_t count, float *out) {
  size_t tokens = 0;
  for (size_t s = 0; s < count; s++) {
    if (lengths[s] < 1 || lengths[s] > BOBBIN_POSITIONS) return BOBBIN_ENCODER_BAD_INPUT;
    tokens += (size_t)lengths[s];
    if (tokens > BOBBIN_BATCH_TOKENS) return BOBBIN_ENCODER_BAD_INPUT;
  }
  for (size_t t = 0; t < tokens; t++)
    if (ids[t] < 0 || ids[t] >= BOBBIN_WORDS) return BOBBIN_ENCODER_BAD_INPUT;
  if (count == 0) return BOBBIN_ENCODER_OK;
  return encoder->functions->run(encoder, workspace, ids, lengths, count, out)
             ? BOBBIN_ENCODER_OK : BOBBIN_ENCODER_NOT_FINITE;
}
