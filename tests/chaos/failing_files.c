/* A file layer that fails on purpose, to be preloaded (LD_PRELOAD) into a process.
 *
 * It counts the writes, syncs, truncations and renames of files below one folder, and at the chosen one it fails, or
 * ends the process, or moves the clock. Reads, and all files elsewhere, are left alone. Before `chaos_arm` it does
 * nothing. The counter is shared with forked children, so that a parent can read how far one came.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum fault { COUNT, DISK_FULL, IO_ERROR, SHORT_WRITE, KILL_BEFORE, KILL_WITHIN, INTERRUPT, TERMINATE, CLOCK };

static char root[PATH_MAX];
static enum fault fault;
static long at;
static long jump_seconds;
static long *counter;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void share_counter(void)
{
    counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void chaos_arm(const char *folder, int kind, long ordinal, long seconds)
{
    snprintf(root, sizeof root, "%s/", folder);
    fault = kind;
    at = ordinal;
    jump_seconds = seconds;
    *counter = 0;
}

long chaos_count(void) { return *counter; }

static int is_below_root(const char *path) { return *root && strncmp(path, root, strlen(root)) == 0; }

static int is_ours(int descriptor)
{
    char link[64], path[PATH_MAX];
    if (!*root) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below_root(path);
}

/* What to do at this operation: the errno to fail with, 0 to go on, or -1 to write half of it. */
static int next_step(void)
{
    long ordinal = __sync_add_and_fetch(counter, 1);
    if (ordinal < at || fault == COUNT || fault == CLOCK) return 0;
    if (fault == DISK_FULL) return ENOSPC; /* it stays full */
    if (fault == SHORT_WRITE) return ordinal == at ? -1 : ENOSPC;
    if (ordinal > at) return 0;
    if (fault == IO_ERROR) return EIO;
    if (fault == KILL_BEFORE) raise(SIGKILL);
    if (fault == INTERRUPT) kill(getpid(), SIGINT);
    if (fault == TERMINATE) kill(getpid(), SIGTERM);
    return fault == KILL_WITHIN ? -1 : 0;
}

static size_t half(size_t size) { return size > 1 ? size / 2 : size; }

#define WRITE(call_whole, call_half)                 \
    int step = is_ours(descriptor) ? next_step() : 0; \
    if (step > 0) { errno = step; return -1; }        \
    if (step == 0) return call_whole;                 \
    ssize_t written = call_half;                      \
    if (fault == KILL_WITHIN) raise(SIGKILL);         \
    return written;

#define OTHER(ours, call)                       \
    int step = (ours) ? next_step() : 0;         \
    if (step > 0) { errno = step; return -1; }   \
    if (step < 0 && fault == KILL_WITHIN) raise(SIGKILL); \
    return call;

ssize_t write(int descriptor, const void *data, size_t size)
{
    WRITE(REAL(write)(descriptor, data, size), REAL(write)(descriptor, data, half(size)))
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    WRITE(REAL(pwrite)(descriptor, data, size, offset), REAL(pwrite)(descriptor, data, half(size), offset))
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    WRITE(REAL(pwrite64)(descriptor, data, size, offset), REAL(pwrite64)(descriptor, data, half(size), offset))
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    WRITE(REAL(writev)(descriptor, parts, count), REAL(write)(descriptor, parts->iov_base, half(parts->iov_len)))
}

int fsync(int descriptor) { OTHER(is_ours(descriptor), REAL(fsync)(descriptor)) }
int fdatasync(int descriptor) { OTHER(is_ours(descriptor), REAL(fdatasync)(descriptor)) }
int ftruncate(int descriptor, off_t size) { OTHER(is_ours(descriptor), REAL(ftruncate)(descriptor, size)) }
int ftruncate64(int descriptor, off64_t size) { OTHER(is_ours(descriptor), REAL(ftruncate64)(descriptor, size)) }
int rename(const char *from, const char *to) { OTHER(is_below_root(to), REAL(rename)(from, to)) }

int clock_gettime(clockid_t clock, struct timespec *moment)
{
    int result = REAL(clock_gettime)(clock, moment);
    if (result == 0 && clock == CLOCK_REALTIME && fault == CLOCK && *counter >= at) moment->tv_sec += jump_seconds;
    return result;
}
