// The forward pass of all-MiniLM-L6-v2 and the character table of its tokenizer.
//
// Shape: 6 layers, hidden 384, 12 heads of 32, feed-forward 1,536, 30,522 words, 512 positions; mean over all
// tokens, then unit length. Weights are packed once for the rung (CPU feature level) chosen at creation; an encoder
// is read-only afterwards and may be used by many threads, a workspace by one at a time. Nothing here allocates
// after creation, exits or logs: what went wrong is the status.
#ifndef BOBBIN_ENCODER_H
#define BOBBIN_ENCODER_H

#include <stddef.h>
#include <stdint.h>

enum {
  BOBBIN_HIDDEN = 384,
  BOBBIN_LAYERS = 6,
  BOBBIN_HEADS = 12,
  BOBBIN_HEAD = 32,
  BOBBIN_FEED = 1536,
  BOBBIN_WORDS = 30522,
  BOBBIN_POSITIONS = 512,
  /// Most tokens in one call of bobbin_encoder_run; a sequence is never cut, so not less than the positions.
  BOBBIN_BATCH_TOKENS = 512,
};

/// What runs the matrix products, slowest first. Vectors of different rungs agree to cosine 0.9999.
enum { BOBBIN_RUNG_SCALAR = 0, BOBBIN_RUNG_AVX2 = 1, BOBBIN_RUNG_AVX512 = 2, BOBBIN_RUNG_BF16 = 3 };

enum {
  BOBBIN_ENCODER_OK = 0,
  BOBBIN_ENCODER_NO_MEMORY = 1,
  /// A weight or a result is infinite or not a number.
  BOBBIN_ENCODER_NOT_FINITE = 2,
  /// This machine lacks the rung.
  BOBBIN_ENCODER_UNAVAILABLE = 3,
  /// A token outside the vocabulary, a length outside 1…512, or more tokens than a batch holds.
  BOBBIN_ENCODER_BAD_INPUT = 4,
};

/// Tensors in the order bobbin_encoder_create expects them: five of the embeddings, then sixteen a layer.
/// A weight is row-major [outputs][inputs].
enum {
  BOBBIN_TENSOR_WORD = 0,
  BOBBIN_TENSOR_POSITION,
  BOBBIN_TENSOR_TYPE,
  BOBBIN_TENSOR_NORM_WEIGHT,
  BOBBIN_TENSOR_NORM_BIAS,
  BOBBIN_TENSOR_FIRST_LAYER,
  BOBBIN_TENSORS_PER_LAYER = 16,
  BOBBIN_TENSOR_COUNT = BOBBIN_TENSOR_FIRST_LAYER + BOBBIN_LAYERS * BOBBIN_TENSORS_PER_LAYER,
};

typedef struct bobbin_encoder bobbin_encoder;
typedef struct bobbin_workspace bobbin_workspace;

/// Whether this machine can run the rung: 1 or 0.
int bobbin_rung_available(int rung);
/// The fastest rung this machine can run.
int bobbin_rung_best(void);

/// Packs the weights. Keeps only the pointer to the word table, which must outlive the encoder; the rest of the
/// tensors may be unmapped afterwards. NULL with a status on failure.
bobbin_encoder *bobbin_encoder_create(const float *const *tensors, int rung, int *status);
void bobbin_encoder_destroy(bobbin_encoder *encoder);

/// Scratch of one thread. NULL when memory is short.
bobbin_workspace *bobbin_workspace_create(const bobbin_encoder *encoder);
void bobbin_workspace_destroy(bobbin_workspace *workspace);

/// Embeds `count` sequences whose ids follow one another without padding; out: count × 384, rows of unit length.
int bobbin_encoder_run(const bobbin_encoder *encoder, bobbin_workspace *workspace, const int32_t *ids,
                       const int32_t *lengths, size_t count, float *out);

/// What the tokenizer does with a code point: kind << 24 | value.
enum {
  /// Part of a word, as the code point `value`.
  BOBBIN_LETTER = 0,
  /// Ends a word and is gone.
  BOBBIN_SPACE = 1,
  /// A word of its own, as `value`.
  BOBBIN_PUNCTUATION = 2,
  /// Gone, and the word goes on.
  BOBBIN_DROPPED = 3,
  /// Gone, but marks are not put in order across it.
  BOBBIN_STARTER_DROPPED = 4,
  /// A word of its own, as `value`: Chinese characters.
  BOBBIN_IDEOGRAPH = 5,
  /// Several letters: index in the pool << 8 | count.
  BOBBIN_SEQUENCE = 6,
  /// A letter that takes its place among neighbouring marks by the combining class `value`.
  BOBBIN_MARK = 7,
};

/// The action for a code point; Hangul syllables are the caller's (they decompose by arithmetic).
uint32_t bobbin_character(uint32_t code);
/// A code point of a sequence; 0 outside the pool.
uint32_t bobbin_character_in_sequence(uint32_t index);

#endif
