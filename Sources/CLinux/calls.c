#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>

int clinux_start_write_back(int descriptor) {
  return sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
}
