#include "division_names.hpp"

#include <wangge/address/gazetteer.hpp>
#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <set>

namespace wangge::address {

namespace {

constexpr std::uint64_t kMagic = 0x325f545a41475757U; // "WWGAZT_2"

struct GazetteerHeader {
    std::uint64_t magic = kMagic;
    std::uint64_t divisions = 0, text_bytes = 0, lists = 0, bearers = 0, trie_bytes = 0;
};
static_assert(sizeof(GazetteerHeader) % 8 == 0 && sizeof(DivisionName) == 8);

std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

/// Where each section lies; both the writer and the reader ask it.
struct Sections {
    std::size_t records, by_code, text, first_bearer, bearers, trie, size;
    Sections(GazetteerHeader const& h, std::size_t record_size)
        : records(sizeof(GazetteerHeader))
        , by_code(records + h.divisions * record_size)
        , text(by_code + padded(h.divisions * sizeof(DivisionNumber)))
        , first_bearer(text + padded(h.text_bytes))
        , bearers(first_bearer + padded((h.lists + 1) * sizeof(std::uint32_t)))
        , trie(bearers + h.bearers * sizeof(DivisionName))
        , size(trie + h.trie_bytes) {}
};

/// Entries in preorder: parents first, siblings by code.
std::vector<std::size_t> preorder(std::span<GazetteerEntry const> divisions) {
    std::map<DivisionCode, std::vector<std::size_t>> children;
    std::set<DivisionCode> codes;
    for (std::size_t i = 0; i < divisions.size(); ++i) {
        if (!codes.insert(divisions[i].code).second) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("gazetteer: division {} stands twice; give each code once", divisions[i].code.str())};
        }
        children[divisions[i].parent].push_back(i);
    }
    std::vector<std::size_t> order, open;
    auto const push_children = [&](DivisionCode parent) {
        auto const list = children.find(parent);
        if (list == children.end()) {
            return;
        }
        std::sort(list->second.begin(), list->second.end(),
                  [&](std::size_t a, std::size_t b) { return divisions[a].code > divisions[b].code; });
        open.insert(open.end(), list->second.begin(), list->second.end()); // the last is taken first
    };
    push_children(DivisionCode{});
    while (!open.empty()) {
        auto const i = open.back();
        open.pop_back();
        order.push_back(i);
        push_children(divisions[i].code);
    }
    if (order.size() != divisions.size()) {
        auto const lost = std::find_if(divisions.begin(), divisions.end(), [&](GazetteerEntry const& d) {
            return d.parent.valid() && !codes.contains(d.parent);
        });
        if (lost != divisions.end()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("gazetteer: division {} {} lies under {}, which is not there; "
                                    "import the division above it first",
                                    lost->code.str(), lost->name, lost->parent.str())};
        }
        std::vector<bool> reached(divisions.size());
        for (auto const i : order) {
            reached[i] = true;
        }
        auto const& what =
            divisions[static_cast<std::size_t>(std::find(reached.begin(), reached.end(), false) - reached.begin())];
        throw Error{ErrorCode::data_rejected,
                    fmt::format("gazetteer: division {} {} lies under {}, and that under it again; correct a parent",
                                what.code.str(), what.name, what.parent.str())};
    }
    return order;
}

} // namespace

struct GazetteerBuilder {
    using Record = Gazetteer::Record;

    std::vector<Record> records;
    std::vector<DivisionNumber> by_code;
    std::string text;
    struct Named {
        std::uint64_t beginning = 0;       ///< the first characters as a number that compares as they do
        std::uint32_t begin = 0, size = 0; ///< in `characters`
        DivisionNumber number = kNoDivision;
        NameKind kind = NameKind::full;
    };
    std::vector<Named> names;
    std::u32string characters;
    NormalizedText normal;

    void add(DivisionNumber number, std::string_view written, NameKind kind) {
        try {
            Normalizer::name(written, normal);
        } catch (Error const& error) {
            throw Error{error.code(), fmt::format("gazetteer: division {}: {}",
                                                  DivisionCode::from_value(records[number].code).str(), error.what())};
        }
        auto const& made = normal.characters;
        if (made.empty()) {
            return;
        }
        std::uint64_t beginning = 0;
        for (std::size_t i = 0; i < kInBeginning; ++i) { // one more than the character, so that the end comes first
            beginning = beginning << 21U | (i < made.size() ? made[i] + std::uint64_t{1} : 0U);
        }
        names.push_back({beginning, static_cast<std::uint32_t>(characters.size()),
                         static_cast<std::uint32_t>(made.size()), number, kind});
        characters += made;
    }
    static constexpr std::size_t kInBeginning = 3;

    [[nodiscard]] std::u32string_view text_of(Named const& named) const noexcept {
        return std::u32string_view{characters}.substr(named.begin, named.size);
    }
    /// By text, then division, of each the surest kind.
    void sort_names() {
        std::sort(names.begin(), names.end(), [&](Named const& a, Named const& b) {
            if (a.beginning != b.beginning) {
                return a.beginning < b.beginning;
            }
            if (auto const order = text_of(a).compare(text_of(b)); order != 0) {
                return order < 0;
            }
            return a.number != b.number ? a.number < b.number : a.kind < b.kind;
        });
        auto const same = [&](Named const& a, Named const& b) {
            return a.number == b.number && a.beginning == b.beginning && text_of(a) == text_of(b);
        };
        names.erase(std::unique(names.begin(), names.end(), same), names.end());
    }

    [[nodiscard]] std::string_view name(Record const& record) const {
        return std::string_view{text}.substr(record.name_begin, record.name_end - record.name_begin);
    }

    void add_divisions(std::span<GazetteerEntry const> divisions) {
        std::map<DivisionCode, DivisionNumber> numbers;
        for (auto const i : preorder(divisions)) {
            auto const& entry = divisions[i];
            Record record;
            record.code = entry.code.value();
            record.name_begin = static_cast<std::uint32_t>(text.size());
            text += entry.name;
            record.name_end = static_cast<std::uint32_t>(text.size());
            record.level = static_cast<std::uint32_t>(entry.level);
            if (entry.parent.valid()) {
                record.parent = numbers.at(entry.parent);
                auto const& parent = records[record.parent];
                record.stands_for_city = entry.level == Level::county && name(parent) == entry.name &&
                                         parent.level == static_cast<std::uint32_t>(Level::city);
            }
            numbers.emplace(entry.code, static_cast<DivisionNumber>(records.size()));
            records.push_back(record);
        }
        for (auto number = records.size(); number-- > 0;) {
            auto& record = records[number];
            record.end = std::max(record.end, static_cast<DivisionNumber>(number + 1));
            if (record.parent != kNoDivision) {
                records[record.parent].end = std::max(records[record.parent].end, record.end);
            }
        }
        for (auto const& [code, number] : numbers) {
            by_code.push_back(number);
        }
    }

    void name_divisions() {
        std::vector<std::string_view> above;
        for (DivisionNumber number = 0; number < records.size(); ++number) {
            auto const& record = records[number];
            add(number, DivisionCode::from_value(record.code).str(), NameKind::code);
            if (record.stands_for_city != 0) {
                continue; // its name means the city
            }
            above.clear();
            auto without_counties = false;
            for (auto up = record.parent; up != kNoDivision; up = records[up].parent) {
                above.push_back(name(records[up]));
                without_counties = without_counties || records[up].stands_for_city != 0;
            }
            for (auto const& made :
                 names_of({name(record), static_cast<Level>(record.level), above, without_counties})) {
                add(number, made.text, made.kind);
            }
        }
    }

    void add_aliases(std::span<GazetteerAlias const> aliases) {
        for (auto const& alias : aliases) {
            auto const at =
                std::lower_bound(by_code.begin(), by_code.end(), alias.code.value(),
                                 [&](DivisionNumber n, std::uint64_t code) { return records[n].code < code; });
            if (at != by_code.end() && records[*at].code == alias.code.value()) {
                add(*at, alias.text, alias.kind);
            }
        }
    }

    [[nodiscard]] std::vector<std::byte> bytes() const {
        std::vector<std::uint32_t> first_bearer;
        std::vector<std::byte> bearers;
        std::vector<NameTrie::Name> listed;
        for (std::size_t i = 0; i < names.size(); ++i) {
            auto const& named = names[i];
            if (i == 0 || text_of(names[i - 1]) != text_of(named)) {
                listed.push_back({text_of(named), static_cast<std::uint32_t>(first_bearer.size())});
                first_bearer.push_back(static_cast<std::uint32_t>(i));
            }
            auto const at = bearers.size(); // member by member: what pads them is zero
            bearers.resize(at + sizeof(DivisionName));
            std::memcpy(bearers.data() + at, &named.number, sizeof named.number);
            std::memcpy(bearers.data() + at + offsetof(DivisionName, kind), &named.kind, sizeof named.kind);
            auto const level = static_cast<Level>(records[named.number].level);
            std::memcpy(bearers.data() + at + offsetof(DivisionName, level), &level, sizeof level);
        }
        first_bearer.push_back(static_cast<std::uint32_t>(bearers.size() / sizeof(DivisionName)));
        auto const trie = NameTrie::build(listed);
        GazetteerHeader header;
        header.divisions = records.size();
        header.text_bytes = text.size();
        header.lists = listed.size();
        header.bearers = bearers.size() / sizeof(DivisionName);
        header.trie_bytes = trie.size();
        Sections const at{header, sizeof(Record)};
        std::vector<std::byte> out(at.size);
        auto const put = [&](std::size_t where, void const* from, std::size_t size) {
            if (size != 0) {
                std::memcpy(out.data() + where, from, size);
            }
        };
        put(0, &header, sizeof header);
        put(at.records, records.data(), records.size() * sizeof(Record));
        put(at.by_code, by_code.data(), by_code.size() * sizeof(DivisionNumber));
        put(at.text, text.data(), text.size());
        put(at.first_bearer, first_bearer.data(), first_bearer.size() * sizeof(std::uint32_t));
        put(at.bearers, bearers.data(), bearers.size());
        put(at.trie, trie.data(), trie.size());
        return out;
    }
};

std::vector<std::byte> Gazetteer::build(std::span<GazetteerEntry const> divisions,
                                        std::span<GazetteerAlias const> aliases) {
    GazetteerBuilder builder;
    builder.add_divisions(divisions);
    builder.name_divisions();
    builder.add_aliases(reviewed_aliases());
    builder.add_aliases(aliases);
    builder.sort_names();
    return builder.bytes();
}

Gazetteer Gazetteer::over(std::span<std::byte const> bytes, std::string_view name) {
    auto const damaged = [&]() -> Error {
        return Error{ErrorCode::corrupt, fmt::format("{}: the divisions are damaged; publish again", name)};
    };
    GazetteerHeader header;
    if (bytes.size() < sizeof header) {
        throw damaged();
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    auto const most = bytes.size();
    if (header.magic != kMagic || header.divisions > most || header.text_bytes > most || header.lists > most ||
        header.bearers > most || header.trie_bytes > most || header.trie_bytes % 8 != 0) {
        throw damaged();
    }
    Sections const at{header, sizeof(Record)};
    if (at.size != bytes.size()) {
        throw damaged();
    }
    auto const section = [&]<class T>(std::size_t where, std::size_t count, T const*) {
        return std::span<T const>{reinterpret_cast<T const*>(bytes.data() + where), count};
    };
    Gazetteer out;
    out.m_records = section(at.records, header.divisions, static_cast<Record const*>(nullptr));
    out.m_by_code = section(at.by_code, header.divisions, static_cast<DivisionNumber const*>(nullptr));
    out.m_text = {reinterpret_cast<char const*>(bytes.data() + at.text), header.text_bytes};
    out.m_first_bearer = section(at.first_bearer, header.lists + 1, static_cast<std::uint32_t const*>(nullptr));
    out.m_bearers = section(at.bearers, header.bearers, static_cast<DivisionName const*>(nullptr));
    out.m_names = NameTrie::over(bytes.subspan(at.trie), name);
    // Numbers are looked at once here, some 0.1 ms for a province, so that no step of a lookup has to.
    auto const count = static_cast<DivisionNumber>(header.divisions);
    auto sound = out.m_first_bearer.back() == header.bearers &&
                 std::is_sorted(out.m_first_bearer.begin(), out.m_first_bearer.end());
    for (DivisionNumber i = 0; sound && i < count; ++i) {
        auto const& r = out.m_records[i];
        sound = out.m_by_code[i] < count && (r.parent == kNoDivision || r.parent < i) && r.end > i && r.end <= count &&
                r.name_begin <= r.name_end && r.name_end <= header.text_bytes && r.level >= 1 && r.level <= 6;
    }
    for (auto const& bearer : out.m_bearers) {
        sound = sound && bearer.division < count && bearer.kind <= NameKind::code &&
                bearer.level == out.level(bearer.division);
    }
    if (!sound) {
        throw damaged();
    }
    return out;
}

std::size_t Gazetteer::size() const noexcept { return m_records.size(); }

GazetteerDivision Gazetteer::division(DivisionNumber number) const {
    auto const& r = m_records[number];
    return {DivisionCode::from_value(r.code), m_text.substr(r.name_begin, r.name_end - r.name_begin),
            static_cast<Level>(r.level), r.parent, r.end};
}

std::optional<DivisionNumber> Gazetteer::find(DivisionCode code) const {
    auto const at = std::lower_bound(m_by_code.begin(), m_by_code.end(), code.value(),
                                     [&](DivisionNumber n, std::uint64_t value) { return m_records[n].code < value; });
    if (at == m_by_code.end() || m_records[*at].code != code.value()) {
        return std::nullopt;
    }
    return *at;
}

DivisionNumber Gazetteer::ancestor(DivisionNumber number, Level level) const noexcept {
    auto const wanted = static_cast<std::uint32_t>(level);
    for (auto up = number; up < m_records.size(); up = m_records[up].parent) {
        auto const& r = m_records[up];
        if (r.level <= wanted) {
            return r.level == wanted && r.stands_for_city == 0 ? up : kNoDivision;
        }
    }
    return kNoDivision;
}

} // namespace wangge::address
