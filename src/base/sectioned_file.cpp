#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/sectioned_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace wangge {

namespace {

constexpr std::uint32_t kEndianMark = 0x01020304;
constexpr std::size_t kAlignment = 64; ///< of sections

/// What the sections' table and a checksum of all before it follow.
struct Start {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t endian_mark;
    std::uint64_t byte_size;
    std::array<std::uint8_t, 32> digest;
};
static_assert(sizeof(Start) == 56 && std::is_trivially_copyable_v<Start>);

struct Section {
    std::uint64_t offset = 0, size = 0; ///< bytes from the start of the file
};

constexpr std::size_t checksum_offset(SectionedFormat const& format) noexcept {
    return sizeof(Start) + format.sections * sizeof(Section);
}
constexpr std::size_t header_size(SectionedFormat const& format) noexcept {
    return checksum_offset(format) + sizeof(std::uint64_t);
}

template <class T>
T read_at(std::span<std::byte const> bytes, std::size_t offset) noexcept {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

bool header_is_whole(std::span<std::byte const> bytes, SectionedFormat const& format) noexcept {
    auto const at = checksum_offset(format);
    return read_at<std::uint64_t>(bytes, at) == checksum64(bytes.first(at));
}

std::uint64_t aligned(std::uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

/// Writes and sums up what it is given.
class SummingWriter {
public:
    explicit SummingWriter(std::filesystem::path const& path) : m_writer(path) {}
    void write(std::span<std::byte const> bytes) {
        constexpr std::size_t kPiece = std::size_t{1} << 20U; // stays in the cache between sum and copy
        for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
            auto const piece = bytes.subspan(at, std::min(kPiece, bytes.size() - at));
            m_checksum.update(piece);
            m_writer.write(piece);
        }
        m_written += bytes.size();
    }
    void pad_to(std::uint64_t offset) {
        static constexpr std::array<std::byte, kAlignment> kZeros{};
        write(std::span{kZeros}.first(offset - m_written));
    }
    WrittenFile finish() {
        m_writer.close_unsynced();
        return {m_written, m_checksum.finish()};
    }

private:
    FileWriter m_writer;
    Checksum64 m_checksum;
    std::uint64_t m_written = 0;
};

} // namespace

SectionedView::SectionedView(std::filesystem::path const& path, std::span<std::byte const> bytes,
                             SectionedFormat const& format)
    : m_path(path), m_remedy(format.remedy) {
    auto const refuse = [&](std::string_view why) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: {}; {}", path.string(), why, format.remedy)};
    };
    // A file of another version may have a header of another size.
    if (bytes.size() < sizeof(Start)) {
        refuse("the file is truncated");
    }
    auto const start = read_at<Start>(bytes, 0);
    if (start.magic != format.magic) {
        refuse("the file is something else (wrong magic)");
    }
    if (start.endian_mark != kEndianMark || start.version != format.version) {
        refuse(fmt::format("format version {} cannot be read, this program reads version {}", start.version,
                           format.version));
    }
    if (bytes.size() < header_size(format)) {
        refuse("the file is truncated");
    }
    if (!header_is_whole(bytes, format)) {
        refuse("the header is damaged (checksum)");
    }
    if (start.byte_size != bytes.size()) {
        refuse(fmt::format("the file has {} bytes where its header says {}", bytes.size(), start.byte_size));
    }
    m_digest.bytes = start.digest;
    for (std::size_t i = 0; i < format.sections; ++i) {
        auto const s = read_at<Section>(bytes, sizeof start + i * sizeof(Section));
        if (s.offset % kAlignment != 0 || s.offset > bytes.size() || s.size > bytes.size() - s.offset) {
            refuse("a section lies outside the file");
        }
        m_sections.push_back(bytes.subspan(s.offset, s.size));
    }
}

std::span<std::byte const> SectionedView::whole_records(std::size_t number, std::size_t record_size) const {
    auto const bytes = m_sections.at(number);
    if (bytes.size() % record_size != 0) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: section {} has {} bytes, not a number of records of {}; {}",
                                                    m_path.string(), number, bytes.size(), record_size, m_remedy)};
    }
    return bytes;
}

std::optional<Digest> digest_of_sectioned(std::span<std::byte const> bytes, SectionedFormat const& format) noexcept {
    if (bytes.size() < header_size(format)) {
        return std::nullopt;
    }
    auto const start = read_at<Start>(bytes, 0);
    if (start.magic != format.magic || start.version != format.version || start.endian_mark != kEndianMark ||
        start.byte_size != bytes.size() || !header_is_whole(bytes, format)) {
        return std::nullopt;
    }
    return Digest{start.digest};
}

WrittenFile write_sectioned(std::filesystem::path const& path, SectionedFormat const& format, Digest const& digest,
                            std::span<SectionPieces const> sections) {
    std::vector<Section> table(format.sections);
    std::uint64_t end = header_size(format);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        auto& section = table.at(i);
        section.offset = aligned(end);
        for (auto const piece : sections[i]) {
            section.size += piece.size();
        }
        end = section.offset + section.size;
    }
    Start const start{format.magic, format.version, kEndianMark, aligned(end), digest.bytes};
    std::vector<std::byte> header;
    auto const append = [&](auto const& part) {
        auto const bytes = std::as_bytes(std::span{part});
        header.insert(header.end(), bytes.begin(), bytes.end());
    };
    append(std::array{start});
    append(table);
    append(std::array{checksum64(header)});

    SummingWriter writer{path};
    writer.write(header);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        writer.pad_to(table[i].offset);
        for (auto const piece : sections[i]) {
            writer.write(piece);
        }
    }
    writer.pad_to(start.byte_size);
    return writer.finish();
}

WrittenFile write_summed(std::filesystem::path const& path, std::span<std::byte const> bytes) {
    SummingWriter writer{path};
    writer.write(bytes);
    return writer.finish();
}

} // namespace wangge
