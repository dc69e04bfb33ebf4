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

Written write_file(std::filesystem::path const& path, std::array<char, 8> const& magic, Digest const& content,
                   std::span<std::span<std::byte const> const> parts) {
    Header header{};
    header.magic = magic;
    header.version = kVersion;
    header.endian_mark = kEndianMark;
    header.content = content.bytes;
    std::uint64_t end = sizeof header;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        header.sections.at(i) = {aligned(end), parts[i].size()};
        end = aligned(end) + parts[i].size();
    }
    header.byte_size = aligned(end);
    header.checksum = checksum64(std::as_bytes(std::span{&header, 1}).first(offsetof(Header, checksum)));

    std::vector<std::byte> whole(header.byte_size);
    std::memcpy(whole.data(), &header, sizeof header);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        std::copy(parts[i].begin(), parts[i].end(),
                  whole.begin() + static_cast<std::ptrdiff_t>(header.sections[i].offset));
    }
    return write_bytes(path, whole);
}

Written write_bytes(std::filesystem::path const& path, std::span<std::byte const> bytes) {
    constexpr std::size_t kPiece = std::size_t{1} << 20U; // FileWriter buffers what it is given
    FileWriter writer{path};
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
        writer.write(bytes.subspan(at, std::min(kPiece, bytes.size() - at)));
    }
    writer.close();
    return {bytes.size(), checksum64(bytes)};
}

} // namespace wangge::snapshot::sections
