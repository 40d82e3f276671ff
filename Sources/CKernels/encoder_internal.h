// What the files of the encoder share: the packed weights, the scratch and the table of one rung's functions.
#ifndef BOBBIN_ENCODER_INTERNAL_H
#define BOBBIN_ENCODER_INTERNAL_H

#include "include/encoder.h"

enum {
  BOBBIN_QKV = 3 * BOBBIN_HIDDEN,
  /// Most tokens that go through a layer's matrices together, apart from attention. Measured: from 96 to 120 the
  /// products run at 226 GFLOP/s, at 400 at 210, because a piece no longer stays in the second-level cache.
  BOBBIN_PIECE_ROWS = 108,
  /// Most rows and columns of one register tile, of any rung.
  BOBBIN_TILE_ROWS = 12,
  BOBBIN_TILE_COLUMNS = 32,
  /// Keys of one sequence, rounded up to whole tiles.
  BOBBIN_KEYS = BOBBIN_POSITIONS,
};

/// One layer: matrices packed for the rung, the rest as f32. Query weights carry log2(e) / sqrt(32).
typedef struct {
  void *qkv, *out, *up, *down;
  float *qkv_bias, *out_bias, *up_bias, *down_bias;
  float *attention_norm_weight, *attention_norm_bias, *norm_weight, *norm_bias;
} bobbin_layer;

typedef struct bobbin_rung_functions {
  size_t operand_bytes;
  /// Packs [outputs][inputs] into the rung's panels, starting at panel column `first`. 0 if a weight is not finite.
  int (*pack)(const float *weights, int outputs, int inputs, int first, float scale, void *packed);
  /// The forward pass; 0 if a result is not finite.
  int (*run)(const bobbin_encoder *encoder, bobbin_workspace *workspace, const int32_t *ids,
             const int32_t *lengths, size_t count, float *out);
} bobbin_rung_functions;

struct bobbin_encoder {
  const bobbin_rung_functions *functions;
  const float *words;      // the caller's map
  float *positions;        // position + type, 512 × 384
  float *norm_weight, *norm_bias;
  bobbin_layer layers[BOBBIN_LAYERS];
  void *memory;            // one block that all of the above points into
};

/// Activations of one batch. `operand` is float or bf16, by rung.
struct bobbin_workspace {
  float *residual;   // tokens × 384
  void *input;       // tokens × 384 operands
  void *qkv;         // tokens × 1,152 operands
  void *context;     // tokens × 384 operands
  void *feed;        // (BOBBIN_PIECE_ROWS + a tile) × 1,536 operands
  void *keys;        // one head of one sequence, packed: BOBBIN_KEYS × 32 operands
  void *values;      // the same
  float *scores;     // BOBBIN_TILE_ROWS × BOBBIN_KEYS
  void *weights;     // the same, operands
  float *tile;       // BOBBIN_TILE_ROWS × BOBBIN_TILE_COLUMNS
  void *memory;
};

extern const bobbin_rung_functions bobbin_rung_scalar;
#if defined(__x86_64__)
extern const bobbin_rung_functions bobbin_rung_avx2;
extern const bobbin_rung_functions bobbin_rung_avx512;
extern const bobbin_rung_functions bobbin_rung_bf16;
#endif

#endif
