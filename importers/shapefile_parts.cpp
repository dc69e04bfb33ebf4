#include "shapefile_parts.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace wangge::importers {

namespace {

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

[[noreturn]] void damaged(ShapefileParts::Part const& file, Words const& what) {
    throw Error{ErrorCode::data_unreadable,
                words("{}: {}; copy the whole Shapefile (.shp, .shx, .dbf) again from where it came",
                      "{}：{}；请从来源处重新复制整套 Shapefile（.shp、.shx、.dbf）", file.shown, what)};
}

void check_main_header(ShapefileParts::Part const& file) {
    auto const bytes = *file.bytes;
    if (bytes.size() < kShpHeader || big_u32(bytes, 0) != 9994) {
        damaged(file, bytes.empty() ? words("is empty (0 bytes)", "是空文件（0 字节）")
                                    : words("does not begin as a Shapefile does", "开头不是 Shapefile"));
    }
    auto const declared = big_u32(bytes, 24) * 2;
    if (declared > bytes.size() || declared < kShpHeader) {
        damaged(file, words("is cut short: its header says {} bytes, it has {}",
                            "不完整：文件头写 {} 字节，实有 {} 字节", declared, bytes.size()));
    }
}

struct Records {
    std::uint64_t count = 0;
    std::uint64_t end = kShpHeader; ///< of the last one in the .shp
};

/// Every record lies where the index says and is as long as it says.
[[nodiscard]] Records check_index(ShapefileParts const& parts) {
    auto const index = *parts.shx.bytes;
    auto const shapes = *parts.shp.bytes;
    auto const records = (big_u32(index, 24) * 2 - kShpHeader) / kIndexRecord;
    Records found{records};
    for (std::size_t i = 0; i < records; ++i) {
        auto const entry = kShpHeader + i * kIndexRecord;
        auto const at = big_u32(index, entry) * 2;
        auto const end = at + big_u32(index, entry + 4) * 2 + kIndexRecord;
        if (end > shapes.size()) {
            damaged(parts.shp, words("is cut short: record {} ends at byte {}, the file at {}",
                                     "不完整：第 {} 条记录到第 {} 字节结束，文件只到 {}", i + 1, end, shapes.size()));
        }
        if (at < kShpHeader || end < at + kIndexRecord + 4 || big_u32(shapes, at + 4) != big_u32(index, entry + 4)) {
            damaged(parts.shx,
                    words("points for record {} to byte {} of the .shp, where it does not begin; the "
                          "two do not belong together, or one is damaged",
                          "把第 {} 条记录指向 .shp 的第 {} 字节，而记录不从那里开始；两个文件不配套，或其中之一已损坏",
                          i + 1, at));
        }
        found.end = std::max(found.end, end);
    }
    return found;
}

struct Dbf {
    std::string_view text;
    std::uint64_t rows = 0;
    std::uint64_t header = 0;
    std::uint64_t width = 0;

    explicit Dbf(Bytes bytes)
        : text(reinterpret_cast<char const*>(bytes.data()), bytes.size())
        , rows(little(bytes, 4, 4))
        , header(little(bytes, 8, 2))
        , width(little(bytes, 10, 2)) {}
};

/// What byte 29 of a .dbf says; of its many code pages those that could hold Chinese.
[[nodiscard]] std::optional<std::string> of_language_byte(std::byte byte) {
    switch (std::to_integer<unsigned>(byte)) {
    case 0x4D: // OEM 936
    case 0x7A: // ANSI 936
        return "GB18030";
    case 0x4F: // OEM 950
    case 0x78: // ANSI 950
        return "BIG5";
    default: // 0: not said; 0x57: that of the machine it was made on
        return std::nullopt;
    }
}

/// All names and all texts of all rows, as bytes.
void feed(EncodingGuess& guess, Bytes bytes) {
    Dbf const dbf{bytes};
    std::size_t offset = 1; // the first byte of a row is the deletion mark
    for (std::size_t at = kDbfHeader; at + 32 <= dbf.header && bytes[at] != std::byte{0x0D}; at += 32) {
        auto const name = dbf.text.substr(at, 11);
        guess.add(name.substr(0, std::min(name.find('\0'), name.size())));
        bool const character = dbf.text[at + 11] == 'C';
        std::size_t const length = little(bytes, at + 16, character ? 2 : 1);
        for (std::size_t row = 0; character && row < dbf.rows && offset + length <= dbf.width; ++row) {
            auto value = dbf.text.substr(dbf.header + row * dbf.width + offset, length);
            value = value.substr(0, value.find_last_not_of(std::string_view{" \0", 2}) + 1);
            guess.add(value);
        }
        offset += length;
    }
}

} // namespace

std::vector<Words> check_shapefile(ShapefileParts const& parts) {
    for (auto const& [part, extension] : {std::pair{&parts.shx, ".shx"}, std::pair{&parts.dbf, ".dbf"}}) {
        if (!part->bytes) {
            damaged(parts.shp, words("its {} file is missing", "缺少 {} 文件", extension));
        }
    }
    check_main_header(parts.shp);
    check_main_header(parts.shx);
    auto const records = check_index(parts);
    auto const bytes = *parts.dbf.bytes;
    if (bytes.size() < kDbfHeader + 1) {
        damaged(parts.dbf, bytes.empty() ? words("is empty (0 bytes)", "是空文件（0 字节）")
                                         : words("does not begin as a .dbf file does", "开头不是 .dbf 文件"));
    }
    Dbf const dbf{bytes};
    if (dbf.header < kDbfHeader + 1 || dbf.width < 1 || dbf.header > bytes.size()) {
        damaged(parts.dbf, words("does not begin as a .dbf file does", "开头不是 .dbf 文件"));
    }
    auto const whole = dbf.header + dbf.rows * dbf.width;
    if (whole > bytes.size()) {
        damaged(parts.dbf, words("is cut short: its header says {} rows of {} bytes, which is {} bytes, it has {}",
                                 "不完整：文件头写 {} 行、每行 {} 字节，共 {} 字节，实有 {} 字节", dbf.rows, dbf.width,
                                 whole, bytes.size()));
    }
    if (dbf.rows != records.count) {
        damaged(parts.dbf, words("has {} rows, but the .shx has {} records", "有 {} 行，而 .shx 有 {} 条记录", dbf.rows,
                                 records.count));
    }
    auto const declared = big_u32(*parts.shp.bytes, 24) * 2;
    if (declared > records.end) {
        return {
            words("the .shp goes on for {} bytes after the last record of its .shx: if features are missing, have it "
                  "exported again",
                  ".shp 在其 .shx 的最后一条记录之后还有 {} 个字节：若缺少要素，请重新导出", declared - records.end)};
    }
    return {};
}

ShapefileText text_of_shapefile(ShapefileParts const& parts, ReadOptions const& options) {
    if (!options.encoding.empty()) {
        return {TextDecoder{options.encoding}.encoding(), {}};
    }
    EncodingGuess guess{options.known_names};
    feed(guess, *parts.dbf.bytes);
    auto const found = guess.encoding();
    std::optional<std::string> claimed;
    auto claim = words("no .cpg", "没有 .cpg");
    if (parts.cpg.bytes) {
        auto const bytes = *parts.cpg.bytes;
        std::string label{reinterpret_cast<char const*>(bytes.data()), std::min<std::size_t>(bytes.size(), 40)};
        label = label.substr(0, label.find_last_not_of(" \r\n\t") + 1);
        claimed = canonical_encoding(label);
        claim = words("the .cpg says '{}'", ".cpg 写的是“{}”", label);
    } else if (auto const byte = (*parts.dbf.bytes)[29]; byte != std::byte{0}) {
        claimed = of_language_byte(byte);
        claim = words("the .dbf says code page {}", ".dbf 写的代码页是 {}",
                      fmt::format("0x{:02X}", std::to_integer<unsigned>(byte)));
    }
    if (claimed && (guess.fits(*claimed) || !found)) {
        return {*claimed, {}};
    }
    ShapefileText result{found.value_or("GB18030"), {}}; // rows that do not fit become problems
    if (!guess.only_ascii()) {
        result.remarks.push_back(
            words("{}: read as {}: {}", "{}，按 {} 读取：{}", claim, result.encoding, guess.evidence()));
    }
    return result;
}

} // namespace wangge::importers
