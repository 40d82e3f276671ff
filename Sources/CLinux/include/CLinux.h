// Linux calls that Swift's Glibc module does not import, because they stand behind _GNU_SOURCE or in a header that it leaves out.

#ifndef CLINUX_H
#define CLINUX_H

/// Starts writing a file's dirty pages and does not wait: man 2 sync_file_range, SYNC_FILE_RANGE_WRITE.
int clinux_start_write_back(int descriptor);

/// Sets the niceness of the calling thread alone, which Linux counts by thread: man 2 setpriority, man 2 gettid.
int clinux_set_thread_niceness(int niceness);

/// Has every block of at least so many bytes given back to the system when it is freed: man 3 mallopt, M_MMAP_THRESHOLD. Without it glibc
/// learns from the first large block to keep the next ones.
void clinux_return_blocks_of(int bytes);

#endif
