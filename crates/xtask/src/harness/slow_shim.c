/* Loaded before libc: every flush of a file below a folder takes longer, as on a slow disk.
 *
 * FLUSH_SLOW_BELOW: the folder. FLUSH_SLOW_FILE: a file with the milliseconds that each flush takes more, read anew for each flush; without it, or
 * with 0 in it, the disk is as fast as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void take_longer(int fd)
{
    const char *below = getenv("FLUSH_SLOW_BELOW"), *file = getenv("FLUSH_SLOW_FILE");
    char link[64], path[PATH_MAX], digits[16];
    struct timespec left;
    ssize_t length;
    long millis;
    int slow;

    if (below == NULL || file == NULL)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return;
    path[length] = '\0';
    if (strncmp(path, below, strlen(below)) != 0)
        return;
    slow = open(file, O_RDONLY | O_CLOEXEC);
    if (slow < 0)
        return;
    length = read(slow, digits, sizeof digits - 1);
    close(slow);
    if (length <= 0)
        return;
    digits[length] = '\0';
    millis = atol(digits);
    left.tv_sec = millis / 1000;
    left.tv_nsec = millis % 1000 * 1000000;
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

int fsync(int fd)
{
    static int (*next)(int);

    take_longer(fd);
    if (next == NULL)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return next(fd);
}

int fdatasync(int fd)
{
    static int (*next)(int);

    take_longer(fd);
    if (next == NULL)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return next(fd);
}
