/* Loaded before libc: lets a write or a flush of one file fail while a thread of a certain name asks for it.
 *
 * DATABASE_FAIL_FILE: the file. DATABASE_FAIL_THREAD: the thread. DATABASE_FAIL_CALL: "write" or "flush". DATABASE_FAIL_AT: which of its
 * calls fails, from 1. DATABASE_FAIL_MARK: a file that is made just before. The call fails once, with EIO, and after a flush that failed
 * the file is what it was at the last one that succeeded: the kernel has dropped what it could not write, and says nothing more of it.
 * DATABASE_FAIL_FULL, if set: a file; every write fails with ENOSPC from that call on, whoever asks, until it is removed. The first
 * flush that succeeds after that is told by a file beside the mark, with ".over" behind its name.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT(name) \
    static __typeof__(&name) next; \
    if (next == NULL) \
        next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* What stood where something was written since the last flush, newest first. */
struct before {
    struct before *older;
    off64_t at;
    size_t count;
    char octets[];
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static struct before *unflushed;
static off64_t flushed_length = -1;
static long calls;
static int has_failed, is_over;

static int is_wanted(int fd)
{
    const char *file = getenv("DATABASE_FAIL_FILE");
    char link[64], path[PATH_MAX];
    ssize_t length;

    if (file == NULL)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return strcmp(path, file) == 0;
}

static void mark(const char *ending)
{
    char path[PATH_MAX];
    int made;

    snprintf(path, sizeof path, "%s%s", getenv("DATABASE_FAIL_MARK"), ending);
    made = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (made < 0)
        abort();
    close(made);
}

/* Whether it is this call's turn to fail. */
static int is_turn(const char *call)
{
    char name[16];

    if (has_failed || strcmp(getenv("DATABASE_FAIL_CALL"), call) != 0)
        return 0;
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (strcmp(name, getenv("DATABASE_FAIL_THREAD")) != 0)
        return 0;
    calls += 1;
    if (calls != atol(getenv("DATABASE_FAIL_AT")))
        return 0;
    has_failed = 1;
    mark("");
    return 1;
}

static int is_full(void)
{
    const char *full = getenv("DATABASE_FAIL_FULL");

    return has_failed && full != NULL && access(full, F_OK) == 0;
}

static void remember(int fd, size_t count, off64_t at)
{
    struct before *before = malloc(sizeof *before + count);
    struct stat what;
    ssize_t got;

    if (before == NULL || fstat(fd, &what) != 0)
        abort();
    if (flushed_length < 0)
        flushed_length = what.st_size;
    got = pread64(fd, before->octets, count, at);
    before->count = got < 0 ? 0 : (size_t)got;
    before->at = at;
    before->older = unflushed;
    unflushed = before;
}

static void forget(void)
{
    while (unflushed != NULL) {
        struct before *older = unflushed->older;

        free(unflushed);
        unflushed = older;
    }
    flushed_length = -1;
}

static ssize_t written(ssize_t (*next)(int, const void *, size_t, off64_t), int fd, const void *from, size_t count, off64_t at)
{
    ssize_t result;

    if (!is_wanted(fd))
        return next(fd, from, count, at);
    pthread_mutex_lock(&order);
    if (is_turn("write") && getenv("DATABASE_FAIL_FULL") == NULL) {
        errno = EIO;
        result = -1;
    } else if (is_full()) {
        errno = ENOSPC;
        result = -1;
    } else {
        remember(fd, count, at);
        result = next(fd, from, count, at);
    }
    pthread_mutex_unlock(&order);
    return result;
}

/* The pages that could not be written are gone. */
static void drop_pages(int fd)
{
    static ssize_t (*write_at)(int, const void *, size_t, off64_t);
    struct before *before;

    if (write_at == NULL)
        write_at = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    for (before = unflushed; before != NULL; before = before->older)
        if (before->count > 0 && write_at(fd, before->octets, before->count, before->at) != (ssize_t)before->count)
            abort();
    if (flushed_length >= 0 && ftruncate(fd, flushed_length) != 0)
        abort();
    forget();
}

static int flushed(int (*next)(int), int fd)
{
    int result;

    if (!is_wanted(fd))
        return next(fd);
    pthread_mutex_lock(&order);
    if (is_turn("flush")) {
        drop_pages(fd);
        errno = EIO;
        result = -1;
    } else {
        result = next(fd);
        if (result == 0)
            forget();
        if (result == 0 && has_failed && !is_over && getenv("DATABASE_FAIL_FULL") != NULL && !is_full()) {
            is_over = 1;
            mark(".over");
        }
    }
    pthread_mutex_unlock(&order);
    return result;
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at)
{
    NEXT(pwrite);
    return written(next, fd, from, count, at);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at)
{
    NEXT(pwrite64);
    return written(next, fd, from, count, at);
}

int fsync(int fd)
{
    NEXT(fsync);
    return flushed(next, fd);
}

int fdatasync(int fd)
{
    NEXT(fdatasync);
    return flushed(next, fd);
}
