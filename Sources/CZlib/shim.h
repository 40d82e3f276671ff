// zlib for Swift: `inflate` and `deflate` import as they are, `inflateInit2` and `deflateInit2` are macros.
#ifndef BOBBIN_CZLIB_SHIM_H
#define BOBBIN_CZLIB_SHIM_H

#include <zlib.h>

// Reads gzip's framing and nothing else.
static inline int bobbin_inflate_gzip_init(z_stream *stream) {
  return inflateInit2(stream, 16 + MAX_WBITS);
}

// Writes gzip's framing; as small as it gets, for what is packed once and sent often.
static inline int bobbin_deflate_gzip_init(z_stream *stream) {
  return deflateInit2(stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
}

#endif
