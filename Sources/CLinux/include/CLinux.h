// Linux calls that Swift's Glibc module does not import, because they stand behind _GNU_SOURCE.

#ifndef CLINUX_H
#define CLINUX_H

/// Starts writing a file's dirty pages and does not wait: man 2 sync_file_range, SYNC_FILE_RANGE_WRITE.
int clinux_start_write_back(int descriptor);

/// Sets the niceness of the calling thread alone, which Linux counts by thread: man 2 setpriority, man 2 gettid.
int clinux_set_thread_niceness(int niceness);

#endif
