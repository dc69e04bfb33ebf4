#include "shapefile_parts.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <span>

namespace wangge::importers {

namespace {

using Bytes = std::span<std::byte const>;

// ESRI Shapefile Technical Description (1998): lengths and offsets are big-endian counts of 16-bit words.
[[nodiscard]] std::uint64_t big_u32(Bytes bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[at + i]);
    }
    return value;
}

[[nodiscard]] std::uint64_t little(Bytes bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[at + i]);
    }
    return value;
}

constexpr std::size_t kShpHeader = 100;
constexpr std::size_t kIndexRecord = 8;
constexpr std::size_t kDbfHeader = 32;

[[noreturn]] void damaged(std::filesystem::path const& file, std::string const& what) {
    throw Error{ErrorCode::data_unreadable,
                fmt::format("{}: {}; copy the whole Shapefile (.shp, .shx, .dbf) again from where it came",
                            file.string(), what)};
}

void check_main_header(std::filesystem::path const& file, Bytes bytes) {
    if (bytes.size() < kShpHeader || big_u32(bytes, 0) != 9994) {
        damaged(file, bytes.empty() ? "is empty (0 bytes)" : "does not begin as a Shapefile does");
    }
    auto const declared = big_u32(bytes, 24) * 2;
    if (declared > bytes.size()) {
        damaged(file, fmt::format("is cut short: its header says {} bytes, it has {}", declared, bytes.size()));
    }
}

} // namespace

std::filesystem::path sidecar(std::filesystem::path const& shp, std::string const& extension) {
    auto upper = extension;
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    for (auto const& candidate : {extension, upper}) {
        auto path = shp;
        path.replace_extension(candidate);
        if (std::filesystem::is_regular_file(path)) {
            return path;
        }
    }
    return {};
}

void check_shapefile(std::filesystem::path const& shp) {
    auto const shx = sidecar(shp, ".shx");
    auto const dbf = sidecar(shp, ".dbf");
    for (auto const& [path, extension] : {std::pair{&shx, ".shx"}, std::pair{&dbf, ".dbf"}}) {
        if (path->empty()) {
            damaged(shp, fmt::format("its {} file is missing", extension));
        }
    }
    auto const shapes = MappedFile::open(shp);
    auto const index = MappedFile::open(shx);
    auto const table = MappedFile::open(dbf);
    check_main_header(shp, shapes.bytes());
    check_main_header(shx, index.bytes());

    auto const records = (big_u32(index.bytes(), 24) * 2 - kShpHeader) / kIndexRecord;
    for (std::size_t i = 0; i < records; ++i) {
        auto const at = kShpHeader + i * kIndexRecord;
        auto const end = (big_u32(index.bytes(), at) + big_u32(index.bytes(), at + 4)) * 2 + 8;
        if (end > shapes.bytes().size()) {
            damaged(shp, fmt::format("is cut short: record {} ends at byte {}, the file at {}", i + 1, end,
                                     shapes.bytes().size()));
        }
    }

    auto const bytes = table.bytes();
    if (bytes.size() < kDbfHeader + 1) {
        damaged(dbf, bytes.empty() ? "is empty (0 bytes)" : "does not begin as a .dbf file does");
    }
    auto const rows = little(bytes, 4, 4);
    auto const header = little(bytes, 8, 2);
    auto const width = little(bytes, 10, 2);
    if (header < kDbfHeader + 1 || width < 1 || header > bytes.size()) {
        damaged(dbf, "does not begin as a .dbf file does");
    }
    if (header + rows * width > bytes.size()) {
        damaged(dbf, fmt::format("is cut short: its header says {} rows of {} bytes, which is {} bytes, it has {}",
                                 rows, width, header + rows * width, bytes.size()));
    }
    if (rows != records) {
        damaged(dbf, fmt::format("has {} rows, but the .shx has {} records", rows, records));
    }
}

ShapefileText text_of_shapefile(std::filesystem::path const& shp, std::string const& asked) {
    if (!asked.empty()) {
        return {TextDecoder{asked}.encoding(), {}};
    }
    auto const table = MappedFile::open(sidecar(shp, ".dbf"));
    auto const bytes = table.bytes();
    std::string_view const text{reinterpret_cast<char const*>(bytes.data()), bytes.size()};
    auto const rows = little(bytes, 4, 4);
    auto const header = little(bytes, 8, 2);
    auto const width = little(bytes, 10, 2);

    EncodingGuess guess;
    std::size_t offset = 1; // the first byte of a row is the deletion mark
    for (std::size_t at = kDbfHeader; at + 32 <= header && bytes[at] != std::byte{0x0D}; at += 32) {
        auto const name = text.substr(at, 11);
        guess.add(name.substr(0, std::min(name.find('\0'), name.size())));
        bool const character = text[at + 11] == 'C';
        std::size_t const length = character ? little(bytes, at + 16, 2) : little(bytes, at + 16, 1);
        for (std::size_t row = 0; character && row < rows && offset + length <= width; ++row) {
            auto value = text.substr(header + row * width + offset, length);
            value = value.substr(0, value.find_last_not_of(std::string_view{" \0", 2}) + 1);
            guess.add(value);
        }
        offset += length;
    }

    ShapefileText result;
    auto const found = guess.encoding();
    if (auto const cpg = sidecar(shp, ".cpg"); !cpg.empty()) {
        auto label = read_file(cpg).substr(0, 40);
        label = label.substr(0, label.find_last_not_of(" \r\n\t") + 1);
        if (auto const canonical = canonical_encoding(label); canonical && (guess.fits(*canonical) || !found)) {
            return {*canonical, {}};
        }
        if (found) {
            result.remarks.push_back(fmt::format("{} says '{}', but the text is {}: read as {}",
                                                 cpg.filename().string(), label, *found, *found));
        }
    }
    result.encoding = found.value_or("GB18030"); // rows that do not fit become problems
    return result;
}

} // namespace wangge::importers
