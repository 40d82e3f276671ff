// zlib for Swift: `inflate` imports as it is, `inflateInit2` is a macro.
#ifndef BOBBIN_CZLIB_SHIM_H
#define BOBBIN_CZLIB_SHIM_H

#include <zlib.h>

// Reads gzip's framing and nothing else.
static inline int bobbin_inflate_gzip_init(z_stream *stream) {
  return inflateInit2(stream, 16 + MAX_WBITS);
}

#endif
