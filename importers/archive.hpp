#pragma once

#include <wangge/base/words.hpp>
#include <wangge/importers/raw_feature.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

using Bytes = std::span<std::byte const>;

/// Bytes of a file inside an archive, in memory of their own that goes back to the system with them.
class InflatedBytes {
public:
    InflatedBytes() = default;
    explicit InflatedBytes(std::size_t size);
    [[nodiscard]] Bytes bytes() const noexcept { return {m_data.get(), m_size}; }
    [[nodiscard]] std::span<std::byte> room() noexcept { return {m_data.get(), m_size}; }
    void shrink(std::size_t size) noexcept { m_size = size; }

private:
    std::unique_ptr<std::byte[]> m_data;
    std::size_t m_size = 0;
};

/**
 * The files in a zip (APPNOTE 6.3.10, with ZIP64), stored or deflated. Believes nothing: throws Error{data_unreadable}
 * for damage and Error{data_rejected} for what could do harm or cannot be read: names that leave the archive, links,
 * encryption, files that overlap or stand twice, archives inside, more than the limits allow.
 */
class ZipArchive {
public:
    struct Entry {
        std::string name; ///< UTF-8, '/' between folders
        std::uint64_t packed = 0;
        std::uint64_t size = 0;
        std::uint64_t header_at = 0;
        std::uint32_t crc = 0;
        std::uint16_t method = 0;
    };
    /// `zip` must outlive it. Names without a declared encoding are read as the text of all of them says.
    ZipArchive(Bytes zip, std::string subject, ReadOptions const& options);

    [[nodiscard]] std::vector<Entry> const& entries() const noexcept { return m_entries; } ///< files only, by name
    /// Inflates and checks size and CRC-32. All calls together may not give more than the limit.
    [[nodiscard]] InflatedBytes inflate(Entry const& entry);

private:
    [[noreturn]] void damaged(Words const& what) const;
    [[noreturn]] void rejected(Words const& what) const;
    void read_directory();
    void decode_names(ReadOptions const& options);
    void check_names() const;
    void check_places();
    [[nodiscard]] std::uint64_t data_of(Entry const& entry) const;

    Bytes m_zip;
    std::string m_subject;
    std::uint64_t m_inflated_left;
    std::vector<Entry> m_entries;
    std::vector<bool> m_utf8; ///< the name says so
};

/// What a .gz holds. Throws Error{data_unreadable} for damage, Error{data_rejected} above the limit.
[[nodiscard]] InflatedBytes gunzip(Bytes gz, std::string const& subject, std::uint64_t most);

} // namespace wangge::importers
