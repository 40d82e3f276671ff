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

INLINE float sum_of(vec v) {
  float lanes[LANES];
  store(lanes, v);
  for (int step = LANES / 2; step > 0; step /= 2)
    for (int i = 0; i < step; i++) lanes[i] += lanes[i + step];
  return lanes[0];
}

INLINE float most_of(vec v) {
  float lanes[LANES];
  store(lanes, v);
  for (int step = LANES / 2; step > 0; step /= 2)
    for (int i = 0; i < step; i++) lanes[i] = lanes[i] > lanes[i + step] ? lanes[i] : lanes[i + step];
  return lanes[0];
}

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
  const vec erf = __builtin_elementwise_min(__builtin_elementwise_max(p * c, all(-1.0f)), all(1.0f));
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

// Keys of one head as panels (the head's 32 numbers are the inputs, keys the columns), values likewise (keys are the
// inputs). Past the length both are zero, so that a weight of zero stays zero.
INLINE void pack_head(size_t length, size_t padded, const operand *k, const operand *v, operand *keys, operand *values) {
  for (size_t j = 0; j < padded; j++) {
    operand *column = keys + j / COLUMNS * COLUMNS * BOBBIN_HEAD + j % COLUMNS * PAIR;
    for (int d = 0; d < BOBBIN_HEAD; d += PAIR)
      for (int half = 0; half < PAIR; half++)
        column[(d / PAIR) * COLUMNS * PAIR + half] = j < length ? k[j * BOBBIN_QKV + d + half] : 0;
  }
  for (int first = 0; first < BOBBIN_HEAD; first += COLUMNS) {
    operand *panel = values + (size_t)first * padded;
    for (size_t j = 0; j < padded; j++)
      for (int c = 0; c < COLUMNS; c++)
        panel[j / PAIR * COLUMNS * PAIR + (size_t)c * PAIR + j % PAIR] =
            j < length ? v[j * BOBBIN_QKV + (size_t)(first + c)] : 0;
  }
}

// Softmax (powers of two) of one row of scores into operands, not divided; returns the sum.
INLINE float soft_weights(size_t length, size_t padded, float *scores, operand *weights) {
  for (size_t j = length; j < padded; j++) scores[j] = -1e30f;
  vec most = load(scores);
  for (size_t j = LANES; j < padded; j += LANES) most = __builtin_elementwise_max(most, load(scores + j));
  const vec top = all(most_of(most));
  vec sum = {};
  for (size_t j = 0; j < padded; j += LANES) {
    vec w = power_of_two(load(scores + j) - top);
    // The clamp in power_of_two leaves 1e-38 where there is no key: too small to count, and the value there is zero.
    sum += w;
    TO_OPERAND(weights + j, w);
  }
  return sum_of(sum);
}

static void attend(size_t length, const operand *qkv, operand *context, bobbin_workspace *workspace) {
  const size_t padded = (length + COLUMNS - 1) / COLUMNS * COLUMNS;
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
      for (int r = 0; r < count; r++)
        sums[r] = soft_weights(length, padded, workspace->scores + r * BOBBIN_KEYS, weights + r * BOBBIN_KEYS);
      for (int first = 0; first < BOBBIN_HEAD; first += COLUMNS) {
        tile(count, weights, BOBBIN_KEYS, values + (size_t)first * padded, padded, workspace->tile, COLUMNS);
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

static void run_layer(const bobbin_layer *layer, bobbin_workspace *w, const int32_t *lengths, size_t count,
                      size_t tokens) {
  linear(TO_OPERANDS, tokens, w->input, BOBBIN_HIDDEN, layer->qkv, layer->qkv_bias, BOBBIN_QKV, w->qkv, w->tile);
  size_t row = 0;
  for (size_t s = 0; s < count; row += (size_t)lengths[s++])
    attend((size_t)lengths[s], (operand *)w->qkv + row * BOBBIN_QKV, (operand *)w->context + row * BOBBIN_HIDDEN, w);
  linear(TO_RESIDUAL, tokens, w->context, BOBBIN_HIDDEN, layer->out, layer->out_bias, BOBBIN_HIDDEN, w->residual,
         w->tile);
  normalize(tokens, w->residual, layer->attention_norm_weight, layer->attention_norm_bias, w->input);
  // Equal pieces, not full ones and a rest.
  const size_t pieces = (tokens + BOBBIN_FEED_ROWS - 1) / BOBBIN_FEED_ROWS;
  for (size_t p = 0; p < pieces; p++) {
    const size_t from = tokens * p / pieces, rows = tokens * (p + 1) / pieces - from;
    linear(TO_GELU, rows, (operand *)w->input + from * BOBBIN_HIDDEN, BOBBIN_HIDDEN, layer->up, layer->up_bias,
           BOBBIN_FEED, w->feed, w->tile);
    linear(TO_RESIDUAL, rows, w->feed, BOBBIN_FEED, layer->down, layer->down_bias, BOBBIN_HIDDEN,
           w->residual + from * BOBBIN_HIDDEN, w->tile);
  }
  normalize(tokens, w->residual, layer->norm_weight, layer->norm_bias, w->input);
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
