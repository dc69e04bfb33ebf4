#include "csv_marks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wangge::lookup {

namespace {

constexpr std::size_t kStep = 64;

/// Which of 64 bytes are what: bit i for byte i.
struct Bits {
    std::uint64_t line_ends = 0, separators = 0, quotes = 0;
};

#if defined(__SSE2__)
Bits bits_of(char const* bytes, char separator) noexcept {
    __m128i const line_end = _mm_set1_epi8('\n'), quote = _mm_set1_epi8('"'), wanted = _mm_set1_epi8(separator);
    Bits bits;
    for (unsigned part = 0; part < 4; ++part) {
        auto const sixteen = _mm_loadu_si128(reinterpret_cast<__m128i const*>(bytes + std::size_t{16} * part));
        auto const equal = [&](__m128i what) {
            auto const found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, what)));
            return std::uint64_t{found} << (16U * part);
        };
        bits.line_ends |= equal(line_end);
        bits.separators |= equal(wanted);
        bits.quotes |= equal(quote);
    }
    return bits;
}
#else
Bits bits_of(char const* bytes, char separator) noexcept {
    Bits bits;
    for (unsigned i = 0; i < kStep; ++i) {
        bits.line_ends |= std::uint64_t{bytes[i] == '\n'} << i;
        bits.separators |= std::uint64_t{bytes[i] == separator} << i;
        bits.quotes |= std::uint64_t{bytes[i] == '"'} << i;
    }
    return bits;
}
#endif

/// Of the first `left` bytes only; the others must be readable.
Bits bits_of(char const* bytes, char separator, std::size_t left) noexcept {
    auto bits = bits_of(bytes, separator);
    if (left < kStep) {
        auto const inside = (std::uint64_t{1} << left) - 1;
        bits.line_ends &= inside;
        bits.separators &= inside;
        bits.quotes &= inside;
    }
    return bits;
}

/// Bit i: are the bits 0 to i of `bits` odd in number?
std::uint64_t parities(std::uint64_t bits) noexcept {
    for (unsigned shift = 1; shift < kStep; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
}

/// All ones when the highest bit is set.
std::uint64_t spread_highest(std::uint64_t bits) noexcept { return std::uint64_t{0} - (bits >> 63U); }

} // namespace

std::size_t whole_records(std::string_view text) noexcept {
    if (text.empty() || std::memchr(text.data(), '"', text.size()) == nullptr) {
        auto const last = text.rfind('\n');
        return last == std::string_view::npos ? 0 : last + 1;
    }
    std::size_t end = 0;
    std::uint64_t quoted = 0;
    for (std::size_t at = 0; at < text.size(); at += kStep) {
        auto const bits = bits_of(text.data() + at, '\n', text.size() - at);
        quoted ^= parities(bits.quotes);
        if (auto const ends = bits.line_ends & ~quoted; ends != 0) {
            end = at + static_cast<std::size_t>(std::bit_width(ends));
        }
        quoted = spread_highest(quoted);
    }
    return end;
}

std::size_t first_record(std::string_view text) noexcept {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == '\n' && !quoted) {
            return i + 1;
        }
    }
    return 0;
}

std::string_view without_line_end(std::string_view record) noexcept {
    if (first_record(record) != 0) {
        record.remove_suffix(1);
    }
    if (record.ends_with('\r')) {
        record.remove_suffix(1);
    }
    return record;
}

void CsvMarks::begin(std::string_view text) {
    m_text = text;
    m_at = 0;
    m_quoted = 0;
    m_marks.resize(std::max<std::size_t>(m_marks.size(), kStep));
    m_marks.front() = ~std::uint32_t{0}; // the text begins behind it
    m_mark_count = 1;
    m_record_ends.assign(1, 0);
}

bool CsvMarks::next(std::size_t records) {
    // What is marked of the record that is not whole yet goes to the front.
    auto const kept = m_record_ends.back();
    std::copy(m_marks.begin() + kept, m_marks.begin() + static_cast<std::ptrdiff_t>(m_mark_count), m_marks.begin());
    m_mark_count -= kept;
    m_record_ends.resize(records + kStep + 2);
    m_record_ends.front() = 0;
    std::size_t ends = 1;
    while (m_at < m_text.size() && ends <= records) {
        if (m_marks.size() < m_mark_count + kStep + 1) {
            m_marks.resize(2 * m_marks.size() + 16 * kStep);
        }
        auto const bits = bits_of(m_text.data() + m_at, m_separator, m_text.size() - m_at);
        std::uint64_t quoted = m_quoted;
        if (bits.quotes != 0) {
            quoted ^= parities(bits.quotes);
            m_quoted = spread_highest(quoted);
        }
        auto const base = static_cast<std::uint32_t>(m_at);
        for (auto marked = (bits.line_ends | bits.separators) & ~quoted; marked != 0; marked &= marked - 1) {
            auto const bit = static_cast<std::uint32_t>(std::countr_zero(marked));
            m_marks[m_mark_count] = base + bit;
            m_record_ends[ends] = static_cast<std::uint32_t>(m_mark_count++);
            ends += (bits.line_ends >> bit) & 1U;
        }
        m_at += kStep;
    }
    m_record_ends.resize(ends);
    auto const size = static_cast<std::uint32_t>(m_text.size());
    if (m_at >= m_text.size() && m_marks[m_record_ends.back()] + 1U < size) {
        m_marks[m_mark_count] = size;
        m_record_ends.push_back(static_cast<std::uint32_t>(m_mark_count++));
    }
    return this->records() > 0;
}

} // namespace wangge::lookup
