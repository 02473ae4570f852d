// glibc hides these unless everything is compiled with _GNU_SOURCE, which Swift's own module is not.
#pragma once

static const unsigned int klantreis_rename_exchange = 2;

extern int renameat2(
    int from_folder, const char *from, int to_folder, const char *to, unsigned int flags);
