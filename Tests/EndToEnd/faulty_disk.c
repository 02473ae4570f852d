/* Loaded before the C library, this makes the disk fail on command: while the file that
 * FAULTY_DISK names holds the number of an error (of errno.h), writes to databases give that error;
 * with a minus before it only the syncs do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int order(void) {
  const char *path = getenv("FAULTY_DISK");
  char text[16] = {0};
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return 0;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  return count > 0 ? atoi(text) : 0;
}

static int is_database(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count <= 0) return 0;
  path[count] = 0;
  return strstr(path, ".sqlite") != NULL;
}

static int fails(int file, int is_sync) {
  int wanted = order();
  if (wanted == 0 || (wanted < 0 && !is_sync) || !is_database(file)) return 0;
  errno = abs(wanted);
  return 1;
}

#define WRAP(type, name, parameters, arguments, is_sync)             \
  type name parameters {                                             \
    static type(*real) parameters;                                   \
    if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name);   \
    return fails(file, is_sync) ? -1 : real arguments;               \
  }

WRAP(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count), 0)
WRAP(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at),
     (file, bytes, count, at), 0)
WRAP(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at),
     (file, bytes, count, at), 0)
WRAP(int, ftruncate, (int file, off_t size), (file, size), 0)
WRAP(int, ftruncate64, (int file, off64_t size), (file, size), 0)
WRAP(int, fsync, (int file), (file), 1)
WRAP(int, fdatasync, (int file), (file), 1)
