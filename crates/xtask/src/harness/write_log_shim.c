/* Loaded before libc: writes every change of a file below a folder to a log, in the order in which the changes happened.
 *
 * WRITE_LOG: the log. WRITE_LOG_BELOW: the folder, without a slash at its end. A line of text for each change, then the octets that
 * were written: "W path offset length", "T path length", "B path thread" (a flush begins), "S path thread" (and has succeeded),
 * "C path" (made), "U path" (removed). What others write while a flush is under way it need not cover. Paths are below
 * the folder; the folder's own is empty. The index that a database shares between processes ("-shm") is no part of what a power
 * cut leaves, and is left out. A call that we do not know how to write down ends the process: a log with a gap proves nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* How much longer a flush takes. */
#define FLUSH_US 2000

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

#define NEXT(name) \
    static __typeof__(&name) next; \
    if (next == NULL) \
        next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int fd, const void *from, size_t count)
{
    NEXT(write);
    return next(fd, from, count);
}

/* The part of a path below the folder; NULL for what is none of ours. */
static const char *below(const char *path)
{
    const char *folder = getenv("WRITE_LOG_BELOW");
    size_t length = folder == NULL ? 0 : strlen(folder), end = strlen(path);

    if (length == 0 || strncmp(path, folder, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return "";
    if (path[length] != '/' || (end > 4 && strcmp(path + end - 4, "-shm") == 0))
        return NULL;
    return path + length + 1;
}

static const char *below_of(int fd, char *path)
{
    char link[64];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    return below(path);
}

static void put(const char *line, const void *octets, size_t count)
{
    static int log = -1;
    size_t length = strlen(line);

    if (log < 0) {
        NEXT(open);
        log = next(getenv("WRITE_LOG"), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    }
    if (plain_write(log, line, length) != (ssize_t)length)
        abort();
    if (count > 0 && plain_write(log, octets, count) != (ssize_t)count)
        abort();
}

static void put_write(int fd, const void *octets, ssize_t count, long long offset)
{
    char path[PATH_MAX], line[PATH_MAX + 64];
    const char *name = count > 0 ? below_of(fd, path) : NULL;

    if (name == NULL)
        return;
    snprintf(line, sizeof line, "W %s %lld %zd\n", name, offset, count);
    put(line, octets, (size_t)count);
}

static void put_plain(int fd, const char *kind, long long number)
{
    char path[PATH_MAX], line[PATH_MAX + 64];
    const char *name = below_of(fd, path);

    if (name == NULL)
        return;
    if (number < 0)
        snprintf(line, sizeof line, "%s %s\n", kind, name);
    else
        snprintf(line, sizeof line, "%s %s %lld\n", kind, name, number);
    put(line, NULL, 0);
}

/* Runs a call and writes it down as one step. */
#define ORDERED(type, call, note) \
    do { \
        type result; \
        pthread_mutex_lock(&order); \
        result = call; \
        note; \
        pthread_mutex_unlock(&order); \
        return result; \
    } while (0)

ssize_t write(int fd, const void *from, size_t count)
{
    NEXT(write);
    /* A plain write moves the place, so that it is known afterwards only; one that appends as well. */
    ORDERED(ssize_t, next(fd, from, count), put_write(fd, from, result, (long long)lseek(fd, 0, SEEK_CUR) - result));
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at)
{
    NEXT(pwrite);
    ORDERED(ssize_t, next(fd, from, count, at), put_write(fd, from, result, at));
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at)
{
    NEXT(pwrite64);
    ORDERED(ssize_t, next(fd, from, count, at), put_write(fd, from, result, at));
}

ssize_t writev(int fd, const struct iovec *from, int count)
{
    char path[PATH_MAX];
    NEXT(writev);

    if (below_of(fd, path) != NULL)
        abort();
    return next(fd, from, count);
}

ssize_t pwritev(int fd, const struct iovec *from, int count, off_t at)
{
    char path[PATH_MAX];
    NEXT(pwritev);

    if (below_of(fd, path) != NULL)
        abort();
    return next(fd, from, count, at);
}

int ftruncate(int fd, off_t length)
{
    NEXT(ftruncate);
    ORDERED(int, next(fd, length), if (result == 0) put_plain(fd, "T", length));
}

int ftruncate64(int fd, off64_t length)
{
    NEXT(ftruncate64);
    ORDERED(int, next(fd, length), if (result == 0) put_plain(fd, "T", length));
}

static void note_flush(int fd, const char *kind)
{
    pthread_mutex_lock(&order);
    put_plain(fd, kind, gettid());
    pthread_mutex_unlock(&order);
}

/* Not one step: other threads write meanwhile, as they do without this library; a slow disk gives them time to. */
static int flushed(int (*next)(int), int fd)
{
    int result;

    note_flush(fd, "B");
    usleep(FLUSH_US);
    result = next(fd);
    if (result == 0)
        note_flush(fd, "S");
    return result;
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

int unlink(const char *path)
{
    char line[PATH_MAX + 8];
    const char *name = below(path);
    NEXT(unlink);

    if (name != NULL)
        snprintf(line, sizeof line, "U %s\n", name);
    ORDERED(int, next(path), if (result == 0 && name != NULL) put(line, NULL, 0));
}

int rename(const char *from, const char *to)
{
    NEXT(rename);

    if (below(from) != NULL || below(to) != NULL)
        abort();
    return next(from, to);
}

static int opened(int (*next)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
    char line[PATH_MAX + 8];
    struct stat what;
    const char *name = below(path);
    int makes = name != NULL && (flags & O_CREAT) && stat(path, &what) != 0;

    if (name != NULL && (flags & O_TRUNC))
        abort();
    if (makes)
        snprintf(line, sizeof line, "C %s\n", name);
    ORDERED(int, next(path, flags, mode), if (result >= 0 && makes) put(line, NULL, 0));
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...)
{
    NEXT(open);
    MODE_OF(flags)
    return opened(next, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    NEXT(open64);
    MODE_OF(flags)
    return opened(next, path, flags, mode);
}
