// The forward pass, written once and compiled for each rung.
//
// A rung defines before including: LANES (floats in a vector), TILE (rows of a register tile), its `operand` type with
// TO_OPERAND (a vector of floats stored as operands), PAIR (operands that one multiplication takes: 1, or 2 for bf16)
// and `tile_rows(rows, …)`, the register tile. Vectors are the compiler's own, so the same lines serve SSE, AVX and NEON.
// A tile is TILE × 2·LANES; packed matrices are panels of 2·LANES columns, [inputs / PAIR][columns][PAIR].

#define COLUMNS (2 * LANES)

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t veci __attribute__((vector_size(4 * LANES)));
typedef float vec_in_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *from) { return *(const vec_in_memory *)from; }
INLINE void store(float *to, vec value) { *(vec_in_memory *)to = value; }
INLINE vec all(float value) { return (vec){} + value; }

// Folds the upper half of the lanes onto the lower until one is left.
#if LANES == 16
#define FOLD(v, with)                                                                                          \
  v = with(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));             \
  v = with(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));             \
  v = with(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));             \
  v = with(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
#elif LANES == 8
#define FOLD(v, with)                                                                                          \
  v = with(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3));                                           \
  v = with(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));                                           \
  v = with(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
#else
#define FOLD(v, with)                                                                                          \
  v = with(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));                                                       \
  v = with(v, __builtin_shufflevector(v, v, 1, 0, 3, 2));
#endif

INLINE vec added(vec a, vec b) { return a + b; }
INLINE vec larger(vec a, vec b) { return __builtin_elementwise_max(a, b); }
INLINE float sum_of(vec v) { FOLD(v, added) return v[0]; }
// The largest lane, in every lane.
INLINE vec most_of(vec v) { FOLD(v, larger) return v; }

// 2^x for x ≤ 0; relative error below 2e-7. Adding 1.5 × 2^23 rounds to the nearest whole number in the low bits.
INLINE vec power_of_two(vec x) {
  x = __builtin_elementwise_max(x, all(-126.0f));
  const vec shifted = x + 12582912.0f;
  const vec rest = x - (shifted - 12582912.0f);
  vec p = all(1.3276466634124517e-3f);
  p = p * rest + 9.675541892647743e-3f;
  p = p * rest + 5.550713464617729e-2f;
  p = p * rest + 2.402212023735046e-1f;
  p = p * rest + 6.931469440460205e-1f;
  p = p * rest + 1.0f;
  return (vec)((veci)p + ((veci)shifted << 23));
}

// x Φ(x) with erf as an odd polynomial on [-5, 5], fitted (minimax) in the centred square so that f32 loses nothing;
// absolute error below 2e-6.
INLINE vec gelu(vec x) {
#if PAIR == 2
  // The result is rounded to eight bits of mantissa: a shorter polynomial on [-4.2, 4.2], error below 2e-4, is enough.
  const vec c = __builtin_elementwise_min(__builtin_elementwise_max(x, all(-4.2f)), all(4.2f));
  const vec u = c * c * (2.0f / 17.64f) - 1.0f;
  vec p = all(0.004393972922116518f);
  p = p * u - 0.011635757982730865f;
  p = p * u + 0.0162082277238369f;
  p = p * u - 0.027349939569830894f;
  p = p * u + 0.050010357052087784f;
  p = p * u - 0.07791155576705933f;
  p = p * u + 0.11162883788347244f;
  p = p * u - 0.16296404600143433f;
  p = p * u + 0.3357122838497162f;
#else
  const vec c = __builtin_elementwise_min(__builtin_elementwise_max(x, all(-5.0f)), all(5.0f));
  const vec u = c * c * 0.08f - 1.0f;
  vec p = all(0.0012176409363746643f);
  p = p * u - 0.0032266906928271055f;
  p = p * u + 0.0034451449755579233f;
  p = p * u - 0.005370772909373045f;
  p = p * u + 0.012821422889828682f;
  p = p * u - 0.022328995168209076f;
  p = p * u + 0.03280419111251831f;
  p = p * u - 0.046537190675735474f;
  p = p * u + 0.0628843680024147f;
  p = p * u - 0.08088523149490356f;
  p = p * u + 0.10304104536771774f;
  p = p * u - 0.140592560172081f;
  p = p * u + 0.28272756934165955f;
#endif
  const vec erf = p * c;
  const vec half = x * 0.5f;
  return half * erf + half;
}

// C[rows × COLUMNS] = A[rows × inputs] · panel; `inputs` is a multiple of PAIR, `stride` counts operands.
INLINE void product(int rows, const operand *a, size_t stride, const operand *panel, size_t inputs,
                    float *c, size_t c_stride) {
  switch (rows) {
#define CASE(n) case n: tile_rows(n, a, stride, panel, inputs, c, c_stride); break;
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if TILE > 6
    CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#endif
#undef CASE
    default: break;
  }
}

// One copy of each tile in the code, whoever calls it.
static __attribute__((noinline)) void tile(int rows, const operand *a, size_t stride, const operand *panel,
                                           size_t inputs, float *c, size_t c_stride) {
  product(rows, a, stride, panel, inputs, c, c_stride);
}

// Rows of the next tile so that the remaining rows fall into equal tiles: 20 rows are 10 + 10, not 12 + 8.
INLINE int next_rows(size_t remaining) {
  const size_t tiles = (remaining + TILE - 1) / TILE;
  return (int)((remaining + tiles - 1) / tiles);
}

INLINE int not_finite(float value) {
  union { float f; uint32_t bits; } u = {value};
  return (u.bits & 0x7f800000u) == 0x7f800000u;
}

static int pack(const float *weights, int outputs, int inputs, int first, float scale, void *packed) {
  operand *to = packed;
  uint32_t bad = 0;
  for (int n = 0; n < outputs; n++) {
    const int column = first + n;
    operand *panel = to + (size_t)(column / COLUMNS) * COLUMNS * inputs + (size_t)(column % COLUMNS) * PAIR;
    const float *row = weights + (size_t)n * inputs;
    for (int k = 0; k < inputs; k++) bad |= (uint32_t)not_finite(row[k]);
    for (int k = 0; k < inputs; k += PAIR)
      for (int half = 0; half < PAIR; half++)
        panel[(size_t)(k / PAIR) * COLUMNS * PAIR + half] = one_operand(row[k + half] * scale);
  }
  return !bad;
}

enum { TO_OPERANDS, TO_GELU, TO_RESIDUAL };

// out = A · W + bias, where `kind` says what becomes of it: operands, operands after GELU, or a sum into f32.
INLINE void linear(int kind, size_t rows, const operand *a, size_t inputs, const void *packed,
                   const float *bias, int outputs, void *out, float *scratch) {
  const operand *panels = packed;
  for (int n = 0; n < outputs; n += COLUMNS) {
    const operand *panel = panels + (size_t)n * inputs;
    const vec bias0 = load(bias + n), bias1 = load(bias + n + LANES);
    for (size_t row = 0; row < rows;) {
      const int count = next_rows(rows - row);
      tile(count, a + row * inputs, inputs, panel, inputs, scratch, COLUMNS);
      for (int r = 0; r < count; r++) {
        vec v0 = load(scratch + r * COLUMNS) + bias0, v1 = load(scratch + r * COLUMNS + LANES) + bias1;
        const size_t at = (row + (size_t)r) * (size_t)outputs + (size_t)n;
        if (kind == TO_RESIDUAL) {
          float *to = (float *)out + at;
          store(to, load(to) + v0);
          store(to + LANES, load(to + LANES) + v1);
        } else {
          if (kind == TO_GELU) { v0 = gelu(v0); v1 = gelu(v1); }
          TO_OPERAND((operand *)out + at, v0);
          TO_OPERAND((operand *)out + at + LANES, v1);
        }
      }
      row += (size_t)count;
    }
  }
}

// LayerNorm of f32 rows in place, and the same as operands.
static void normalize(size_t rows, float *x, const float *weight, const float *bias, operand *out) {
  for (size_t row = 0; row < rows; row++, x += BOBBIN_HIDDEN, out += BOBBIN_HIDDEN) {
    vec sum = {}, squares = {};
    for (int c = 0; c < BOBBIN_HIDDEN; c += LANES) sum += load(x + c);
    const vec mean = all(sum_of(sum) * (1.0f / BOBBIN_HIDDEN));
    for (int c = 0; c < BOBBIN_HIDDEN; c += LANES) {
      const vec d = load(x + c) - mean;
      squares += d * d;
    }
    const vec factor = all(1.0f / __builtin_sqrtf(sum_of(squares) * (1.0f / BOBBIN_HIDDEN) + 1e-12f));
    for (int c = 0; c < BOBBIN_HIDDEN; c += LANES) {
      const vec y = (load(x + c) - mean) * factor * load(weight + c) + load(bias + c);
      store(x + c, y);
      TO_OPERAND(out + c, y);
    }
  }
}

static const operand zeros[COLUMNS] = {0};

// Keys of one head as panels (the head's 32 numbers are the inputs, keys the columns), values likewise (keys are the
// inputs). Past the length both are zero, so that a weight of zero stays zero.
INLINE void pack_head(size_t length, size_t padded, const operand *k, const operand *v, operand *keys, operand *values) {
  for (size_t j = 0; j < padded; j++) {
    operand *column = keys + j / COLUMNS * COLUMNS * BOBBIN_HEAD + j % COLUMNS * PAIR;
    const operand *key = k + j * BOBBIN_QKV;
    for (int d = 0; d < BOBBIN_HEAD; d += PAIR)
      for (int half = 0; half < PAIR; half++)
        column[d * COLUMNS + half] = j < length ? key[d + half] : 0;
  }
  for (int first = 0; first < BOBBIN_HEAD; first += COLUMNS) {
    operand *panel = values + (size_t)first * padded;
    for (size_t j = 0; j < length; j += PAIR, panel += COLUMNS * PAIR) {
      const operand *value = v + j * BOBBIN_QKV + first;
      const operand *following = j + 1 < length ? value + BOBBIN_QKV : zeros;
      for (int c = 0; c < COLUMNS; c++) {
        panel[c * PAIR] = value[c];
        if (PAIR == 2) panel[c * PAIR + 1] = following[c];
      }
    }
  }
}

// Softmax (powers of two) of some rows of scores into operands, not divided; the sums go into `sums`. Two passes over
// all rows, so that one row's reduction does not hold up the next.
INLINE void soft_weights(int rows, size_t length, size_t padded, float *scores, operand *weights, float *sums) {
  vec most[TILE], sum[TILE];
  for (int r = 0; r < rows; r++) {
    float *row = scores + r * BOBBIN_KEYS;
    for (size_t j = length; j < padded; j++) row[j] = -1e30f;
    most[r] = load(row);
    for (size_t j = LANES; j < padded; j += LANES) most[r] = larger(most[r], load(row + j));
    most[r] = most_of(most[r]);
  }
  for (int r = 0; r < rows; r++) {
    const float *row = scores + r * BOBBIN_KEYS;
    operand *to = weights + r * BOBBIN_KEYS;
    const vec top = most[r];
    vec even = {}, odd = {};
    for (size_t j = 0; j < padded; j += COLUMNS) {
      // The clamp in power_of_two leaves 1e-38 where there is no key: too small to count, and its value is zero.
      const vec w0 = power_of_two(load(row + j) - top), w1 = power_of_two(load(row + j + LANES) - top);
      even += w0;
      odd += w1;
      TO_OPERAND(to + j, w0);
      TO_OPERAND(to + j + LANES, w1);
    }
    sum[r] = even + odd;
  }
  for (int r = 0; r < rows; r++) sums[r] = sum_of(sum[r]);
}

static void attend(size_t length, const operand *qkv, operand *context, bobbin_workspace *workspace) {
  const size_t padded = (length + COLUMNS - 1) / COLUMNS * COLUMNS;
  const size_t multiplied = (length + PAIR - 1) / PAIR * PAIR;
  operand *keys = workspace->keys, *values = workspace->values, *weights = workspace->weights;
  float sums[TILE];
  for (int head = 0; head < BOBBIN_HEADS; head++) {
    const operand *q = qkv + head * BOBBIN_HEAD;
    pack_head(length, padded, q + BOBBIN_HIDDEN, q + 2 * BOBBIN_HIDDEN, keys, values);
    for (size_t row = 0; row < length;) {
      const int count = next_rows(length - row);
      for (size_t j = 0; j < padded; j += COLUMNS)
        tile(count, q + row * BOBBIN_QKV, BOBBIN_QKV, keys + j * BOBBIN_HEAD, BOBBIN_HEAD,
             workspace->scores + j, BOBBIN_KEYS);
      soft_weights(count, length, padded, workspace->scores, weights, sums);
      for (int first = 0; first < BOBBIN_HEAD; first += COLUMNS) {
        tile(count, weights, BOBBIN_KEYS, values + (size_t)first * padded, multiplied, workspace->tile,
             COLUMNS);
        for (int r = 0; r < count; r++) {
          const vec factor = all(1.0f / sums[r]);
          operand *to = context + (row + (size_t)r) * BOBBIN_HIDDEN + head * BOBBIN_HEAD + first;
          TO_OPERAND(to, load(workspace->tile + r * COLUMNS) * factor);
          TO_OPERAND(to + LANES, load(workspace->tile + r * COLUMNS + LANES) * factor);
        }
      }
      row += (size_t)count;
    }
  }
}

// The rows of piece p of a batch: whole tiles, about BOBBIN_PIECE_ROWS, so that a piece and a panel share the caches.
INLINE size_t piece_start(size_t tokens, size_t pieces, size_t p) {
  const size_t tiles = (tokens + TILE - 1) / TILE, start = tiles * p / pieces * TILE;
  return start < tokens ? start : tokens;
}

static void run_layer(const bobbin_layer *layer, bobbin_workspace *w, const int32_t *lengths, size_t count,
                      size_t tokens) {
  const size_t pieces = (tokens + BOBBIN_PIECE_ROWS - 1) / BOBBIN_PIECE_ROWS;
  operand *input = w->input, *context = w->context, *qkv = w->qkv;
  for (size_t p = 0; p < pieces; p++) {
    const size_t from = piece_start(tokens, pieces, p), rows = piece_start(tokens, pieces, p + 1) - from;
    linear(TO_OPERANDS, rows, input + from * BOBBIN_HIDDEN, BOBBIN_HIDDEN, layer->qkv, layer->qkv_bias, BOBBIN_QKV,
           qkv + from * BOBBIN_QKV, w->tile);
  }
  size_t row = 0;
  for (size_t s = 0; s < count; row += (size_t)lengths[s++])
    attend((size_t)lengths[s], qkv + row * BOBBIN_QKV, context + row * BOBBIN_HIDDEN, w);
  for (size_t p = 0; p < pieces; p++) {
    const size_t from = piece_start(tokens, pieces, p), rows = piece_start(tokens, pieces, p + 1) - from;
    float *residual = w->residual + from * BOBBIN_HIDDEN;
    operand *piece = input + from * BOBBIN_HIDDEN;
    linear(TO_RESIDUAL, rows, context + from * BOBBIN_HIDDEN, BOBBIN_HIDDEN, layer->out, layer->out_bias,
           BOBBIN_HIDDEN, residual, w->tile);
    normalize(rows, residual, layer->attention_norm_weight, layer->attention_norm_bias, piece);
    linear(TO_GELU, rows, piece, BOBBIN_HIDDEN, layer->up, layer->up_bias, BOBBIN_FEED, w->feed, w->tile);
    linear(TO_RESIDUAL, rows, w->feed, BOBBIN_FEED, layer->down, layer->down_bias, BOBBIN_HIDDEN, residual, w->tile);
    normalize(rows, residual, layer->norm_weight, layer->norm_bias, piece);
  }
}

// Mean of the rows, then unit length; 0 if it is not finite or has no length.
static int pool(size_t length, const float *x, float *out) {
  float squares = 0;
  for (int c = 0; c < BOBBIN_HIDDEN; c += LANES) {
    vec sum = {};
    for (size_t row = 0; row < length; row++) sum += load(x + row * BOBBIN_HIDDEN + c);
    sum *= 1.0f / (float)length;
    store(out + c, sum);
    squares += sum_of(sum * sum);
  }
  if (!(squares > 1e-20f) || not_finite(squares)) return 0;
  const vec factor = all(1.0f / __builtin_sqrtf(squares));
  for (int c = 0; c < BOBBIN_HIDDEN; c += LANES) store(out + c, load(out + c) * factor);
  return 1;
}

static int run(const bobbin_encoder *encoder, bobbin_workspace *w, const int32_t *ids, const int32_t *lengths,
               size_t count, float *out) {
  size_t tokens = 0;
  for (size_t s = 0; s < count; s++)
    for (int32_t p = 0; p < lengths[s]; p++, tokens++) {
      const float *word = encoder->words + (size_t)ids[tokens] * BOBBIN_HIDDEN;
      const float *position = encoder->positions + (size_t)p * BOBBIN_HIDDEN;
      float *x = w->residual + tokens * BOBBIN_HIDDEN;
      for (int c = 0; c < BOBBIN_HIDDEN; c += LANES) store(x + c, load(word + c) + load(position + c));
    }
  normalize(tokens, w->residual, encoder->norm_weight, encoder->norm_bias, w->input);
  for (int l = 0; l < BOBBIN_LAYERS; l++) run_layer(&encoder->layers[l], w, lengths, count, tokens);
  int finite = 1;
  size_t row = 0;
  for (size_t s = 0; s < count; row += (size_t)lengths[s++])
    finite &= pool((size_t)lengths[s], w->residual + row * BOBBIN_HIDDEN, out + s * BOBBIN_HIDDEN);
  return finite;
}
