#include "officer_vault.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wangge::registry {

namespace {

static_assert(crypto_secretbox_KEYBYTES == 32);
constexpr std::size_t kNonce = crypto_secretbox_NONCEBYTES;
constexpr std::size_t kMac = crypto_secretbox_MACBYTES;

void initialize_sodium() {
    if (sodium_init() < 0) {
        throw Error{ErrorCode::environment, "libsodium cannot start: the system gives no random numbers"};
    }
}

unsigned char const* bytes_of(std::byte const* bytes) { return reinterpret_cast<unsigned char const*>(bytes); }

} // namespace

void make_officer_key(std::filesystem::path const& file) {
    make_private_folder(file.parent_path());
    remove_left_over(file);
    if (std::filesystem::exists(file)) {
        return;
    }
    initialize_sodium();
    std::array<unsigned char, crypto_secretbox_KEYBYTES> key{};
    crypto_secretbox_keygen(key.data());
    std::array<char, 2 * crypto_secretbox_KEYBYTES + 1> text{};
    sodium_bin2hex(text.data(), text.size(), key.data(), key.size());
    text.back() = '\n';
    sodium_memzero(key.data(), key.size());

    // Beside its place first: a key that is there is whole.
    auto const aside = fmt::format("{}.new-{}", file.string(), ::getpid());
    int const fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool const written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    int const saved = errno;
    sodium_memzero(text.data(), text.size());
    if (fd >= 0) {
        ::close(fd);
    }
    if (!written) {
        if (fd >= 0) {
            ::unlink(aside.c_str());
        }
        throw Error{ErrorCode::environment,
                    fmt::format("{}: the officer key cannot be written: {}", file.string(), std::strerror(saved))};
    }
    rename_durably(aside, file);
}

OfficerVault::OfficerVault(std::filesystem::path const& key_file) : m_file(key_file) {
    initialize_sodium();
    struct stat info {};
    if (::stat(key_file.c_str(), &info) != 0) {
        throw Error{
            ErrorCode::environment,
            fmt::format("{}: the officer key cannot be read: {}; put the key that 'wangge init' made back in its "
                        "place, without it phones stay sealed",
                        key_file.string(), std::strerror(errno))};
    }
    if ((info.st_mode & 077U) != 0) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: other users can read the officer key; run 'chmod 600' on it", key_file.string())};
    }
    auto text = read_file(key_file);
    std::size_t length = 0;
    char const* end = nullptr;
    bool const parsed =
        sodium_hex2bin(m_key.data(), m_key.size(), text.data(), text.size(), "\r\n", &length, &end) == 0 &&
        length == m_key.size() && end == text.data() + text.size();
    sodium_memzero(text.data(), text.size());
    if (!parsed) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: this is not an officer key (64 hexadecimal digits); restore it from a backup",
                                key_file.string())};
    }
}

OfficerVault::~OfficerVault() { sodium_memzero(m_key.data(), m_key.size()); }

std::vector<std::byte> OfficerVault::seal(std::string_view plain) const {
    if (plain.empty()) {
        return {};
    }
    std::vector<std::byte> sealed(kNonce + kMac + plain.size());
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    randombytes_buf(out, kNonce);
    crypto_secretbox_easy(out + kNonce, reinterpret_cast<unsigned char const*>(plain.data()), plain.size(), out,
                          m_key.data());
    return sealed;
}

std::string OfficerVault::open(std::span<std::byte const> sealed) const {
    if (sealed.empty()) {
        return {};
    }
    std::string plain(sealed.size() > kNonce + kMac ? sealed.size() - kNonce - kMac : 0, '\0');
    if (plain.empty() ||
        crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(plain.data()), bytes_of(sealed.data()) + kNonce,
                                   sealed.size() - kNonce, bytes_of(sealed.data()), m_key.data()) != 0) {
        throw Error{
            ErrorCode::corrupt,
            fmt::format(
                "{}: an officer's phone or file was sealed with another key, or is damaged; put the right key in "
                "its place, or restore the data folder from a backup",
                m_file.string())};
    }
    return plain;
}

std::string mask_phone(std::string_view phone) {
    if (phone.empty()) {
        return {};
    }
    bool const printable = std::all_of(phone.begin(), phone.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (phone.size() < 11 || !printable) {
        return "****";
    }
    return fmt::format("{}****{}", phone.substr(0, 3), phone.substr(phone.size() - 4));
}

} // namespace wangge::registry
