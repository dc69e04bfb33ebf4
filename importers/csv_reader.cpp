#include <wangge/importers/csv_reader.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace wangge::importers {

CsvReader::CsvReader(Source source, char separator)
    : m_source(std::move(source)), m_separator(separator), m_buffer(std::size_t{1} << 16U) {}

bool CsvReader::fill() {
    if (m_ended) {
        return false;
    }
    m_at = 0;
    m_size = m_source(m_buffer);
    m_ended = m_size == 0;
    return !m_ended;
}

CsvReader::Outcome CsvReader::next(std::vector<std::string>& fields) {
    enum class In { start, plain, quoted, after_quote };
    std::size_t count = 0; // fields begun in this record
    std::string* field = nullptr;
    auto const begin_field = [&] {
        if (count == fields.size()) {
            fields.emplace_back();
        }
        field = &fields[count++];
        field->clear();
    };
    auto in = In::start;
    bool bad_quote = false;
    std::size_t bytes = 0;
    begin_field();
    m_record_line = m_line;

    for (;;) {
        if (m_at == m_size && !fill()) {
            if (in == In::plain && !field->empty() && field->back() == '\r') {
                field->pop_back();
            }
            if (count == 1 && field->empty() && (in == In::start || in == In::plain)) {
                return Outcome::end;
            }
            fields.resize(count);
            if (in == In::quoted) {
                return Outcome::open_quote;
            }
            return bad_quote ? Outcome::bad_quote : Outcome::record;
        }
        if (bytes > kMaxRecord) {
            m_at = m_size;
            m_ended = true;
            fields.resize(count);
            return Outcome::record_long;
        }
        char const* const data = m_buffer.data();
        if (in == In::quoted) { // up to the next quote in one go
            auto const* const from = data + m_at;
            auto const* const stop = std::find(from, data + m_size, '"');
            field->append(from, stop);
            m_line += static_cast<std::uint64_t>(std::count(from, stop, '\n'));
            bytes += static_cast<std::size_t>(stop - from);
            m_at += static_cast<std::size_t>(stop - from);
            if (m_at < m_size) {
                ++m_at;
                ++bytes;
                in = In::after_quote;
            }
            continue;
        }
        char const c = data[m_at];
        if (c == m_separator) {
            ++m_at;
            ++bytes;
            begin_field();
            in = In::start;
        } else if (c == '\n') {
            ++m_at;
            ++m_line;
            if (in != In::after_quote && !field->empty() && field->back() == '\r') {
                field->pop_back();
            }
            if (count == 1 && field->empty() && in != In::after_quote) { // an empty line
                in = In::start;
                bytes = 0;
                m_record_line = m_line;
                continue;
            }
            fields.resize(count);
            return bad_quote ? Outcome::bad_quote : Outcome::record;
        } else if (c == '"' && in == In::start) {
            ++m_at;
            ++bytes;
            in = In::quoted;
        } else if (in == In::after_quote) {
            ++m_at;
            ++bytes;
            if (c == '"') { // a doubled quote
                *field += '"';
                in = In::quoted;
            } else if (c != '\r') {
                bad_quote = true;
                *field += c;
                in = In::plain;
            }
        } else {
            // Plain text up to the next separator or line break in one go; a quote inside it is text, as spreadsheets
            // read it.
            auto const* const from = data + m_at;
            auto const* stop = from;
            auto const* const end = data + m_size;
            while (stop != end && *stop != m_separator && *stop != '\n') {
                ++stop;
            }
            field->append(from, stop);
            bytes += static_cast<std::size_t>(stop - from);
            m_at += static_cast<std::size_t>(stop - from);
            in = In::plain;
        }
    }
}

} // namespace wangge::importers
