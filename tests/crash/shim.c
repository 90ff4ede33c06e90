/* Stands between a program and its files: writes down what it does to those of one folder, or lets the n-th of its
 * changes fail. Preloaded by tests/crash/disk.py, which says what the environment means. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, TRUNCATE = 3, UNLINK = 4, RENAME = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static int trace = -1;
static long fail_at;
static int fail_errno;
static int torn;
static int stays;
static long done;

/* At the start, and again in a fork that has been told something else. */
void shim_begin(void) __attribute__((constructor));

void shim_begin(void) {
    const char *path = getenv("SHIM_TRACE"), *at = getenv("SHIM_FAIL_AT"), *number = getenv("SHIM_ERRNO");
    folder = getenv("SHIM_FOLDER");
    folder_length = folder ? strlen(folder) : 0;
    fail_at = at ? atol(at) : 0;
    fail_errno = number ? atoi(number) : EIO;
    torn = getenv("SHIM_TORN") != NULL;
    stays = getenv("SHIM_STAYS") != NULL;
    done = 0;
    if (path) trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Programs that this one starts are left alone. */
    unsetenv("LD_PRELOAD");
}

static const char *ours(const char *path) {
    return folder && path && strncmp(path, folder, folder_length) == 0 ? path + folder_length : NULL;
}

static const char *name_of(int fd, char *buffer) {
    char link[64];
    ssize_t length;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return ours(buffer);
}

static void note(int what, const char *name, uint64_t offset, const void *data, uint64_t length) {
    struct __attribute__((packed)) { uint8_t what; uint16_t name; uint64_t offset, length; } head;
    uint64_t stored = data ? length : 0;
    if (trace < 0) return;
    head.what = (uint8_t)what;
    head.name = (uint16_t)strlen(name);
    head.offset = offset;
    head.length = length;
    syscall(SYS_write, trace, &head, sizeof head);
    syscall(SYS_write, trace, name, (size_t)head.name);
    if (stored) syscall(SYS_write, trace, data, stored);
}

/* Whether this change is the one that fails. What is said of acknowledgements always works. */
static int fails(const char *name) {
    if (strstr(name, "acknowledged")) return 0;
    return fail_at && ++done >= fail_at && (done == fail_at || stays);
}

static ssize_t change(int fd, const void *data, size_t length, off_t offset, int placed) {
    char buffer[PATH_MAX];
    ssize_t result;
    const char *name = name_of(fd, buffer);
    if (!name) return placed ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    pthread_mutex_lock(&lock);
    if (!placed) offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
    if (fails(name)) {
        if (torn && length > 1) syscall(SYS_pwrite64, fd, data, length / 2, offset);
        pthread_mutex_unlock(&lock);
        errno = fail_errno;
        return -1;
    }
    result = placed ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    if (result > 0) note(WRITE, name, (uint64_t)offset, data, (uint64_t)result);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int fd, const void *data, size_t length) { return change(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return change(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return change(fd, data, length, offset, 1); }

static int settled(int fd, int what, uint64_t size, long call) {
    char buffer[PATH_MAX];
    int result;
    const char *name = name_of(fd, buffer);
    if (!name) return (int)syscall(call, fd, size);
    pthread_mutex_lock(&lock);
    if (fails(name)) {
        pthread_mutex_unlock(&lock);
        errno = fail_errno;
        return -1;
    }
    /* The power of this machine stays on: what counts is when it was asked for. */
    result = what == SYNC ? 0 : (int)syscall(call, fd, size);
    if (!result) note(what, name, size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return settled(fd, SYNC, 0, SYS_fsync); }
int fdatasync(int fd) { return settled(fd, SYNC, 0, SYS_fdatasync); }
int ftruncate(int fd, off_t size) { return settled(fd, TRUNCATE, (uint64_t)size, SYS_ftruncate); }
int ftruncate64(int fd, off_t size) { return settled(fd, TRUNCATE, (uint64_t)size, SYS_ftruncate); }

static int gone(const char *path, int call(const char *)) {
    const char *name = ours(path);
    int result;
    if (!name) return call(path);
    pthread_mutex_lock(&lock);
    if (fails(name)) {
        pthread_mutex_unlock(&lock);
        errno = fail_errno;
        return -1;
    }
    result = call(path);
    if (!result) note(UNLINK, name, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

static int plain_unlink(const char *path) { return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
int unlink(const char *path) { return gone(path, plain_unlink); }

int rename(const char *from, const char *to) {
    const char *name = ours(to);
    int result;
    if (!name) return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&lock);
    if (fails(name)) {
        pthread_mutex_unlock(&lock);
        errno = fail_errno;
        return -1;
    }
    result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (!result && ours(from)) note(RENAME, name, 0, ours(from), (uint64_t)strlen(ours(from)));
    pthread_mutex_unlock(&lock);
    return result;
}
