#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace wangge {

/// SHA-256 digest (FIPS 180-4).
struct Digest {
    std::array<std::uint8_t, 32> bytes{};
    [[nodiscard]] std::string hex() const;
    auto operator<=>(Digest const&) const = default;
};

/// Streaming SHA-256: update any number of times, then finish once.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256 const&) = delete;
    Sha256& operator=(Sha256 const&) = delete;
    void update(std::span<std::byte const> bytes);
    void update(std::string_view text);
    [[nodiscard]] Digest finish();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

[[nodiscard]] Digest sha256(std::string_view text);
/// Throws Error{environment} when the file cannot be read.
[[nodiscard]] Digest sha256_of_file(std::filesystem::path const& path);

/// Fast 64-bit checksum of mapped files: the 8-byte little-endian words are dealt to eight FNV-1a-like sums in turn,
/// which are then summed up with the tail bytes. Some 25 GB/s from memory that is at hand. Not cryptographic.
[[nodiscard]] std::uint64_t checksum64(std::span<std::byte const> bytes) noexcept;

/// The same of bytes that come in pieces.
class Checksum64 {
public:
    void update(std::span<std::byte const> bytes) noexcept;
    [[nodiscard]] std::uint64_t finish() const noexcept;

private:
    static constexpr std::size_t kGroup = 64; ///< bytes that give each sum one word
    /// Whole groups; returns what is left.
    [[nodiscard]] std::span<std::byte const> add_groups(std::span<std::byte const> bytes) noexcept;
    std::array<std::uint64_t, 8> m_sums{0xcbf29ce484222325ULL, 1, 2, 3, 4, 5, 6, 7};
    std::array<std::byte, kGroup> m_held{}; ///< the begun group
    std::size_t m_held_bytes = 0;
};

} // namespace wangge
