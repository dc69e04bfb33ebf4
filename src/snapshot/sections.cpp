#include "sections.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace wangge::snapshot::sections {

namespace {

std::uint64_t aligned(std::uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

} // namespace

Header read_header(std::filesystem::path const& path, std::span<std::byte const> file,
                   std::array<char, 8> const& magic) {
    auto const refuse = [&](std::string_view why) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: {}; publish again", path.string(), why)};
    };
    Header header{};
    if (file.size() < sizeof header) {
        refuse("the file is truncated");
    }
    std::memcpy(&header, file.data(), sizeof header);
    if (header.magic != magic) {
        refuse("the file is something else (wrong magic)");
    }
    if (header.endian_mark != kEndianMark || header.version != kVersion) {
        refuse(
            fmt::format("format version {} cannot be read, this program reads version {}", header.version, kVersion));
    }
    if (header.checksum != checksum64(file.first(offsetof(Header, checksum)))) {
        refuse("the header is damaged (checksum)");
    }
    if (header.byte_size != file.size()) {
        refuse(fmt::format("the file has {} bytes where its header says {}", file.size(), header.byte_size));
    }
    for (auto const& s : header.sections) {
        if (s.offset % kAlignment != 0 || s.offset > file.size() || s.size > file.size() - s.offset) {
            refuse("a section lies outside the file");
        }
    }
    return header;
}

namespace {

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
    Written finish() {
        m_writer.close_unsynced();
        return {m_written, m_checksum.finish()};
    }

private:
    FileWriter m_writer;
    Checksum64 m_checksum;
    std::uint64_t m_written = 0;
};

} // namespace

Written write_file(std::filesystem::path const& path, std::array<char, 8> const& magic, Digest const& content,
                   std::span<Pieces const> parts) {
    Header header{};
    header.magic = magic;
    header.version = kVersion;
    header.endian_mark = kEndianMark;
    header.content = content.bytes;
    std::uint64_t end = sizeof header;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto& section = header.sections.at(i);
        section.offset = aligned(end);
        for (auto const piece : parts[i]) {
            section.size += piece.size();
        }
        end = section.offset + section.size;
    }
    header.byte_size = aligned(end);
    header.checksum = checksum64(std::as_bytes(std::span{&header, 1}).first(offsetof(Header, checksum)));

    SummingWriter writer{path};
    writer.write(std::as_bytes(std::span{&header, 1}));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        writer.pad_to(header.sections[i].offset);
        for (auto const piece : parts[i]) {
            writer.write(piece);
        }
    }
    writer.pad_to(header.byte_size);
    return writer.finish();
}

Written write_bytes(std::filesystem::path const& path, std::span<std::byte const> bytes) {
    SummingWriter writer{path};
    writer.write(bytes);
    return writer.finish();
}

} // namespace wangge::snapshot::sections
