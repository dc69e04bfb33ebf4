#include "index_file.hpp"

#include "house_tree.hpp"
#include "most_of_range.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string>

namespace wangge::address {

namespace {

constexpr SectionedFormat kFormat{{'W', 'G', 'A', 'D', 'D', 'R', 'S', '\n'}, kIndexVersion, kArrays, "publish again"};

/// Looks at every number once; the first wrong one is told.
class Checker {
public:
    Checker(IndexView const& view, std::filesystem::path const& file) : m(view), m_file(file) {}

    void check() const {
        lists(m.text_begin, m.text_bytes.size(), "texts");
        lists(m.key_begin, m.key_characters.size(), "keys");
        auto const texts = m.text_begin.size() - 1, keys = m.key_begin.size() - 1;
        bool const empty_ones = texts > 0 && m.text_begin[1] == 0 && keys > 0 && m.key_begin[1] == 0;
        demand(empty_ones && !m.spellings.empty(), "empty texts");
        all(m.forms, "forms", [&](TextId id) { return id < texts; });
        all(m.spellings, "spellings", [&](SpellingRecord const& s) { return s.text < texts && s.key < keys; });
        names();
        places();
        houses();
        demand(m.odd_doors.size() <= m.doors.size() && rises(m.odd_doors) &&
                   (m.odd_doors.empty() || m.odd_doors.back() < m.doors.size()),
               "texts of their own");
        front_coded(m.id_blocks, m.doors.size(), "ids");
        front_coded(m.odd_text_blocks, m.odd_doors.size(), "texts of their own");
        all(m.doors, "doors",
            [&](DoorRecord const& d) { return d.unit < m.spellings.size() && d.room < m.spellings.size(); });
        hashed(m.similar_begin, m.similar, "similar names");
        hashed(m.sounding_begin, m.sounding, "names by sound");
        demand(m.leaves.size() == m.houses.size() &&
                   m.boxes.size() == (m.leaves.empty() ? 0 : tree_boxes(m.leaves.size())),
               "tree of houses");
        all(m.leaves, "tree of houses", [&](HouseLeaf const& l) { return l.house < m.houses.size(); });
        suggestions();
    }

private:
    void demand(bool sound, std::string_view what) const {
        if (!sound) {
            throw Error{ErrorCode::corrupt,
                        fmt::format("{}: its {} are damaged; publish again", m_file.string(), what)};
        }
    }
    template <class T, class Sound>
    void all(std::span<T const> list, std::string_view what, Sound&& sound) const {
        bool good = true; // no early end: the loop stays without branches
        for (auto const& item : list) {
            good &= sound(item);
        }
        demand(good, what);
    }
    template <class T>
    static bool rises(std::span<T const> list) {
        bool good = true;
        for (std::size_t i = 1; i < list.size(); ++i) {
            good &= list[i - 1] < list[i];
        }
        return good;
    }
    template <class T>
    void lists(std::span<T const> begin, std::size_t count, std::string_view what) const {
        demand(!begin.empty() && begin.front() == 0 && begin.back() == count &&
                   std::is_sorted(begin.begin(), begin.end()),
               what);
    }
    void front_coded(std::span<std::uint64_t const> blocks, std::size_t count, std::string_view what) const {
        demand(blocks.size() == (count + FrontCodedTexts::kBlock - 1) / FrontCodedTexts::kBlock, what);
    }
    void names() const {
        all(m.names, "names", [&](NameRecord const& n) {
            return n.text_begin <= m.name_characters.size() && n.text_size <= m.name_characters.size() - n.text_begin &&
                   n.kind < 4 && n.first_place <= n.last_place && n.last_place <= m.places.size() &&
                   n.first_form < n.last_form && n.last_form <= m.forms.size();
        });
    }
    void places() const {
        auto const divisions = m.gazetteer.size();
        demand(m.village_begin.size() == divisions + 2, "villages");
        lists(m.village_begin, m.village_places.size(), "villages");
        demand(m.village_places.size() == m.places.size(), "villages");
        all(m.village_places, "villages", [&](PlaceId id) { return id < m.places.size(); });
        all(m.places, "places", [&](PlaceRecord const& p) {
            bool const named = p.name < m.names.size();
            bool const road = p.name == kNone || (named && m.names[named ? p.name : 0].kind == KnownNames::kRoad);
            auto const houses = road ? m.houses.size() : m.estate_houses.size();
            return (p.name == kNone || named) && (p.village < divisions || p.village == kNoDivision) &&
                   p.first_house <= p.last_house && p.last_house <= houses;
        });
        // Each place lies among those of its name, and the names have no more places than these.
        std::size_t named = 0;
        bool in_order = true;
        for (PlaceId id = 0; id < m.places.size(); ++id) {
            if (m.places[id].name != kNone) {
                auto const& name = m.names[m.places[id].name];
                in_order &= name.first_place <= id && id < name.last_place;
                ++named;
            }
        }
        std::size_t of_names = 0;
        for (auto const& name : m.names) {
            of_names += name.last_place - name.first_place;
        }
        demand(in_order && named == of_names, "places");
        all(m.estate_houses, "houses of estates", [&](HouseId h) { return h < m.houses.size(); });
    }
    void houses() const {
        auto const texts = m.text_begin.size() - 1, keys = m.key_begin.size() - 1;
        auto const is_road = [&](PlaceId place) {
            auto const name = m.places[place].name;
            return name == kNone || m.names[name].kind == KnownNames::kRoad;
        };
        auto const forms = [&](PlaceId place) -> std::uint32_t {
            auto const name = m.places[place].name;
            return name == kNone ? 1 : m.names[name].last_form - m.names[name].first_form;
        };
        std::uint32_t next = 0; // each has a door at least
        all(m.houses, "houses", [&](HouseRecord const& h) {
            bool const sound = h.road < m.places.size() && is_road(h.road) &&
                               (h.estate == kNone || (h.estate < m.places.size() && !is_road(h.estate))) &&
                               h.suffix < keys && h.building < keys && (h.head & ~kEstateFirst) < texts &&
                               h.number_text < texts && h.building_text < texts && h.first_address < m.doors.size() &&
                               (next == 0) == (h.first_address == 0) && h.first_address >= next;
            next = h.first_address + 1;
            return sound && (h.forms & 0xffffU) < forms(h.road) &&
                   (h.estate == kNone || (h.forms >> 16U) < forms(h.estate));
        });
        demand(m.houses.empty() == m.doors.empty(), "houses");
    }
    void hashed(std::span<std::uint32_t const> begin, std::span<HashedName const> table, std::string_view what) const {
        demand(begin.size() > 1, what);
        lists(begin, table.size(), what);
        all(table, what, [&](HashedName const& e) { return e.name < m.names.size(); });
    }
    void suggestions() const {
        constexpr std::string_view kWhat = "suggestions";
        auto const divisions = m.gazetteer.size(), count = m.by_name.size();
        all(m.by_name, kWhat, [&](SuggestedName const& s) {
            return s.name < m.names.size() && (s.area < divisions || s.area == kNoDivision);
        });
        demand(m.by_initials.size() == count && m.most_by_name.size() == MostOfRange::size_for(count) &&
                   m.most_by_initials.size() == MostOfRange::size_for(count),
               kWhat);
        for (auto const& list : {m.by_initials, m.most_by_name, m.most_by_initials}) {
            all(list, kWhat, [&](std::uint32_t i) { return i < count; });
        }
        lists(m.initials_begin, m.initials.size(), kWhat);
        lists(m.division_begin, m.division_characters.size(), kWhat);
        demand(m.initials_begin.size() == m.names.size() + divisions + 1 && m.division_begin.size() == divisions + 1 &&
                   m.division_addresses.size() == divisions && m.divisions_by_name.size() == divisions &&
                   m.divisions_by_initials.size() == divisions,
               kWhat);
        for (auto const& list : {m.divisions_by_name, m.divisions_by_initials}) {
            all(list, kWhat, [&](DivisionNumber d) { return d < divisions; });
        }
    }

    IndexView const& m;
    std::filesystem::path const& m_file;
};

} // namespace

WrittenFile write_index(BuiltIndex const& index, Digest const& source, std::filesystem::path const& file) {
    std::vector<SectionPieces> sections;
    for_each_array(index, [&](auto const& array) { sections.push_back({std::as_bytes(std::span{array})}); });
    return write_sectioned(file, kFormat, source, sections);
}

OpenIndex open_index(std::span<std::byte const> bytes, std::filesystem::path const& file) {
    SectionedView const sections{file, bytes, kFormat};
    OpenIndex open;
    open.source = sections.digest();
    std::size_t number = 0;
    for_each_array(open.view, [&]<class T>(std::span<T const>& array) { array = sections.section<T>(number++); });
    open.view.gazetteer = Gazetteer::over(open.view.gazetteer_bytes, file.string());
    open.view.trie = NameTrie::over(open.view.trie_bytes, file.string());
    Checker{open.view, file}.check();
    return open;
}

std::optional<Digest> source_of(std::span<std::byte const> bytes) noexcept {
    return digest_of_sectioned(bytes, kFormat);
}

} // namespace wangge::address
