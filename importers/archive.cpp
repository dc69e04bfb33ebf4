#include "archive.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace wangge::importers {

namespace {

constexpr std::size_t kEndRecord = 22;
constexpr std::size_t kCentralHeader = 46;
constexpr std::size_t kLocalHeader = 30;
constexpr std::size_t kMostEntries = 20'000;
constexpr std::uint32_t kEndMark = 0x06054B50U;
constexpr std::uint32_t kCentralMark = 0x02014B50U;
constexpr std::uint32_t kLocalMark = 0x04034B50U;
constexpr std::uint32_t kEnd64Mark = 0x06064B50U;
constexpr std::uint32_t kLocator64Mark = 0x07064B50U;

/// Zero where the bytes end; the caller checks places before it trusts them.
template <class Number>
[[nodiscard]] Number little(Bytes bytes, std::uint64_t at) {
    Number value{};
    if (at <= bytes.size() && bytes.size() - at >= sizeof value) {
        std::memcpy(&value, bytes.data() + at, sizeof value);
    }
    return value;
}

[[nodiscard]] std::string_view text(Bytes bytes, std::uint64_t at, std::uint64_t size) {
    if (at > bytes.size() || size > bytes.size() - at) {
        return {};
    }
    return {reinterpret_cast<char const*>(bytes.data() + at), size};
}

[[nodiscard]] Bytef const* in(std::byte const* bytes) { return reinterpret_cast<Bytef const*>(bytes); }

/// Finds the record at the end; a comment of up to 64 KiB may follow it.
[[nodiscard]] std::optional<std::uint64_t> end_record(Bytes zip) {
    constexpr std::size_t kLongestComment = 0xFFFF;
    for (std::size_t back = kEndRecord; back <= zip.size() && back <= kEndRecord + kLongestComment; ++back) {
        auto const at = zip.size() - back;
        if (little<std::uint32_t>(zip, at) == kEndMark && little<std::uint16_t>(zip, at + 20) == back - kEndRecord) {
            return at;
        }
    }
    return std::nullopt;
}

[[nodiscard]] std::string lower(std::string_view name) {
    std::string result{name};
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

[[nodiscard]] bool leaves_the_archive(std::string_view name) {
    if (name.starts_with('/') || name.find('\0') != std::string_view::npos || (name.size() > 1 && name[1] == ':')) {
        return true;
    }
    for (std::size_t at = 0; at <= name.size();) {
        auto const end = std::min(name.find('/', at), name.size());
        if (name.substr(at, end - at) == "..") {
            return true;
        }
        at = end + 1;
    }
    return false;
}

struct InflateEnd {
    void operator()(z_stream* stream) const noexcept { inflateEnd(stream); }
};

} // namespace

InflatedBytes::InflatedBytes(std::size_t size) : m_data(new std::byte[std::max<std::size_t>(size, 1)]), m_size(size) {}

ZipArchive::ZipArchive(Bytes zip, std::string subject, ReadOptions const& options)
    : m_zip(zip), m_subject(std::move(subject)), m_inflated_left(options.limits.inflated_bytes) {
    read_directory();
    decode_names(options);
    check_names();
    check_places();
    std::uint64_t sum = 0;
    for (auto const& entry : m_entries) {
        sum += entry.size; // each is below 2^63 and there are few
        if (sum > m_inflated_left) {
            rejected(words("would grow to more than {} MiB when unpacked, which no boundaries need; unpack it and "
                           "import the file you need",
                           "解压后超过 {} MiB，边界数据不需要这么大；请解压后只导入所需的文件",
                           m_inflated_left >> 20U));
        }
    }
    std::ranges::sort(m_entries, {}, &Entry::name);
}

void ZipArchive::damaged(Words const& what) const {
    throw Error{ErrorCode::data_unreadable, words("{}: is a damaged zip: {}; copy it again from where it came",
                                                  "{}：zip 已损坏：{}；请从来源处重新复制", m_subject, what)};
}

void ZipArchive::rejected(Words const& what) const {
    throw Error{ErrorCode::data_rejected, words("{}: {}", "{}：{}", m_subject, what)};
}

void ZipArchive::read_directory() {
    auto const end = end_record(m_zip);
    if (!end) {
        damaged(words("its table of contents is missing, so it is cut short", "缺少目录，文件不完整"));
    }
    std::uint64_t count = little<std::uint16_t>(m_zip, *end + 10);
    std::uint64_t size = little<std::uint32_t>(m_zip, *end + 12);
    std::uint64_t at = little<std::uint32_t>(m_zip, *end + 16);
    std::uint64_t limit = *end;
    bool const parts = little<std::uint16_t>(m_zip, *end + 4) != 0 && little<std::uint16_t>(m_zip, *end + 4) != 0xFFFF;
    if (parts) {
        rejected(words("is one part of a zip in several parts; join them first (unpack them on your machine)",
                       "是分卷 zip 的一卷；请先合并（在本机解压）"));
    }
    if (*end >= 20 && little<std::uint32_t>(m_zip, *end - 20) == kLocator64Mark) {
        auto const end64 = little<std::uint64_t>(m_zip, *end - 12);
        if (end64 > m_zip.size() || little<std::uint32_t>(m_zip, end64) != kEnd64Mark) {
            damaged(words("its table of contents is missing, so it is cut short", "缺少目录，文件不完整"));
        }
        count = little<std::uint64_t>(m_zip, end64 + 32);
        size = little<std::uint64_t>(m_zip, end64 + 40);
        at = little<std::uint64_t>(m_zip, end64 + 48);
        limit = end64;
    }
    if (at > limit || size > limit - at) {
        damaged(words("its table of contents lies outside of it", "目录的位置在文件之外"));
    }
    if (count > kMostEntries) {
        rejected(words("holds {} files; more than {} are not read", "其中有 {} 个文件；最多读取 {} 个", count,
                       kMostEntries));
    }
    auto const directory_end = at + size;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (directory_end - at < kCentralHeader || little<std::uint32_t>(m_zip, at) != kCentralMark) {
            damaged(words("entry {} of its table of contents is broken", "目录的第 {} 项已损坏", i + 1));
        }
        auto const flags = little<std::uint16_t>(m_zip, at + 8);
        auto const name_size = little<std::uint16_t>(m_zip, at + 28);
        auto const extra_size = little<std::uint16_t>(m_zip, at + 30);
        auto const comment_size = little<std::uint16_t>(m_zip, at + 32);
        auto const mode = little<std::uint32_t>(m_zip, at + 38) >> 16U;
        auto const whole = kCentralHeader + std::uint64_t{name_size} + extra_size + comment_size;
        if (whole > directory_end - at) {
            damaged(words("entry {} of its table of contents is broken", "目录的第 {} 项已损坏", i + 1));
        }
        Entry entry;
        entry.method = little<std::uint16_t>(m_zip, at + 10);
        entry.crc = little<std::uint32_t>(m_zip, at + 16);
        entry.packed = little<std::uint32_t>(m_zip, at + 20);
        entry.size = little<std::uint32_t>(m_zip, at + 24);
        entry.header_at = little<std::uint32_t>(m_zip, at + 42);
        entry.name = text(m_zip, at + kCentralHeader, name_size);
        bool utf8 = (flags & 0x800U) != 0;
        auto const extra_end = at + kCentralHeader + name_size + extra_size;
        for (auto field = at + kCentralHeader + name_size; extra_end - field >= 4;) {
            auto const id = little<std::uint16_t>(m_zip, field);
            auto const length = little<std::uint16_t>(m_zip, field + 2);
            if (length > extra_end - field - 4) {
                break;
            }
            if (id == 0x0001) { // ZIP64: only what did not fit, in this order
                auto value = field + 4;
                for (auto* const wide : {&entry.size, &entry.packed, &entry.header_at}) {
                    if (*wide == 0xFFFFFFFFU && field + 4 + length - value >= 8) {
                        *wide = little<std::uint64_t>(m_zip, value);
                        value += 8;
                    }
                }
            } else if (id == 0x7075 && length > 5) { // Info-ZIP's name in UTF-8
                entry.name = text(m_zip, field + 9, length - 5U);
                utf8 = true;
            }
            field += 4U + length;
        }
        if ((flags & 0x2041U) != 0) {
            rejected(words("its file '{}' is encrypted; unpack it with the password and import what it holds",
                           "其中的文件“{}”已加密；请用密码解压后再导入",
                           is_utf8(entry.name) ? entry.name : fmt::format("number {}", i + 1)));
        }
        constexpr std::uint32_t kKind = 0170000;
        constexpr std::uint32_t kLink = 0120000;
        if ((mode & kKind) == kLink) {
            rejected(words("its entry {} is a link to another file; pack the file itself",
                           "第 {} 项是指向另一文件的链接；请打包文件本身", i + 1));
        }
        if (entry.size > std::numeric_limits<std::int64_t>::max() / kMostEntries) {
            damaged(words("entry {} claims {} bytes", "第 {} 项自称有 {} 个字节", i + 1, entry.size));
        }
        m_entries.push_back(std::move(entry));
        m_utf8.push_back(utf8);
        at += whole;
    }
}

void ZipArchive::decode_names(ReadOptions const& options) {
    EncodingGuess guess{options.known_names};
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        if (!m_utf8[i]) {
            guess.add(m_entries[i].name);
        }
    }
    TextDecoder unmarked{guess.encoding().value_or("GB18030")};
    TextDecoder marked{"UTF-8"};
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        auto& name = m_entries[i].name;
        if (!(m_utf8[i] ? marked : unmarked).decode(name) && !unmarked.decode(name)) {
            damaged(words("the name of its file {} is neither UTF-8 nor GB18030",
                          "第 {} 个文件的文件名既不是 UTF-8 也不是 GB18030", i + 1));
        }
        std::ranges::replace(name, '\\', '/'); // as some packers on Windows write; whole characters by now
    }
}

void ZipArchive::check_names() const {
    std::vector<std::string> names;
    for (auto const& entry : m_entries) {
        if (leaves_the_archive(entry.name)) {
            rejected(words("its file '{}' would be written outside of the folder it is unpacked in; such a zip is "
                           "made to do harm, or broken: pack the files anew",
                           "其中的文件“{}”会写到解压目录之外；这样的 zip 是恶意的或已损坏：请重新打包", entry.name));
        }
        names.push_back(lower(entry.name));
        constexpr std::array kArchives{".zip", ".kmz", ".rar", ".7z", ".gz", ".tgz", ".tar", ".bz2", ".xz"};
        for (auto const* const ending : kArchives) {
            if (names.back().ends_with(ending)) {
                rejected(words("holds another archive, '{}'; unpack the outer one and import that file by itself",
                               "里面还有压缩包“{}”；请解压外层，单独导入该文件", entry.name));
            }
        }
    }
    std::ranges::sort(names);
    if (auto const twice = std::ranges::adjacent_find(names); twice != names.end()) {
        rejected(
            words("holds two files named '{}'; pack the files anew", "里面有两个名为“{}”的文件；请重新打包", *twice));
    }
}

std::uint64_t ZipArchive::data_of(Entry const& entry) const {
    auto const at = entry.header_at;
    if (at > m_zip.size() || m_zip.size() - at < kLocalHeader || little<std::uint32_t>(m_zip, at) != kLocalMark) {
        damaged(
            words("its file '{}' is not where its table of contents says", "文件“{}”不在目录所说的位置", entry.name));
    }
    auto const data = at + kLocalHeader + little<std::uint16_t>(m_zip, at + 26) + little<std::uint16_t>(m_zip, at + 28);
    if (data > m_zip.size() || entry.packed > m_zip.size() - data) {
        damaged(words("its file '{}' is cut short", "文件“{}”不完整", entry.name));
    }
    return data;
}

/// Files that share bytes are how a small zip claims to hold petabytes.
void ZipArchive::check_places() {
    std::ranges::sort(m_entries, {}, &Entry::header_at);
    std::uint64_t free_from = 0;
    for (auto const& entry : m_entries) {
        auto const data = data_of(entry);
        if (entry.header_at < free_from) {
            rejected(words("its file '{}' overlaps another one; such a zip is made to do harm",
                           "文件“{}”与另一个文件重叠；这样的 zip 是恶意的", entry.name));
        }
        free_from = data + entry.packed;
    }
    std::erase_if(m_entries, [](Entry const& entry) { return entry.name.ends_with('/') || entry.name.empty(); });
}

InflatedBytes ZipArchive::inflate(Entry const& entry) {
    constexpr std::uint16_t kStored = 0;
    constexpr std::uint16_t kDeflated = 8;
    if (entry.method != kStored && entry.method != kDeflated) {
        rejected(words("its file '{}' is packed by method {}, which is not read; pack it as an ordinary zip "
                       "(deflate)",
                       "文件“{}”的压缩方法是 {}，不能读取；请按普通 zip（deflate）打包", entry.name, entry.method));
    }
    constexpr std::uint64_t kBestRatio = 1032; // deflate cannot do better
    if (entry.size > m_inflated_left || entry.size / kBestRatio > entry.packed + 1 ||
        (entry.method == kStored && entry.size != entry.packed)) {
        damaged(words("its file '{}' claims {} bytes", "文件“{}”自称有 {} 个字节", entry.name, entry.size));
    }
    m_inflated_left -= entry.size;
    auto const packed = m_zip.subspan(data_of(entry), entry.packed);
    InflatedBytes result{entry.size};
    if (entry.method == kStored) {
        std::ranges::copy(packed, result.room().begin());
    } else {
        z_stream stream{};
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
            throw std::bad_alloc{};
        }
        std::unique_ptr<z_stream, InflateEnd> const ending{&stream};
        constexpr std::uint64_t kPiece = std::uint64_t{1} << 30; // zlib counts in 32 bits
        std::uint64_t used = 0;
        std::uint64_t made = 0;
        int state = Z_OK;
        while (state == Z_OK) {
            stream.next_in = const_cast<Bytef*>(in(packed.data() + used));
            stream.avail_in = static_cast<uInt>(std::min(kPiece, packed.size() - used));
            stream.next_out = reinterpret_cast<Bytef*>(result.room().data() + made);
            stream.avail_out = static_cast<uInt>(std::min(kPiece, entry.size - made));
            auto const in_before = stream.avail_in;
            auto const out_before = stream.avail_out;
            state = ::inflate(&stream, Z_NO_FLUSH);
            used += in_before - stream.avail_in;
            made += out_before - stream.avail_out;
            if (state == Z_OK && in_before == stream.avail_in && out_before == stream.avail_out) {
                break; // more would come than it claims
            }
        }
        if (state != Z_STREAM_END || made != entry.size) {
            damaged(words("its file '{}' cannot be unpacked", "文件“{}”无法解压", entry.name));
        }
    }
    if (crc32_z(0, in(result.bytes().data()), result.bytes().size()) != entry.crc) {
        damaged(words("its file '{}' does not agree with its checksum", "文件“{}”与其校验和不符", entry.name));
    }
    return result;
}

InflatedBytes gunzip(Bytes gz, std::string const& subject, std::uint64_t most) {
    z_stream stream{};
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) {
        throw std::bad_alloc{};
    }
    std::unique_ptr<z_stream, InflateEnd> const ending{&stream};
    constexpr std::uint64_t kPiece = std::uint64_t{1} << 30;
    InflatedBytes result{std::min<std::uint64_t>(most, std::max<std::uint64_t>(gz.size() * 8, 1U << 16U))};
    std::uint64_t used = 0;
    std::uint64_t made = 0;
    bool finished = false;
    while (!finished || used < gz.size()) {
        if (finished) { // another member follows
            inflateReset(&stream);
        }
        if (made == result.room().size()) {
            if (made >= most) {
                throw Error{ErrorCode::data_rejected,
                            words("{}: grows to more than {} MiB when unpacked, which no boundaries need",
                                  "{}：解压后超过 {} MiB，边界数据不需要这么大", subject, most >> 20U)};
            }
            InflatedBytes larger{std::min<std::uint64_t>(most, made * 2)};
            std::ranges::copy(result.bytes(), larger.room().begin());
            result = std::move(larger);
        }
        stream.next_in = const_cast<Bytef*>(in(gz.data() + used));
        stream.avail_in = static_cast<uInt>(std::min(kPiece, gz.size() - used));
        stream.next_out = reinterpret_cast<Bytef*>(result.room().data() + made);
        stream.avail_out = static_cast<uInt>(std::min<std::uint64_t>(kPiece, result.room().size() - made));
        auto const in_before = stream.avail_in;
        auto const out_before = stream.avail_out;
        int const state = ::inflate(&stream, Z_NO_FLUSH);
        used += in_before - stream.avail_in;
        made += out_before - stream.avail_out;
        bool const stuck = state == Z_BUF_ERROR && used == gz.size();
        if ((state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) || stuck) {
            throw Error{ErrorCode::data_unreadable,
                        words("{}: is a damaged or cut .gz; copy it again from where it came",
                              "{}：.gz 已损坏或不完整；请从来源处重新复制", subject)};
        }
        finished = state == Z_STREAM_END;
    }
    result.shrink(made);
    return result;
}

} // namespace wangge::importers
