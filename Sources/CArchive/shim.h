// libarchive for Swift: reading zip containers from memory, entry by entry.
//
// Relies on pkg-config libarchive.
#ifndef BOBBIN_CARCHIVE_SHIM_H
#define BOBBIN_CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

// AE_IFREG is a macro with a cast, which does not import.
static inline int bobbin_entry_is_regular(struct archive_entry *entry) {
  return archive_entry_filetype(entry) == AE_IFREG;
}
static inline int bobbin_entry_is_directory(struct archive_entry *entry) {
  return archive_entry_filetype(entry) == AE_IFDIR;
}

#endif
