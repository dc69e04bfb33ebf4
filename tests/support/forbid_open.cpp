// Preloaded into wangge by tests: ends it when it opens the file or folder that WANGGE_FORBIDDEN names, or one below
// it. The reading process, which is to open it, is started without what is preloaded.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

void check(char const* path) {
    char const* const forbidden = std::getenv("WANGGE_FORBIDDEN");
    char whole[PATH_MAX];
    if (forbidden == nullptr || path == nullptr || ::realpath(path, whole) == nullptr) {
        return;
    }
    if (std::strncmp(whole, forbidden, std::strlen(forbidden)) == 0) {
        char const said[] = "forbidden: the program itself opened the file\n";
        static_cast<void>(::write(STDERR_FILENO, said, sizeof said - 1));
        ::_exit(99);
    }
}

template <class F>
F next(char const* name) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

} // namespace

#define OPEN(NAME)                                                                                                     \
    extern "C" int NAME(char const* path, int flags, ...) {                                                            \
        check(path);                                                                                                   \
        std::va_list rest;                                                                                             \
        va_start(rest, flags);                                                                                         \
        auto const mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : mode_t{0};                                   \
        va_end(rest);                                                                                                  \
        return next<int (*)(char const*, int, ...)>(#NAME)(path, flags, mode);                                         \
    }
#define OPEN_AT(NAME)                                                                                                  \
    extern "C" int NAME(int folder, char const* path, int flags, ...) {                                                \
        check(path);                                                                                                   \
        std::va_list rest;                                                                                             \
        va_start(rest, flags);                                                                                         \
        auto const mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : mode_t{0};                                   \
        va_end(rest);                                                                                                  \
        return next<int (*)(int, char const*, int, ...)>(#NAME)(folder, path, flags, mode);                            \
    }
#define FOPEN(NAME)                                                                                                    \
    extern "C" FILE* NAME(char const* path, char const* mode) {                                                        \
        check(path);                                                                                                   \
        return next<FILE* (*)(char const*, char const*)>(#NAME)(path, mode);                                           \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
FOPEN(fopen)
FOPEN(fopen64)
