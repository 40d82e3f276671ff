// Snowball stemmers (Debian: libstemmer-dev, which has no .pc file, so the module map names the library).
#include <libstemmer.h>
