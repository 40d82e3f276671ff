// libxcrypt for Swift: `crypt_rn`, `crypt_gensalt_rn` and `crypt_data` import as they are.
#ifndef BOBBIN_CCRYPT_SHIM_H
#define BOBBIN_CCRYPT_SHIM_H

#include <crypt.h>

#endif
