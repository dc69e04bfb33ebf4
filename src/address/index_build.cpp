#include "index_build.hpp"

#include "number_text.hpp"
#include "radix_sort.hpp"
#include "record_table.hpp"
#include "staff_texts.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace wangge::address {

namespace {

constexpr std::size_t kKinds = 4;

/// UTF-8 to code points; a byte that is none becomes U+FFFD.
std::u32string decoded(std::string_view text) {
    std::u32string out;
    for (std::size_t i = 0; i < text.size();) {
        auto const lead = static_cast<unsigned char>(text[i]);
        std::size_t const length = lead < 0x80U ? 1 : lead >= 0xf0U ? 4 : lead >= 0xe0U ? 3 : lead >= 0xc0U ? 2 : 0;
        if (length == 0 || length > text.size() - i) {
            out += U'\uFFFD';
            ++i;
            continue;
        }
        char32_t c = length == 1 ? lead : lead & (0x7fU >> length);
        for (std::size_t k = 1; k < length; ++k) {
            c = c << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
        }
        out += c <= 0x10ffffU ? c : U'\uFFFD';
        i += length;
    }
    return out;
}

/// Does the name end in what only estates are called? Asked when the text does not show it.
bool ends_like_estate(std::u32string_view name) noexcept {
    for (std::u32string_view const ending :
         {U"花园",   U"小区", U"大厦", U"广场", U"公寓", U"山庄", U"工业区", U"工业园", U"产业园",
          U"科技园", U"市场", U"新村", U"名苑", U"雅苑", U"豪庭", U"华庭",   U"雅居",   U"商城",
          U"中心",   U"酒店", U"宿舍", U"大院", U"公馆", U"学校", U"医院"}) {
        if (name.size() > ending.size() && name.ends_with(ending)) {
            return true;
        }
    }
    auto const last = name.empty() ? U' ' : name.back();
    return std::u32string_view{U"苑园城府轩阁湾庭厦楼"}.find(last) != std::u32string_view::npos;
}

/// Is it a code of a villagers' committee, or of what is like one (codes of the statistics bureau end in 200-399,
/// 500-599)?
bool is_rural(DivisionCode village) noexcept {
    auto const type = village.value() % 1000;
    return (type >= 200 && type < 400) || (type >= 500 && type < 600);
}

std::uint32_t known_kind(EstateKind kind) noexcept {
    switch (kind) {
    case EstateKind::group:
        return KnownNames::kGroup;
    case EstateKind::landmark:
        return KnownNames::kLandmark;
    default:
        return KnownNames::kEstate;
    }
}

struct Normalised {
    std::uint32_t value = 0;  ///< of a house number
    std::uint32_t suffix = 0; ///< key: of a house number its suffix, else of the whole
};

/// All that decides where a record stands, as numbers that are compared from the first to the last.
struct SortItem {
    std::uint64_t keys[7];
    std::uint32_t record;
};

std::uint64_t pair_of(std::uint32_t high, std::uint32_t low) noexcept { return std::uint64_t{high} << 32U | low; }
std::uint32_t high_of(std::uint64_t pair) noexcept { return static_cast<std::uint32_t>(pair >> 32U); }
std::uint32_t low_of(std::uint64_t pair) noexcept { return static_cast<std::uint32_t>(pair); }

/// Coordinates as numbers that keep their order.
std::uint32_t rising(std::int32_t coordinate) noexcept { return static_cast<std::uint32_t>(coordinate) ^ 0x80000000U; }
std::int32_t coordinate(std::uint32_t rising) noexcept { return static_cast<std::int32_t>(rising ^ 0x80000000U); }

/// Distinct keys while they are collected; sorted at the end.
class KeyPool {
public:
    KeyPool() { static_cast<void>(number_of({})); }
    std::uint32_t number_of(std::u32string const& key) {
        return m_numbers.emplace(key, static_cast<std::uint32_t>(m_numbers.size())).first->second;
    }
    /// Writes the keys and returns the KeyId of each number.
    std::vector<KeyId> write(BuiltIndex& index) const {
        std::vector<std::pair<std::u32string_view, std::uint32_t>> sorted(m_numbers.begin(), m_numbers.end());
        std::sort(sorted.begin(), sorted.end(),
                  [](auto const& a, auto const& b) { return key_less(a.first, b.first); });
        std::vector<KeyId> ids(sorted.size());
        index.key_begin.push_back(0);
        for (KeyId id = 0; id < sorted.size(); ++id) {
            auto const& [text, number] = sorted[id];
            ids[number] = id;
            index.key_characters.insert(index.key_characters.end(), text.begin(), text.end());
            index.key_begin.push_back(fit32(index.key_characters.size()));
        }
        return ids;
    }

private:
    std::unordered_map<std::u32string, std::uint32_t> m_numbers;
};

class Builder {
public:
    Builder(RecordTable table, Gazetteer const& gazetteer, BuiltIndex& index)
        : m_table(std::move(table)), m_gazetteer(gazetteer), m_index(index) {}

    void build(Progress& progress) {
        progress.begin("address index: sort", m_table.records.size(), "addresses");
        order_by_village();
        write_texts();
        normalise();
        decide_kinds();
        write_names();
        write_spellings();
        write_houses(progress);
        write_places();
        write_bound_texts();
        progress.end();
    }

private:
    [[nodiscard]] std::uint32_t villages() const { return static_cast<std::uint32_t>(m_gazetteer.size()); }
    /// Divisions, and one more for none.
    [[nodiscard]] std::uint32_t bucket_of(DivisionNumber village) const { return std::min(village, villages()); }

    void order_by_village() {
        m_bucket_begin.assign(villages() + 2, 0);
        for (std::size_t i = 0; i < m_table.records.size(); ++i) {
            ++m_bucket_begin[bucket_of(m_table.records[i].village) + 1];
        }
        for (std::size_t v = 1; v < m_bucket_begin.size(); ++v) {
            m_bucket_begin[v] += m_bucket_begin[v - 1];
        }
        m_order.resize(m_table.records.size());
        auto next = m_bucket_begin;
        for (std::uint32_t i = 0; i < m_order.size(); ++i) {
            m_order[next[bucket_of(m_table.records[i].village)]++] = i;
        }
    }
    [[nodiscard]] std::span<std::uint32_t const> bucket(std::uint32_t number) const {
        return std::span{m_order}.subspan(m_bucket_begin[number], m_bucket_begin[number + 1] - m_bucket_begin[number]);
    }

    void write_texts() {
        auto const& pool = m_table.pool;
        std::vector<std::uint32_t> sorted(pool.size());
        for (std::uint32_t i = 0; i < sorted.size(); ++i) {
            sorted[i] = i;
        }
        std::sort(sorted.begin(), sorted.end(), [&](auto a, auto b) { return pool[a] < pool[b]; });
        m_text_id.resize(sorted.size());
        m_index.text_begin.push_back(0);
        for (TextId id = 0; id < sorted.size(); ++id) {
            auto const text = pool[sorted[id]];
            m_text_id[sorted[id]] = id;
            m_index.text_bytes.insert(m_index.text_bytes.end(), text.begin(), text.end());
            m_index.text_begin.push_back(fit32(m_index.text_bytes.size()));
        }
        if (sorted.size() >= kEstateFirst) {
            throw Error{ErrorCode::data_rejected, "address index: more different texts than its format can number"};
        }
    }

    /// Each text once for each column that it stands in.
    void normalise() {
        auto const& pool = m_table.pool;
        m_number.resize(pool.size());
        for (auto const column : {Column::building, Column::unit, Column::room}) {
            m_key[static_cast<std::size_t>(column)].resize(pool.size());
        }
        m_name_text.resize(pool.size());
        HouseNumber number;
        std::u32string key;
        for (std::uint32_t i = 1; i < pool.size(); ++i) {
            if (m_table.used_as[i] == 0) {
                continue;
            }
            auto text = comparable(pool[i]);
            if (m_table.is_used_as(i, Column::number)) {
                read_house_number(text, number);
                m_number[i] = {number.value, m_keys.number_of(number.suffix)};
            }
            auto const read = [&](Column column, auto&& by) {
                if (m_table.is_used_as(i, column)) {
                    by(text, key);
                    m_key[static_cast<std::size_t>(column)][i] = m_keys.number_of(key);
                }
            };
            read(Column::building, read_building);
            read(Column::unit, read_unit);
            read(Column::room, read_room);
            if (m_table.is_used_as(i, Column::road) || m_table.is_used_as(i, Column::estate)) {
                m_name_text[i] = std::move(text);
            }
        }
        auto const ids = m_keys.write(m_index);
        for (auto& n : m_number) {
            n.suffix = ids[n.suffix];
        }
        for (auto& column : m_key) {
            for (auto& id : column) {
                id = ids[id];
            }
        }
    }

    /// Estate or group: what most texts of a village say of the name; where they say nothing, or as often this as
    /// that, its ending and the type of the village.
    void decide_kinds() {
        struct Votes {
            std::int64_t group = 0, estate = 0;
        };
        std::unordered_map<std::u32string_view, std::uint32_t> numbers; // of names
        std::vector<std::uint32_t> number_of(m_table.pool.size());      // by text
        for (std::uint32_t i = 0; i < number_of.size(); ++i) {
            if (m_table.is_used_as(i, Column::estate)) {
                number_of[i] =
                    numbers.emplace(m_name_text[i], static_cast<std::uint32_t>(numbers.size())).first->second;
            }
        }
        std::vector<Votes> votes(numbers.size());
        std::vector<std::uint32_t> voted;
        for (std::uint32_t b = 0; b <= villages(); ++b) {
            for (auto const number : voted) {
                votes[number] = {};
            }
            voted.clear();
            auto const records = bucket(b);
            for (auto const i : records) {
                auto const& r = m_table.records[i];
                if (r[Column::estate] == 0 || r.kind == EstateKind::landmark) {
                    continue;
                }
                auto& of_name = votes[number_of[r[Column::estate]]];
                of_name.group += static_cast<std::int64_t>(r.kind == EstateKind::group);
                of_name.estate += static_cast<std::int64_t>(r.kind == EstateKind::estate);
                if (voted.empty() || voted.back() != number_of[r[Column::estate]]) {
                    voted.push_back(number_of[r[Column::estate]]);
                }
            }
            if (voted.empty()) {
                continue;
            }
            bool const rural = b < villages() && is_rural(m_gazetteer.division(b).code);
            for (auto const i : records) {
                auto& r = m_table.records[i];
                if (r[Column::estate] == 0 || r.kind == EstateKind::landmark) {
                    continue;
                }
                auto const& name = m_name_text[r[Column::estate]];
                auto const& v = votes[number_of[r[Column::estate]]];
                bool const group = v.group != v.estate ? v.group > v.estate : rural && !ends_like_estate(name);
                r.kind = group ? EstateKind::group : EstateKind::estate;
            }
        }
    }

    [[nodiscard]] static std::size_t slot(std::uint32_t text, std::uint32_t kind) { return text * kKinds + kind; }

    /// Names, and the forms in which they are written.
    void write_names() {
        std::vector<std::uint32_t> count(m_table.pool.size() * kKinds); // records that have the text as this kind
        for (std::size_t i = 0; i < m_table.records.size(); ++i) {
            auto const& r = m_table.records[i];
            if (r[Column::road] != 0) {
                ++count[slot(r[Column::road], KnownNames::kRoad)];
            }
            if (r[Column::estate] != 0) {
                ++count[slot(r[Column::estate], known_kind(r.kind))];
            }
        }
        std::vector<std::uint32_t> used; // slots
        for (std::uint32_t s = 0; s < count.size(); ++s) {
            if (count[s] != 0) {
                used.push_back(s);
            }
        }
        auto const name_of = [&](std::uint32_t s) -> std::u32string const& { return m_name_text[s / kKinds]; };
        std::sort(used.begin(), used.end(), [&](auto a, auto b) {
            if (auto const order = name_of(a).compare(name_of(b)); order != 0) {
                return order < 0;
            }
            if (a % kKinds != b % kKinds) {
                return a % kKinds < b % kKinds;
            }
            return count[a] != count[b] ? count[a] > count[b] : m_text_id[a / kKinds] < m_text_id[b / kKinds];
        });
        m_name.assign(count.size(), kNone);
        m_form.assign(count.size(), 0);
        for (std::size_t i = 0; i < used.size(); ++i) {
            auto const s = used[i];
            auto const kind = static_cast<std::uint32_t>(s % kKinds);
            bool const fresh = i == 0 || name_of(used[i - 1]) != name_of(s) || used[i - 1] % kKinds != s % kKinds;
            if (fresh) {
                auto& record = m_index.names.emplace_back();
                record.text_begin = fit32(m_index.name_characters.size());
                record.text_size = fit32(name_of(s).size());
                record.kind = kind;
                record.first_form = record.last_form = fit32(m_index.forms.size());
                m_index.name_characters.insert(m_index.name_characters.end(), name_of(s).begin(), name_of(s).end());
            }
            auto& record = m_index.names.back();
            m_name[s] = static_cast<NameId>(m_index.names.size() - 1);
            m_form[s] = record.last_form - record.first_form;
            if (m_form[s] > std::numeric_limits<std::uint16_t>::max()) {
                throw Error{ErrorCode::data_rejected, "address index: a name is written in more ways than its format "
                                                      "can number; look for damaged text in the addresses"};
            }
            m_index.forms.push_back(m_text_id[s / kKinds]);
            record.last_form = fit32(m_index.forms.size());
            record.addresses += count[s];
        }
        if (m_index.names.size() >= (std::size_t{1} << 30U)) {
            throw Error{ErrorCode::data_rejected, "address index: more names than its format can number"};
        }
    }

    /// Units and rooms as written, with their keys, by key.
    void write_spellings() {
        struct Entry {
            KeyId key;
            TextId text;
            std::uint32_t column, pool;
        };
        std::vector<Entry> entries;
        for (auto const column : {Column::unit, Column::room}) {
            auto const c = static_cast<std::size_t>(column);
            m_spelling[c].assign(m_table.pool.size(), 0);
            for (std::uint32_t i = 1; i < m_table.pool.size(); ++i) {
                if (m_table.is_used_as(i, column)) {
                    entries.push_back({m_key[c][i], m_text_id[i], static_cast<std::uint32_t>(c), i});
                }
            }
        }
        std::sort(entries.begin(), entries.end(), [](Entry const& a, Entry const& b) {
            return std::pair{a.key, a.text} < std::pair{b.key, b.text};
        });
        m_index.spellings.push_back({0, 0});
        for (auto const& e : entries) {
            if (auto const& last = m_index.spellings.back(); last.key != e.key || last.text != e.text) {
                m_index.spellings.push_back({e.text, e.key});
            }
            m_spelling[e.column][e.pool] = static_cast<SpellingId>(m_index.spellings.size() - 1);
        }
    }

    [[nodiscard]] SortItem item_of(std::uint32_t number) const {
        auto const& r = m_table.records[number];
        auto const road = r[Column::road], estate = r[Column::estate];
        auto const& house = m_number[r[Column::number]];
        auto const estate_slot = slot(estate, known_kind(r.kind));
        auto const forms = m_form[slot(road, KnownNames::kRoad)] | m_form[estate_slot] << 16U;
        return {{pair_of(road == 0 ? kNone : m_name[slot(road, KnownNames::kRoad)], house.value),
                 pair_of(house.suffix, estate == 0 ? kNone : m_name[estate_slot]),
                 pair_of(m_key[static_cast<std::size_t>(Column::building)][r[Column::building]], forms),
                 pair_of(m_text_id[r[Column::number]], m_text_id[r[Column::building]]),
                 pair_of(rising(r.at.lon), rising(r.at.lat)),
                 pair_of(m_spelling[static_cast<std::size_t>(Column::unit)][r[Column::unit]],
                         m_spelling[static_cast<std::size_t>(Column::room)][r[Column::room]]),
                 0},
                number};
    }
    static constexpr std::size_t kHouseKeys = 5; ///< of SortItem: what the doors of a house have in common

    void sort_bucket(std::span<std::uint32_t const> records, std::vector<SortItem>& items) {
        m_unsorted.clear();
        m_ranked.clear();
        for (auto const i : records) {
            m_ranked.push_back({0, static_cast<std::uint32_t>(m_unsorted.size())});
            m_unsorted.push_back(item_of(i));
            m_ranked.back().first_key = m_unsorted.back().keys[0];
        }
        auto const before = [&](SortItem const& a, SortItem const& b) {
            for (std::size_t k = 0; k < std::size(a.keys); ++k) {
                if (a.keys[k] != b.keys[k]) {
                    return a.keys[k] < b.keys[k];
                }
            }
            auto const &x = m_table.records[a.record], &y = m_table.records[b.record];
            if (auto const order = m_table.id(x).compare(m_table.id(y)); order != 0) {
                return order < 0;
            }
            if (auto const order = m_table.odd_text(x).compare(m_table.odd_text(y)); order != 0) {
                return order < 0;
            }
            return std::pair{x.order, m_text_id[x.head]} < std::pair{y.order, m_text_id[y.head]};
        };
        std::sort(m_ranked.begin(), m_ranked.end(), [&](Ranked const& a, Ranked const& b) {
            return a.first_key != b.first_key ? a.first_key < b.first_key
                                              : before(m_unsorted[a.item], m_unsorted[b.item]);
        });
        items.clear();
        for (auto const& ranked : m_ranked) {
            items.push_back(m_unsorted[ranked.item]);
        }
    }

    struct RoadRun {
        NameId name;
        DivisionNumber village;
        HouseId first, last;
    };

    void write_houses(Progress& progress) {
        auto& out = m_index;
        FrontCodedWriter ids{out.id_blocks, out.id_bytes}, odd_texts{out.odd_text_blocks, out.odd_text_bytes};
        out.doors.reserve(m_table.records.size());
        std::vector<SortItem> items;
        std::string text;
        for (std::uint32_t b = 0; b <= villages(); ++b) {
            auto const village = b == villages() ? kNoDivision : b;
            sort_bucket(bucket(b), items);
            for (std::size_t i = 0; i < items.size();) {
                auto end = i + 1;
                while (end < items.size() && std::equal(items[i].keys, items[i].keys + kHouseKeys, items[end].keys)) {
                    ++end;
                }
                add_house(village, std::span{items}.subspan(i, end - i), ids, odd_texts, text);
                i = end;
            }
            progress.advance(items.size());
        }
        m_order = {};
    }

    void add_house(DivisionNumber village, std::span<SortItem const> items, FrontCodedWriter& ids,
                   FrontCodedWriter& odd_texts, std::string& text) {
        auto const& keys = items.front().keys;
        auto const road = high_of(keys[0]);
        auto const number = static_cast<HouseId>(m_index.houses.size());
        if (m_roads.empty() || m_roads.back().village != village || m_roads.back().name != road) {
            m_roads.push_back({road, village, number, number});
        }
        m_roads.back().last = number + 1;

        HouseRecord house{};
        house.road = static_cast<PlaceId>(m_roads.size() - 1); // the place takes its stead in write_places()
        house.estate = low_of(keys[1]);                        // the name does
        house.number = low_of(keys[0]);
        house.suffix = high_of(keys[1]);
        house.building = high_of(keys[2]);
        house.forms = low_of(keys[2]);
        house.number_text = high_of(keys[3]);
        house.building_text = low_of(keys[3]);
        house.at = {coordinate(high_of(keys[4])), coordinate(low_of(keys[4]))};
        house.first_address = static_cast<std::uint32_t>(m_index.doors.size());
        // The beginning that the first text has which follows from its parts; others of the house are odd then.
        for (auto const& item : items) {
            auto const& r = m_table.records[item.record];
            if (r.order != TextOrder::odd) {
                house.head = head_of(r);
                break;
            }
        }
        for (auto const& item : items) {
            auto const& r = m_table.records[item.record];
            auto const door = static_cast<std::uint32_t>(m_index.doors.size());
            m_index.doors.push_back({high_of(item.keys[5]), low_of(item.keys[5])});
            ids.add(m_table.id(r));
            if (r.by_staff) {
                put_text(r, text);
                m_index.staff_doors.push_back(door);
                m_bound.emplace_back(bound_key(comparable(text), m_gazetteer, village), door);
            }
            if (r.order == TextOrder::odd || head_of(r) != house.head) {
                m_index.odd_doors.push_back(door);
                put_text(r, text);
                odd_texts.add(text);
            }
        }
        m_index.houses.push_back(house);
    }
    [[nodiscard]] std::uint32_t head_of(TableRecord const& r) const {
        return m_text_id[r.head] | (r.order == TextOrder::estate_first ? kEstateFirst : 0);
    }
    void put_text(TableRecord const& r, std::string& out) const {
        if (r.order == TextOrder::odd) {
            out = m_table.odd_text(r);
            return;
        }
        out = m_table.pool[r.head];
        auto const add = [&](Column c) { out += m_table.pool[r[c]]; };
        bool const estate_first = r.order == TextOrder::estate_first;
        if (estate_first) {
            add(Column::estate);
        }
        add(Column::road);
        add(Column::number);
        if (!estate_first) {
            add(Column::estate);
        }
        add(Column::building);
        add(Column::unit);
        add(Column::room);
    }

    void write_places() {
        auto& out = m_index;
        struct Named {
            std::uint64_t key;   ///< name, village
            std::uint32_t index; ///< of m_roads, then of the runs of houses with one estate
        };
        std::vector<Named> mentions;
        for (auto const& road : m_roads) {
            mentions.push_back({pair_of(road.name, road.village), fit32(mentions.size())});
        }
        // Calls run(house, key, fresh) for each house of an estate; fresh: another estate than the one before.
        auto const for_estates = [&](auto&& run) {
            std::uint64_t last = pair_of(kNone, kNone);
            for (auto& h : out.houses) {
                if (h.estate != kNone) {
                    auto const key = pair_of(h.estate, m_roads[h.road].village);
                    run(h, key, key != last);
                    last = key;
                }
            }
        };
        for_estates([&](HouseRecord const&, std::uint64_t key, bool fresh) {
            if (fresh) {
                mentions.push_back({key, fit32(mentions.size())});
            }
        });
        std::vector<PlaceId> place_of(mentions.size());
        radix_sort(mentions, [](Named const& m) { return m.key; });
        for (std::size_t i = 0; i < mentions.size(); ++i) {
            auto const key = mentions[i].key;
            if (i == 0 || mentions[i - 1].key != key) {
                out.places.push_back({high_of(key), low_of(key), {}, {}, 0, 0, 0});
            }
            place_of[mentions[i].index] = static_cast<PlaceId>(out.places.size() - 1);
        }
        for (std::size_t i = 0; i < m_roads.size(); ++i) {
            auto& place = out.places[place_of[i]];
            place.first_house = m_roads[i].first;
            place.last_house = m_roads[i].last;
        }
        auto run = m_roads.size() - 1;
        for_estates([&](HouseRecord& h, std::uint64_t, bool fresh) {
            run += fresh ? 1U : 0U;
            h.estate = place_of[run];
            ++out.places[h.estate].last_house; // counts for now
        });
        for (auto& h : out.houses) {
            h.road = place_of[h.road];
        }
        list_estate_houses();
        for (auto& place : out.places) {
            measure(place);
        }
        link_names_and_villages();
    }

    [[nodiscard]] bool is_road(PlaceRecord const& place) const {
        return place.name == kNone || m_index.names[place.name].kind == KnownNames::kRoad;
    }

    /// Houses of estates by building; last_house of their places has the count of them.
    void list_estate_houses() {
        auto& out = m_index;
        std::uint32_t next = 0;
        for (auto& place : out.places) {
            if (!is_road(place)) {
                place.first_house = next;
                next += std::exchange(place.last_house, next);
            }
        }
        out.estate_houses.resize(next);
        for (HouseId h = 0; h < out.houses.size(); ++h) {
            if (auto const estate = out.houses[h].estate; estate != kNone) {
                out.estate_houses[out.places[estate].last_house++] = h;
            }
        }
        std::vector<std::uint64_t> by_building;
        for (auto const& place : out.places) {
            if (is_road(place)) {
                continue;
            }
            auto const houses =
                std::span{out.estate_houses}.subspan(place.first_house, place.last_house - place.first_house);
            by_building.clear();
            for (auto const h : houses) {
                by_building.push_back(pair_of(out.houses[h].building, h));
            }
            std::sort(by_building.begin(), by_building.end());
            std::transform(by_building.begin(), by_building.end(), houses.begin(), low_of);
        }
    }

    void measure(PlaceRecord& place) const {
        bool const road = is_road(place);
        auto const house = [&](std::uint32_t i) { return road ? i : m_index.estate_houses[i]; };
        std::int64_t lon = 0, lat = 0;
        for (auto i = place.first_house; i < place.last_house; ++i) {
            auto const h = house(i);
            auto const at = m_index.houses[h].at;
            place.envelope.extend(at);
            lon += at.lon;
            lat += at.lat;
            auto const end = h + 1 < m_index.houses.size() ? m_index.houses[h + 1].first_address
                                                           : static_cast<std::uint32_t>(m_index.doors.size());
            place.addresses += end - m_index.houses[h].first_address;
        }
        auto const count = static_cast<std::int64_t>(place.last_house - place.first_house);
        lon /= count;
        lat /= count;
        auto least = std::numeric_limits<double>::infinity();
        for (auto i = place.first_house; i < place.last_house; ++i) {
            auto const at = m_index.houses[house(i)].at;
            auto const dx = static_cast<double>(at.lon - lon), dy = static_cast<double>(at.lat - lat);
            if (auto const d = dx * dx + dy * dy; d < least) {
                least = d;
                place.middle = at;
            }
        }
    }

    void link_names_and_villages() {
        auto& out = m_index;
        out.village_begin.assign(villages() + 2, 0);
        for (PlaceId id = 0; id < out.places.size(); ++id) {
            auto const& place = out.places[id];
            ++out.village_begin[bucket_of(place.village) + 1];
            if (place.name != kNone) {
                auto& name = out.names[place.name];
                name.first_place = id > 0 && out.places[id - 1].name == place.name ? name.first_place : id;
                name.last_place = id + 1;
            }
        }
        for (std::size_t v = 1; v < out.village_begin.size(); ++v) {
            out.village_begin[v] += out.village_begin[v - 1];
        }
        auto next = out.village_begin;
        out.village_places.resize(out.places.size());
        for (PlaceId id = 0; id < out.places.size(); ++id) {
            out.village_places[next[bucket_of(out.places[id].village)]++] = id;
        }
    }

    void write_bound_texts() {
        std::sort(m_bound.begin(), m_bound.end());
        for (auto const& [key, door] : m_bound) {
            if (m_index.bound_begin.empty()) {
                m_index.bound_begin.push_back(0);
            }
            m_index.bound_characters.insert(m_index.bound_characters.end(), key.begin(), key.end());
            m_index.bound_begin.push_back(fit32(m_index.bound_characters.size()));
            m_index.bound_doors.push_back(door);
        }
    }

    RecordTable m_table;
    Gazetteer const& m_gazetteer;
    BuiltIndex& m_index;
    std::vector<std::uint32_t> m_bucket_begin, m_order; ///< records by village
    std::vector<TextId> m_text_id;                      ///< for each text of the pool, as all that follow
    std::vector<Normalised> m_number;
    std::vector<KeyId> m_key[kColumns];
    std::vector<SpellingId> m_spelling[kColumns];
    std::vector<std::u32string> m_name_text;
    std::vector<NameId> m_name;        ///< by slot()
    std::vector<std::uint32_t> m_form; ///< by slot()
    KeyPool m_keys;
    std::vector<RoadRun> m_roads;
    struct Ranked {
        std::uint64_t first_key;
        std::uint32_t item;
    };
    std::vector<SortItem> m_unsorted; ///< working memory of sort_bucket()
    std::vector<Ranked> m_ranked;
    std::vector<std::pair<std::u32string, std::uint32_t>> m_bound; ///< texts of staff and their doors
};

} // namespace

std::u32string comparable(std::string_view text) {
    NormalizedText normalized;
    if (Normalizer::normalize(text, normalized) == Normalizer::Outcome::good) {
        auto& characters = normalized.characters; // a name ends where its white space and commas begin
        constexpr std::u32string_view kGaps = U" ,";
        auto const last = characters.find_last_not_of(kGaps);
        characters.erase(last == std::u32string::npos ? 0 : last + 1);
        characters.erase(0, characters.find_first_not_of(kGaps));
        if (!characters.empty()) {
            return std::move(characters);
        }
    }
    return decoded(text);
}

std::uint32_t fit32(std::size_t value) {
    if (value >= kNone) {
        throw Error{ErrorCode::data_rejected,
                    "address index: more names or text than its format can number; publish with fewer address points"};
    }
    return static_cast<std::uint32_t>(value);
}

BuiltIndex build_index(AddressContent const& content, Progress& progress) {
    BuiltIndex index;
    index.gazetteer_bytes = Gazetteer::build(content.divisions, content.aliases);
    auto const gazetteer = Gazetteer::over(index.gazetteer_bytes);
    Builder{read_records(content.next, gazetteer, progress), gazetteer, index}.build(progress);
    progress.begin("address index: search", 0, "");
    add_name_lookups(index);
    add_house_tree(index);
    add_suggestions(index, gazetteer);
    progress.end();
    return index;
}

} // namespace wangge::address
