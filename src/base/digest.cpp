#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace wangge {

std::string Digest::hex() const {
    std::string text;
    for (auto const byte : bytes) {
        fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    }
    return text;
}

struct Sha256::State {
    crypto_hash_sha256_state sodium{};
};

Sha256::Sha256() : m_state(std::make_unique<State>()) { crypto_hash_sha256_init(&m_state->sodium); }
Sha256::~Sha256() = default;

void Sha256::update(std::span<std::byte const> bytes) {
    crypto_hash_sha256_update(&m_state->sodium, reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
}

void Sha256::update(std::string_view text) { update(std::as_bytes(std::span{text.data(), text.size()})); }

Digest Sha256::finish() {
    Digest digest;
    crypto_hash_sha256_final(&m_state->sodium, digest.bytes.data());
    return digest;
}

Digest sha256(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.finish();
}

Digest sha256_of_file(std::filesystem::path const& path) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file{std::fopen(path.c_str(), "rb"), &std::fclose};
    if (!file) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno))};
    }
    Sha256 hash;
    std::vector<std::byte> buffer(1U << 20U);
    while (auto const n = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        hash.update(std::span{buffer.data(), n});
    }
    if (std::ferror(file.get()) != 0) {
        throw Error{ErrorCode::environment, fmt::format("{}: reading failed: {}", path.string(), std::strerror(errno))};
    }
    return hash.finish();
}

namespace {

std::uint64_t with_word(std::uint64_t sum, std::uint64_t word) noexcept {
    constexpr std::uint64_t kPrime = 0x100000001b3ULL;
    sum = (sum ^ word) * kPrime;
    return sum ^ (sum >> 32U); // lets high bits of a word reach the low bits of the next product
}

} // namespace

std::span<std::byte const> Checksum64::add_groups(std::span<std::byte const> bytes) noexcept {
    auto sums = m_sums; // in registers: the bytes might be the members themselves, for all the compiler knows
    for (; bytes.size() >= kGroup; bytes = bytes.subspan(kGroup)) {
        std::array<std::uint64_t, 8> words; // eight products at once; in one sum each would wait for the one before
        std::memcpy(words.data(), bytes.data(), kGroup);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < words.size(); ++i) {
            sums[i] = with_word(sums[i], words[i]);
        }
    }
    m_sums = sums;
    return bytes;
}

void Checksum64::update(std::span<std::byte const> bytes) noexcept {
    auto const take = [&](std::size_t count) {
        std::memcpy(m_held.data() + m_held_bytes, bytes.data(), count);
        m_held_bytes += count;
        bytes = bytes.subspan(count);
    };
    if (m_held_bytes != 0) {
        take(std::min(bytes.size(), kGroup - m_held_bytes));
        if (m_held_bytes < kGroup) {
            return;
        }
        static_cast<void>(add_groups(m_held));
        m_held_bytes = 0;
    }
    bytes = add_groups(bytes);
    if (!bytes.empty()) {
        take(bytes.size());
    }
}

std::uint64_t Checksum64::finish() const noexcept {
    auto sum = std::uint64_t{m_held_bytes};
    for (auto const lane : m_sums) {
        sum = with_word(sum, lane);
    }
    for (std::size_t i = 0; i < m_held_bytes; ++i) {
        sum = with_word(sum, static_cast<std::uint64_t>(m_held[i]));
    }
    return sum;
}

std::uint64_t checksum64(std::span<std::byte const> bytes) noexcept {
    Checksum64 checksum;
    checksum.update(bytes);
    return checksum.finish();
}

} // namespace wangge
