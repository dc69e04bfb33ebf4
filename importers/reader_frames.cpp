#include "reader_frames.hpp"

#include <wangge/base/utf8.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace wangge::importers {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

constexpr std::string_view kRequestMark = "wangge-read 2\n";
constexpr std::size_t kFrameHead = 5;
constexpr std::size_t kMostColumns = 4096;
constexpr std::size_t kMostRemarks = 100;
constexpr std::size_t kLongestText = std::size_t{1} << 20; ///< of a name, remark, message or CRS
constexpr std::size_t kPiece = std::size_t{1} << 18;

// In the place of a field's length.
constexpr std::uint32_t kAbsent = 0xFFFFFFFFU;
constexpr std::uint32_t kUndecoded = 0xFFFFFFFEU; ///< the length and the bytes follow

enum FrameType : std::uint8_t { kHeader = 1, kFeature = 2, kEnd = 3, kFault = 4 };

constexpr std::array kErrors{ErrorCode::usage, ErrorCode::data_unreadable, ErrorCode::data_rejected,
                             ErrorCode::environment};
constexpr std::array kRowProblems{ProblemCode::unreadable_text, ProblemCode::malformed_value,
                                  ProblemCode::empty_geometry, ProblemCode::unsupported_geometry};

template <class Number>
void put(std::string& to, Number number) {
    to.append(reinterpret_cast<char const*>(&number), sizeof number);
}

void put_text(std::string& to, std::string_view text) {
    put(to, static_cast<std::uint32_t>(text.size()));
    to += text;
}

/// The pair in which a person reads it.
void put_words(std::string& to, Words const& words) {
    put_text(to, shown_safely(words.english));
    put_text(to, shown_safely(words.chinese));
}

void put_texts(std::string& to, std::vector<std::string> const& texts) {
    put(to, static_cast<std::uint32_t>(texts.size()));
    for (auto const& text : texts) {
        put_text(to, text);
    }
}

/// Takes values off the front of a payload; after a failure it gives zeros and good() is false.
class Taker {
public:
    explicit Taker(std::string_view bytes) : m_rest(bytes) {}
    [[nodiscard]] bool good() const noexcept { return m_good; }
    [[nodiscard]] bool done() const noexcept { return m_good && m_rest.empty(); }

    template <class Number>
    Number number() {
        Number value{};
        if (m_rest.size() < sizeof value) {
            m_good = false;
            return value;
        }
        std::memcpy(&value, m_rest.data(), sizeof value);
        m_rest.remove_prefix(sizeof value);
        return value;
    }
    /// The same, and leaves it there.
    template <class Number>
    [[nodiscard]] Number peek() const {
        return Taker{*this}.number<Number>();
    }
    std::string_view bytes(std::size_t count) {
        if (m_rest.size() < count) {
            m_good = false;
            return {};
        }
        auto const taken = m_rest.substr(0, count);
        m_rest.remove_prefix(count);
        return taken;
    }
    std::string_view text(std::size_t longest) {
        auto const size = number<std::uint32_t>();
        m_good = m_good && size <= longest;
        auto const taken = m_good ? bytes(size) : std::string_view{};
        m_good = m_good && is_utf8(taken);
        return taken;
    }
    /// As a terminal may show them.
    Words words() {
        auto const english = text(kLongestText);
        auto const chinese = text(kLongestText);
        return {shown_safely(english), shown_safely(chinese)};
    }
    std::vector<std::string> texts(std::size_t most) {
        std::vector<std::string> result;
        auto const count = number<std::uint32_t>();
        m_good = m_good && count <= most;
        for (std::uint32_t i = 0; m_good && i < count; ++i) {
            result.emplace_back(text(kLongestText));
        }
        return result;
    }

private:
    std::string_view m_rest;
    bool m_good = true;
};

template <class Code>
[[nodiscard]] std::optional<Code> one_of(std::span<Code const> known, std::uint16_t value) {
    auto const found = std::ranges::find(known, static_cast<Code>(value));
    return found == known.end() ? std::nullopt : std::optional{*found};
}

/// Room for the length of a frame, filled in by close_frame.
[[nodiscard]] std::size_t open_frame(std::string& buffer, FrameType type) {
    buffer += static_cast<char>(type);
    put(buffer, std::uint32_t{0});
    return buffer.size();
}

void close_frame(std::string& buffer, std::size_t start) {
    auto const size = static_cast<std::uint32_t>(buffer.size() - start);
    std::memcpy(buffer.data() + start - sizeof size, &size, sizeof size);
}

} // namespace

std::string encode(ReadRequest const& request) {
    auto const& options = request.options;
    std::string bytes{kRequestMark};
    for (auto const* const text : {&request.path, &options.crs, &options.encoding, &options.layer}) {
        put_text(bytes, *text);
    }
    put_texts(bytes, options.known_names);
    put(bytes, options.limits);
    put(bytes, static_cast<std::uint8_t>(request.sheet ? 1 : 0));
    return bytes;
}

ReadRequest decode_request(std::string_view bytes) {
    ReadRequest request;
    auto& options = request.options;
    bool good = bytes.starts_with(kRequestMark);
    Taker taker{bytes.substr(std::min(bytes.size(), kRequestMark.size()))};
    for (auto* const text : {&request.path, &options.crs, &options.encoding, &options.layer}) {
        *text = taker.bytes(taker.number<std::uint32_t>()); // a path may be any bytes
    }
    auto const names = taker.number<std::uint32_t>();
    for (std::uint32_t i = 0; taker.good() && i < names; ++i) {
        options.known_names.emplace_back(taker.bytes(taker.number<std::uint32_t>()));
    }
    options.limits = taker.number<ReadLimits>();
    request.sheet = taker.number<std::uint8_t>() == 1;
    good = good && taker.done();
    if (!good) {
        throw Error{ErrorCode::environment,
                    "the request to read a file is not understood: wangge and wangge-reader are "
                    "of different versions; install both again"};
    }
    return request;
}

void FrameWriter::flush() {
    std::string_view rest{m_buffer};
    while (!rest.empty()) {
        auto const written = ::write(m_fd, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) {
            ::_exit(1); // nobody listens any more
        }
        rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    m_buffer.clear();
}

void FrameWriter::header(SourceHeader const& header) {
    auto const start = open_frame(m_buffer, kHeader);
    put_text(m_buffer, shown_safely(header.layer)); // it may be a file name, of any bytes
    put_text(m_buffer, header.encoding);
    put_text(m_buffer, header.crs_definition);
    put_texts(m_buffer, header.columns);
    put(m_buffer, static_cast<std::uint32_t>(header.remarks.size()));
    for (auto const& remark : header.remarks) {
        put_words(m_buffer, remark);
    }
    put(m_buffer, header.feature_count);
    for (auto const type : header.types) {
        put(m_buffer, static_cast<std::uint8_t>(type));
    }
    close_frame(m_buffer, start);
    flush();
}

void FrameWriter::feature(RawFeature const& feature, std::span<RowProblem const> problems) {
    auto const start = open_frame(m_buffer, kFeature);
    put(m_buffer, std::uint64_t{feature.row});
    for (std::size_t i = 0; i < feature.fields.size(); ++i) {
        auto const bytes = std::ranges::find(feature.undecoded, i, [](auto const& field) { return field.first; });
        if (bytes != feature.undecoded.end()) {
            put(m_buffer, kUndecoded);
            put_text(m_buffer, bytes->second);
        } else if (i < feature.absent.size() && feature.absent[i]) {
            put(m_buffer, kAbsent);
        } else {
            put_text(m_buffer, feature.fields[i]);
        }
    }
    put(m_buffer, static_cast<std::uint32_t>(problems.size()));
    for (auto const& problem : problems) {
        put(m_buffer, static_cast<std::uint16_t>(problem.code));
        put_words(m_buffer, problem.message);
    }
    put(m_buffer, static_cast<std::uint32_t>(feature.rings.size()));
    for (auto const& ring : feature.rings) {
        put(m_buffer, ring.last - ring.first);
        put(m_buffer, ring.part);
        put(m_buffer, static_cast<std::uint8_t>(ring.hole ? 1 : 0));
    }
    m_buffer.append(reinterpret_cast<char const*>(feature.coordinates.data()),
                    feature.coordinates.size() * sizeof(crs::Coordinate));
    close_frame(m_buffer, start);
    if (m_buffer.size() >= kPiece) {
        flush();
    }
}

void FrameWriter::end(std::uint64_t features) {
    auto const start = open_frame(m_buffer, kEnd);
    put(m_buffer, features);
    close_frame(m_buffer, start);
    flush();
}

void FrameWriter::fault(ErrorCode code, Words const& message) {
    auto const start = open_frame(m_buffer, kFault);
    put(m_buffer, static_cast<std::uint16_t>(code));
    put_words(m_buffer, message);
    close_frame(m_buffer, start);
    flush();
}

FrameReader::FrameReader(Source source, ReadLimits const& limits, std::string subject)
    : m_source(std::move(source)), m_limits(limits), m_subject(std::move(subject)) {}

void FrameReader::malformed(char const* what) const {
    throw Error{ErrorCode::data_unreadable,
                words("{}: the process that reads it gave back what cannot be ({}); the file is damaged, or made to "
                      "do harm: have it exported again",
                      "{}：读取进程返回了不可能的内容（{}）；文件已损坏或是恶意文件：请重新导出", m_subject, what)};
}

void FrameReader::raise(std::string_view payload) const {
    Taker taker{payload};
    auto const code = one_of(std::span<ErrorCode const>{kErrors}, taker.number<std::uint16_t>());
    auto message = taker.words();
    if (!code || !taker.done()) {
        malformed("an unknown fault");
    }
    throw Error{*code, std::move(message)};
}

void FrameReader::need(std::size_t bytes) {
    if (m_end - m_begin >= bytes) {
        return;
    }
    if (m_begin > 0) {
        std::memmove(m_buffer.data(), m_buffer.data() + m_begin, m_end - m_begin);
        m_end -= std::exchange(m_begin, 0);
    }
    while (m_end < bytes) {
        if (m_end == m_buffer.size()) {
            m_buffer.resize(std::max(kPiece, m_buffer.size() * 2));
        }
        m_end += m_source(std::span{m_buffer}.subspan(m_end));
    }
}

FrameReader::Frame FrameReader::frame() {
    need(kFrameHead);
    Frame frame{static_cast<std::uint8_t>(m_buffer[m_begin]), {}};
    std::uint32_t size = 0;
    std::memcpy(&size, m_buffer.data() + m_begin + 1, sizeof size);
    if (size > m_limits.feature_bytes) {
        malformed("a frame larger than a feature may be");
    }
    need(kFrameHead + size);
    frame.payload = std::string_view{m_buffer}.substr(m_begin + kFrameHead, size);
    m_begin += kFrameHead + size;
    return frame;
}

SourceHeader FrameReader::header() {
    auto const [type, payload] = frame();
    if (type == kFault) {
        raise(payload);
    }
    SourceHeader header;
    Taker taker{payload};
    header.layer = shown_safely(taker.text(kLongestText));
    header.encoding = taker.text(kLongestText);
    header.crs_definition = taker.text(kLongestText);
    header.columns = taker.texts(kMostColumns);
    auto const remarks = taker.number<std::uint32_t>();
    for (std::uint32_t i = 0; taker.good() && i < std::min<std::size_t>(remarks, kMostRemarks + 1); ++i) {
        header.remarks.push_back(taker.words());
    }
    header.feature_count = taker.number<std::uint64_t>();
    bool types_known = true;
    for (auto const byte : taker.bytes(header.columns.size())) {
        header.types.push_back(static_cast<ValueType>(byte));
        types_known = types_known && header.types.back() <= ValueType::binary;
    }
    if (!types_known || type != kHeader || remarks > kMostRemarks || !taker.done() ||
        canonical_encoding(header.encoding) != header.encoding) {
        malformed("its first words");
    }
    for (auto& column : header.columns) {
        column = shown_safely(column);
    }
    m_columns = header.columns.size();
    return header;
}

bool FrameReader::next(RawFeature& feature, std::vector<RowProblem>& problems) {
    auto const [type, payload] = frame();
    if (type == kFault) {
        raise(payload);
    }
    Taker taker{payload};
    if (type == kEnd) {
        auto const features = taker.number<std::uint64_t>();
        if (!taker.done() || features != m_features) {
            malformed("another number of features than it counted");
        }
        return false;
    }
    if (type != kFeature) {
        malformed("an unknown frame");
    }
    auto const row = taker.number<std::uint64_t>();
    feature.row = row;
    feature.fields.resize(m_columns);
    feature.absent.assign(m_columns, false);
    feature.undecoded.clear();
    for (std::size_t i = 0; i < m_columns; ++i) {
        feature.fields[i].clear();
        if (auto const mark = taker.peek<std::uint32_t>(); mark == kAbsent) {
            feature.absent[i] = true;
            (void)taker.number<std::uint32_t>();
        } else if (mark == kUndecoded) {
            (void)taker.number<std::uint32_t>();
            feature.undecoded.emplace_back(static_cast<std::uint32_t>(i), taker.bytes(taker.number<std::uint32_t>()));
        } else {
            feature.fields[i] = taker.text(payload.size());
        }
    }
    problems.clear();
    auto const problem_count = taker.number<std::uint32_t>();
    if (problem_count > m_columns + 2) {
        malformed("more problems than a feature can have");
    }
    for (std::uint32_t i = 0; taker.good() && i < problem_count; ++i) {
        auto const code = one_of(std::span<ProblemCode const>{kRowProblems}, taker.number<std::uint16_t>());
        auto message = taker.words();
        if (!code) {
            malformed("an unknown problem");
        }
        problems.push_back({*code, std::move(message)});
    }
    auto const ring_count = taker.number<std::uint32_t>();
    feature.rings.clear();
    auto const most = payload.size() / sizeof(crs::Coordinate);
    std::uint32_t vertices = 0;
    for (std::uint32_t i = 0; taker.good() && i < ring_count; ++i) {
        auto const count = taker.number<std::uint32_t>();
        auto const part = taker.number<std::uint32_t>();
        auto const hole = taker.number<std::uint8_t>();
        auto const previous = feature.rings.empty() ? std::optional<std::uint32_t>{} : feature.rings.back().part;
        bool const begins = previous ? part == *previous + 1 : part == 0;
        bool const goes_on = previous && part == *previous;
        if (hole > 1 || !(hole == 1 ? goes_on : begins) || count > most - vertices) {
            malformed("rings that make no polygon");
        }
        feature.rings.push_back({vertices, vertices + count, part, hole == 1});
        vertices += count;
    }
    auto const coordinates = taker.bytes(std::size_t{vertices} * sizeof(crs::Coordinate));
    if (!taker.done()) {
        malformed("a feature that is not whole");
    }
    feature.coordinates.resize(vertices);
    if (vertices > 0) {
        std::memcpy(feature.coordinates.data(), coordinates.data(), coordinates.size());
    }
    if (row <= m_last_row) {
        malformed("rows that do not grow");
    }
    m_last_row = row;
    m_vertices += vertices;
    if (++m_features > m_limits.features || m_vertices > m_limits.vertices) {
        throw Error{ErrorCode::data_rejected,
                    words("{}: has more than {} features or {} vertices, too many for one import; cut it into parts",
                          "{}：要素超过 {} 个或节点超过 {} 个，一次导入不了；请分成几部分", m_subject,
                          m_limits.features, m_limits.vertices)};
    }
    return true;
}

std::string shown_safely(std::string_view text, std::size_t longest) {
    std::string result;
    auto const bytes = text.substr(0, longest);
    for (std::size_t i = 0; i < bytes.size();) {
        auto const c = static_cast<unsigned char>(bytes[i]);
        std::size_t length = 1;
        if (c >= 0x80U) { // the whole character, or a question mark for the byte
            for (length = 2; length <= 4 && !is_utf8(bytes.substr(i, length)); ++length) {
            }
            length = length <= 4 && i + length <= bytes.size() ? length : 1;
        }
        if (length == 1) {
            result += c < 0x20U || c == 0x7FU ? ' ' : c >= 0x80U ? '?' : static_cast<char>(c);
        } else if (c == 0xC2U && static_cast<unsigned char>(bytes[i + 1]) < 0xA0U) { // C1 controls drive terminals too
            result += ' ';
        } else {
            result += bytes.substr(i, length);
        }
        i += length;
    }
    return text.size() > longest ? result + "..." : result;
}

} // namespace wangge::importers
