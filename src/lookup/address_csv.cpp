#include "bulk_stream.hpp"
#include "csv_header.hpp"
#include "csv_marks.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/text_recoder.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/lookup/address_csv.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace wangge::lookup {

namespace {

using address::Component;

constexpr std::array kColumns{Component::province, Component::city,     Component::county, Component::town,
                              Component::village,  Component::group,    Component::road,   Component::number,
                              Component::estate,   Component::building, Component::unit,   Component::floor,
                              Component::room,     Component::landmark};
constexpr std::size_t kBatchRecords = 1024;
/// Added columns before the components.
constexpr std::array<std::string_view, 8> kAdded{"grid_code", "level",      "score",          "longitude",
                                                 "latitude",  "candidates", "address_status", "standard_address"};

/// `value` as a field of a CSV.
void put_field(std::string& out, std::string_view value, char separator) {
    out += separator;
    if (value.find_first_of("\"\r\n") == std::string_view::npos && value.find(separator) == std::string_view::npos) {
        out += value;
        return;
    }
    out += '"';
    for (auto const c : value) {
        out.append(c == '"' ? 2 : 1, c);
    }
    out += '"';
}

/// Names of the added columns; those that the input has already get address_ before them.
std::string heading(TextHeader const& header) {
    std::string out;
    auto const add = [&](std::string_view name) {
        bool const there = std::find(header.names.begin(), header.names.end(), name) != header.names.end();
        put_field(out, there ? fmt::format("address_{}", name) : std::string{name}, header.separator);
    };
    for (auto const name : kAdded) {
        add(name);
    }
    for (auto const component : kColumns) {
        add(to_string(component));
    }
    return out;
}

class AddressAnswerer final : public BlockAnswerer {
public:
    AddressAnswerer(Geocoder const& geocoder, snapshot::Snapshot const& snapshot, TextHeader const& header,
                    bool gb18030, std::string file)
        : m_geocoder(geocoder)
        , m_snapshot(snapshot)
        , m_header(header)
        , m_gb18030(gb18030)
        , m_file(std::move(file))
        , m_marks(header.separator) {}

    [[nodiscard]] Tally answer(Block const& block, Deliver const& deliver) override {
        constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
        Tally tally;
        m_out.clear();
        auto const text = block.bytes();
        m_marks.begin(text);
        while (!tally.stopped && m_marks.next(kBatchRecords)) {
            m_rows.clear();
            m_texts = 0;
            for (std::size_t record = 0; record < m_marks.records() && !tally.stopped; ++record) {
                read_record(text, record, tally);
            }
            answer_rows(tally);
            if (m_out.size() > kPieceBytes) {
                deliver(m_out);
                m_out.clear();
            }
        }
        if (!m_out.empty()) {
            deliver(m_out);
        }
        return tally;
    }
    [[noreturn]] void refuse(std::uint64_t record) const override { refuse_long_record(m_file, record); }

private:
    struct Row {
        std::string_view record;
        std::size_t missing = 0; ///< columns at its end
        std::string_view fault;  ///< empty: the next of the texts is its address
    };

    void read_record(std::string_view text, std::size_t record, Tally& tally) {
        auto const begin = m_marks.begin_of(record);
        auto const line_end = m_marks.end_of(record);
        if (line_end - begin > kLongestRecord) {
            tally.stopped = true;
            return;
        }
        ++tally.records;
        auto const end = line_end - static_cast<std::uint32_t>(line_end != begin && text[line_end - 1] == '\r');
        if (begin == end) {
            return;
        }
        ++tally.result.rows;
        auto const columns = m_marks.columns(record);
        auto& row = m_rows.emplace_back(Row{
            text.substr(begin, end - begin), m_header.columns - std::min<std::size_t>(columns, m_header.columns), {}});
        if (columns <= std::ranges::max(m_header.address) || columns > m_header.columns) {
            row.fault = "bad_row";
            return;
        }
        if (m_texts == m_text.size()) {
            m_text.emplace_back();
        }
        auto& address = m_text[m_texts];
        address.clear();
        for (auto const column : m_header.address) {
            auto const first = m_marks.begin_of(record, column);
            auto const last = column + 1 == columns ? end : m_marks.end_of(record, column);
            address += unquoted(text.substr(first, last - first));
        }
        if (m_gb18030 && !m_to_utf8.convert(address)) {
            row.fault = "bad_text";
            return;
        }
        ++m_texts;
    }

    void answer_rows(Tally& tally) {
        m_views.assign(m_text.begin(), m_text.begin() + static_cast<std::ptrdiff_t>(m_texts));
        m_answers.clear();
        m_answer_of.resize(m_texts);
        m_geocoder.geocode(m_views, [&](std::size_t text, AddressAnswer const& answer) { // in any order
            auto const begin = m_answers.size();
            if (answer.match.outcome == address::Normalizer::Outcome::good) {
                put_answer(answer, tally);
            } else {
                put_fault("bad_text", tally, m_answers);
            }
            m_answer_of[text] = {begin, m_answers.size() - begin};
        });
        auto answer = m_answer_of.begin();
        for (auto const& row : m_rows) {
            m_out += row.record;
            m_out.append(row.missing, m_header.separator);
            if (row.fault.empty()) {
                m_out.append(m_answers, answer->begin, answer->size);
                ++answer;
            } else {
                put_fault(row.fault, tally, m_out);
            }
        }
    }

    void put_fault(std::string_view status, Tally& tally, std::string& out) const {
        ++tally.result.faults;
        for (auto const name : kAdded) {
            put_field(out, name == "address_status" ? status : std::string_view{}, m_header.separator);
        }
        out.append(kColumns.size(), m_header.separator);
        out += '\n';
    }

    /// Of the province, city, county, town or village in which the place lies. Empty where no more is known than what
    /// is wider.
    [[nodiscard]] std::string_view division_name(address::DivisionNumber division, Component wanted) const {
        if (division == address::kNoDivision || wanted > Component::village) {
            return {};
        }
        auto const& gazetteer = m_geocoder.gazetteer();
        auto const level = static_cast<Level>(static_cast<unsigned>(Level::province) + static_cast<unsigned>(wanted));
        auto const at = gazetteer.ancestor(division, level);
        return at == address::kNoDivision ? std::string_view{} : gazetteer.division(at).name;
    }

    /// What the registry has for the component, else what the text has.
    [[nodiscard]] std::string_view component(AddressAnswer const& answer, Component wanted) const {
        if (!answer.match.places.empty()) {
            if (auto const name = division_name(answer.match.places.front().division, wanted); !name.empty()) {
                return name;
            }
            for (auto const& item : answer.match.places.front().evidence) {
                if (item.component == wanted && !item.found.empty()) {
                    return item.found;
                }
            }
        }
        for (auto const& read : answer.match.components) {
            if (read.component == wanted) {
                return read.text;
            }
        }
        return {};
    }

    void put_answer(AddressAnswer const& a, Tally& tally) {
        auto const separator = m_header.separator;
        ++(a.grid ? tally.result.inside : tally.result.outside);
        m_added.clear();
        put_field(m_added, a.grid ? m_snapshot.grid(*a.grid).code.str() : std::string_view{}, separator);
        put_field(m_added, to_string(a.level), separator);
        auto const to = std::back_inserter(m_added);
        fmt::format_to(to, "{}{:.4f}", separator, a.score);
        if (a.position) {
            fmt::format_to(to, "{}{:.7f}{}{:.7f}", separator, geom::to_degrees(a.position->lon), separator,
                           geom::to_degrees(a.position->lat));
        } else {
            m_added.append(2, separator);
        }
        m_added += separator;
        for (std::size_t i = 0; i < a.grids.size() && !a.grid; ++i) {
            m_added.append(i == 0 ? 0 : 1, ' ');
            m_added += m_snapshot.grid(a.grids[i].grid).code.str();
        }
        put_field(m_added, a.grid ? "ok" : a.grids_in_all != 0 ? "undetermined" : "not_found", separator);
        put_field(m_added, a.standard ? std::string_view{a.standard->text} : std::string_view{}, separator);
        for (auto const wanted : kColumns) {
            put_field(m_added, component(a, wanted), separator);
        }
        if (m_gb18030 && !m_from_utf8.convert(m_added)) {
            throw Error{ErrorCode::environment, "iconv cannot write GB18030"};
        }
        m_answers += m_added;
        m_answers += '\n';
    }

    Geocoder m_geocoder;
    snapshot::Snapshot const& m_snapshot;
    TextHeader m_header;
    bool m_gb18030;
    std::string m_file;
    CsvMarks m_marks;
    TextRecoder m_to_utf8{"UTF-8", "GB18030"}, m_from_utf8{"GB18030", "UTF-8"};
    std::vector<Row> m_rows;
    std::vector<std::string> m_text; ///< addresses; the first m_texts are those of the rows
    std::size_t m_texts = 0;
    std::vector<std::string_view> m_views;
    struct Piece {
        std::size_t begin = 0, size = 0;
    };
    std::string m_answers;          ///< what is added to the rows of the texts
    std::vector<Piece> m_answer_of; ///< of each text, in m_answers
    std::string m_added, m_out;
};

} // namespace

BulkResult geocode_csv(Geocoder const& geocoder, snapshot::Snapshot const& snapshot, AddressCsvRequest const& request,
                       Progress& progress) {
    // Blocks are small, so that all threads have work: an address takes a hundred times as long as a position.
    constexpr std::size_t kAddressBlock = std::size_t{128} << 10U;
    BlockReader in{request.in, kAddressBlock, kLongestRecord, whole_records};
    auto const first = take_header(in);
    auto const header_text = without_line_end(first);
    auto const header = read_text_header(header_text, request.columns, in.name());
    bool const gb18030 = !is_mostly_utf8(first + std::string{in.read_ahead()});
    std::vector<std::unique_ptr<BlockAnswerer>> workers;
    for (unsigned i = 0; i < std::max(request.threads, 1U); ++i) {
        workers.push_back(std::make_unique<AddressAnswerer>(geocoder, snapshot, header, gb18030, in.name()));
    }
    BulkOutput out{request.out};
    out.write(fmt::format("{}{}\n", header_text, heading(header)));
    return answer_blocks(in, out, workers, 1, {"Finding addresses", "addresses"}, progress);
}

} // namespace wangge::lookup
