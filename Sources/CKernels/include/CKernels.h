// The C kernels of Bobbin as one Clang module: what Swift cannot say fast enough.
// Relies on nothing outside the C library. Deliberately does no allocation policy, no logging and
// no exiting: every function reports through its return value.
#ifndef BOBBIN_CKERNELS_H
#define BOBBIN_CKERNELS_H

#include "encoder.h"
#include "vectors.h"

#endif
