#include "record_table.hpp"

#include "index_view.hpp"
#include "text_columns.hpp"

#include <wangge/base/error.hpp>

#include <array>
#include <optional>

namespace wangge::address {

namespace {

/// Takes the parts off the end of the text, the last first; empty when it does not end with them.
template <std::size_t n>
std::optional<std::string_view> without_parts(std::string_view text, std::array<std::string_view, n> const& parts) {
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (text.size() < part->size() || !same_text(text.substr(text.size() - part->size()), *part)) {
            return std::nullopt;
        }
        text.remove_suffix(part->size());
    }
    return text;
}

/// Where the text says that the column `estate` belongs; from_text when it does not say.
EstateKind kind_by_text(AddressRecord const& r, TextOrder order) {
    if (r.estate_kind != EstateKind::from_text || r.estate.empty() || r.road.empty()) {
        return r.estate_kind;
    }
    if (order != TextOrder::odd) {
        return order == TextOrder::estate_first ? EstateKind::group : EstateKind::estate;
    }
    // The last time that each stands there: the names of divisions before may hold both.
    auto const road = r.text.rfind(r.road);
    auto const estate = r.text.rfind(r.estate);
    if (road == std::string_view::npos || estate == std::string_view::npos) {
        return EstateKind::from_text;
    }
    return estate < road ? EstateKind::group : EstateKind::estate;
}

class Reader {
public:
    explicit Reader(Gazetteer const& gazetteer) : m_gazetteer(gazetteer) {}

    void add(AddressRecord const& r) {
        TableRecord row;
        std::array<std::string_view, kColumns> const texts{r.road, r.number, r.estate, r.building, r.unit, r.room};
        for (std::size_t c = 0; c < kColumns; ++c) {
            auto& last = m_last[c];
            if (!same_text(texts[c], m_table.pool[last])) {
                last = m_table.pool.number_of(texts[c]);
                m_table.used_as.resize(m_table.pool.size());
                m_table.used_as[last] |= static_cast<std::uint8_t>(1U << c);
            }
            row.columns[c] = last;
        }
        row.order = TextOrder::road_first;
        auto head = without_parts(r.text, std::array{r.road, r.number, r.estate, r.building, r.unit, r.room});
        if (!head) {
            row.order = TextOrder::estate_first;
            head = without_parts(r.text, std::array{r.estate, r.road, r.number, r.building, r.unit, r.room});
        }
        row.bytes_at = m_table.bytes.size();
        row.id_size = static_cast<std::uint32_t>(r.id.size());
        m_table.bytes += r.id;
        if (!head) {
            row.order = TextOrder::odd;
            row.text_size = static_cast<std::uint32_t>(r.text.size());
            m_table.bytes += r.text;
        } else {
            if (!same_text(*head, m_table.pool[m_last_head])) {
                m_last_head = m_table.pool.number_of(*head);
                m_table.used_as.resize(m_table.pool.size());
            }
            row.head = m_last_head;
        }
        row.kind = kind_by_text(r, row.order);
        if (r.village != m_last_code) {
            m_last_code = r.village;
            m_last_village = r.village.valid() ? m_gazetteer.find(r.village).value_or(kNoDivision) : kNoDivision;
        }
        row.village = m_last_village;
        row.at = r.at;
        row.by_staff = r.by_staff;
        m_table.records.push_back(row);
    }

    RecordTable take() {
        m_table.used_as.resize(m_table.pool.size());
        return std::move(m_table);
    }

private:
    Gazetteer const& m_gazetteer;
    RecordTable m_table;
    std::array<std::uint32_t, kColumns> m_last{};
    std::uint32_t m_last_head = 0;
    DivisionCode m_last_code;
    DivisionNumber m_last_village = kNoDivision;
};

} // namespace

RecordTable read_records(std::function<bool(AddressRecord&)> const& next, Gazetteer const& gazetteer,
                         Progress& progress) {
    Reader reader{gazetteer};
    TextColumns columns{gazetteer};
    progress.begin("address index: read", 0, "addresses");
    constexpr std::uint32_t kReportEvery = 100'000;
    std::uint32_t count = 0;
    for (AddressRecord record; next && next(record); record = {}) {
        columns.fill(record);
        reader.add(record);
        if (++count == kNone) {
            throw Error{ErrorCode::data_rejected, "address index: more address points than its format can number"};
        }
        if (count % kReportEvery == 0) {
            progress.advance(kReportEvery);
        }
    }
    progress.advance(count % kReportEvery);
    progress.end();
    return reader.take();
}

} // namespace wangge::address
