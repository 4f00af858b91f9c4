/* Loaded before libc: lets the N-th flush of a file below a folder fail once with EIO, as a dying disk does.
 *
 * FLUSH_FAIL_AT: which flush fails, from 1. FLUSH_FAIL_BELOW: the folder. FLUSH_FAIL_MARK: a file that is made just
 * before the failure is returned, so that a client can tell requests begun before from those begun after.
 * After a failed flush of a file the kernel forgets that the pages were dirty: the next one succeeds, and so does ours.
 * A folder's names are in the file system's own journal; once that fails it stays failed, and so do ours.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long flushes;
static atomic_int folders_fail;

static int fails(int fd)
{
    const char *at = getenv("FLUSH_FAIL_AT"), *below = getenv("FLUSH_FAIL_BELOW"), *mark = getenv("FLUSH_FAIL_MARK");
    char link[64], path[PATH_MAX];
    ssize_t length;
    struct stat what;
    int marked, is_folder;

    if (at == NULL || below == NULL || mark == NULL)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    if (strncmp(path, below, strlen(below)) != 0)
        return 0;
    is_folder = fstat(fd, &what) == 0 && S_ISDIR(what.st_mode);
    if (is_folder && atomic_load(&folders_fail)) {
        errno = EIO;
        return 1;
    }
    if (atomic_fetch_add(&flushes, 1) + 1 != atol(at))
        return 0;
    if (is_folder)
        atomic_store(&folders_fail, 1);
    marked = open(mark, O_CREAT | O_WRONLY, 0600);
    if (marked >= 0) {
        /* Which file it was, for the person who reads a failed run. */
        if (write(marked, path, (size_t)length) != length)
            abort();
        close(marked);
    }
    errno = EIO;
    return 1;
}

int fsync(int fd)
{
    static int (*next)(int);

    if (fails(fd))
        return -1;
    if (next == NULL)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return next(fd);
}

int fdatasync(int fd)
{
    static int (*next)(int);

    if (fails(fd))
        return -1;
    if (next == NULL)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return next(fd);
}
