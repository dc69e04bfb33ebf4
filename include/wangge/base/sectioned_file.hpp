#pragma once

#include <wangge/base/digest.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

/// Binary files that are mapped as they are: a header, a table of sections, then the sections, each at the start of a
/// cache line. All numbers are little-endian. docs/snapshot-format.md gives the bytes.
namespace wangge {

static_assert(std::endian::native == std::endian::little,
              "files are mapped as they are; their format is little-endian");

/// One kind of sectioned file.
struct SectionedFormat {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::size_t sections;
    std::string_view remedy; ///< what helps when a file cannot be read, as the end of a sentence
};

/// A sectioned file's bytes, which must outlive it. Of sections only the places are checked, not what is in them.
class SectionedView {
public:
    /// O(sections). Error{corrupt} naming `path` when magic, version, byte order, size, the header's checksum or the
    /// place of a section is wrong.
    SectionedView(std::filesystem::path const& path, std::span<std::byte const> bytes, SectionedFormat const& format);

    [[nodiscard]] Digest const& digest() const noexcept { return m_digest; }
    /// Section `number` (an enumerator or an integer below the format's count) as records. Error{corrupt} when they are
    /// not whole ones.
    template <class T, class Number>
    [[nodiscard]] std::span<T const> section(Number number) const {
        static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);
        auto const bytes = whole_records(static_cast<std::size_t>(number), sizeof(T));
        return {reinterpret_cast<T const*>(bytes.data()), bytes.size() / sizeof(T)};
    }

private:
    [[nodiscard]] std::span<std::byte const> whole_records(std::size_t number, std::size_t record_size) const;

    std::filesystem::path m_path;
    std::string_view m_remedy;
    Digest m_digest;
    std::vector<std::span<std::byte const>> m_sections;
};

/// Digest in the header of a file whose header is sound, and which is as long as that says; else none. Sections are not
/// looked at.
[[nodiscard]] std::optional<Digest> digest_of_sectioned(std::span<std::byte const> bytes,
                                                        SectionedFormat const& format) noexcept;

struct WrittenFile {
    std::uint64_t bytes = 0;
    std::uint64_t checksum = 0; ///< checksum64 of the whole file
};

/// A section put together from pieces that lie anywhere, other mapped files among them.
using SectionPieces = std::vector<std::span<std::byte const>>;

/// Writes a file of header and sections; those that the format has and `sections` has not are empty. Not synced.
/// Error{environment}. The same arguments give the same bytes.
WrittenFile write_sectioned(std::filesystem::path const& path, SectionedFormat const& format, Digest const& digest,
                            std::span<SectionPieces const> sections);
/// Writes a file that has a format of its own. Not synced. Error{environment}.
WrittenFile write_summed(std::filesystem::path const& path, std::span<std::byte const> bytes);

} // namespace wangge
