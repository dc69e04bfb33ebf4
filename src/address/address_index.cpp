#include "division_names.hpp"
#include "house_tree.hpp"
#include "index_build.hpp"
#include "index_file.hpp"
#include "staff_texts.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

namespace wangge::address {

namespace {

constexpr std::pair<std::string_view, Level> kShapesOfNames[] = {{"广东省", Level::province},
                                                                 {"广州市", Level::city},
                                                                 {"天河区", Level::county},
                                                                 {"博罗县", Level::county},
                                                                 {"四会市", Level::county},
                                                                 {"乳源瑶族自治县", Level::county},
                                                                 {"石牌街道", Level::town},
                                                                 {"厚街镇", Level::town},
                                                                 {"下帅壮族瑶族乡", Level::town},
                                                                 {"永青村民委员会", Level::village},
                                                                 {"珊美社区居民委员会", Level::village},
                                                                 {"新村", Level::village},
                                                                 {"开发区虚拟生活区", Level::village},
                                                                 {"上围村民小组", Level::group}};

} // namespace

struct AddressIndex::Impl {
    explicit Impl(std::filesystem::path const& path)
        : file(MappedFile::open(path)), index(open_index(file.bytes(), path)) {
        file.advise_random_hot();
    }
    MappedFile file;
    OpenIndex index;
};

AddressIndex::AddressIndex() = default;
AddressIndex::~AddressIndex() = default;

WrittenFile AddressIndex::write(AddressContent const& content, std::filesystem::path const& file, Progress& progress) {
    return write_index(build_index(content, progress), content.source, file);
}

std::shared_ptr<AddressIndex const> AddressIndex::open(std::filesystem::path const& file) {
    if (!std::filesystem::exists(file)) {
        throw Error{ErrorCode::not_found,
                    fmt::format("{}: there is no address index; run: wangge publish --data DIR", file.string())};
    }
    std::shared_ptr<AddressIndex> index{new AddressIndex};
    index->m_impl = std::make_unique<Impl>(file);
    return index;
}

std::optional<Digest> AddressIndex::source_of(std::filesystem::path const& file) {
    if (!std::filesystem::exists(file)) {
        return std::nullopt;
    }
    return address::source_of(MappedFile::open(file).bytes());
}

Digest AddressIndex::rules() {
    Sha256 hash;
    hash.update(fmt::format("wangge address rules {}\n", kIndexVersion));
    for (auto const& alias : reviewed_aliases()) {
        hash.update(fmt::format("{} {} {}\n", alias.code.str(), static_cast<int>(alias.kind), alias.text));
    }
    // So are the names that the rules give: one division of each shape stands for all.
    for (auto const& [name, level] : kShapesOfNames) {
        for (auto const without_counties : {false, true}) {
            for (auto const& made : names_of({name, level, {}, without_counties})) {
                hash.update(fmt::format("{} {} {}\n", name, static_cast<int>(made.kind), made.text));
            }
        }
    }
    // The tables of characters come from elsewhere and may change with no line here.
    std::vector<std::uint32_t> characters;
    constexpr char32_t kLastPlane = 0x30000;
    for (char32_t c = 0; c < kLastPlane; ++c) {
        characters.push_back(static_cast<std::uint32_t>(Normalizer::fold(c)));
        characters.push_back(Normalizer::syllable(c));
    }
    hash.update(std::as_bytes(std::span{characters}));
    return hash.finish();
}

IndexView const& AddressIndex::view() const noexcept { return m_impl->index.view; }
Gazetteer const& AddressIndex::gazetteer() const noexcept { return view().gazetteer; }
KnownNames AddressIndex::known_names() const noexcept { return {&view().trie}; }
std::size_t AddressIndex::size() const noexcept { return view().doors.size(); }
Digest const& AddressIndex::source() const noexcept { return m_impl->index.source; }

StoredAddress AddressIndex::address(AddressNumber number) const {
    StoredAddress out;
    address(number, out);
    return out;
}

void AddressIndex::address(AddressNumber number, StoredAddress& out) const { address(number, house_of(number), out); }

HouseId AddressIndex::house_of(AddressNumber number) const noexcept { return view().house_of(number); }

void AddressIndex::address(AddressNumber number, HouseId house_number, StoredAddress& out) const {
    auto const& m = view();
    auto const& house = m.houses[house_number];
    auto const& door = m.doors[number];
    m.id(number, out.id);
    m.address_text(number, house, out.text);
    out.village = m.village(house);
    out.road = m.road_text(house);
    out.number = m.text(house.number_text);
    out.estate = m.estate_text(house);
    out.building = m.text(house.building_text);
    out.unit = m.text(m.spellings[door.unit].text);
    out.room = m.text(m.spellings[door.room].text);
    out.at = house.at;
    out.by_staff = std::binary_search(m.staff_doors.begin(), m.staff_doors.end(), number);
}

std::vector<AddressNumber> AddressIndex::bound_to(std::string_view text) const {
    NormalizedText normalized;
    if (view().bound_begin.empty() || Normalizer::normalize(text, normalized) != Normalizer::Outcome::good) {
        return {};
    }
    return find_bound(view(), normalized.characters);
}

namespace {

/// A box or a house on the way to the nearest.
struct Candidate {
    double distance = 0;
    bool is_house = false; ///< boxes first: they may hold a house as near, of a lower number
    std::uint32_t number = 0;
    std::uint32_t level = 0; ///< of a box; 0 lies over the leaves

    bool operator<(Candidate const& other) const noexcept { // the queue gives the greatest
        if (distance != other.distance) {
            return distance > other.distance;
        }
        return is_house != other.is_house ? is_house : number > other.number;
    }
};

} // namespace

std::vector<AddressIndex::Near> AddressIndex::nearest(geom::Point p, std::size_t k, double limit_m) const {
    auto const& m = view();
    std::vector<Near> found;
    if (m.leaves.empty() || k == 0) {
        return found;
    }
    std::vector<std::size_t> level_begin{0}, level_size{(m.leaves.size() + kTreeFan - 1) / kTreeFan};
    while (level_size.back() > 1) {
        level_begin.push_back(level_begin.back() + level_size.back());
        level_size.push_back((level_size.back() + kTreeFan - 1) / kTreeFan);
    }
    geom::LocalMetres const plane{p};
    std::priority_queue<Candidate> queue;
    auto const put = [&](double distance, bool is_house, std::size_t number, std::size_t level) {
        if (distance <= limit_m) {
            queue.push({distance, is_house, static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(level)});
        }
    };
    auto const put_box = [&](std::size_t level, std::size_t number) {
        put(plane.lower_bound(m.boxes[level_begin[level] + number]), false, number, level);
    };
    std::vector<HouseId> buildings; // the first house of each that was found
    put_box(level_size.size() - 1, 0);
    while (!queue.empty() && found.size() < k) {
        auto const next = queue.top();
        queue.pop();
        if (next.is_house) {
            auto first = next.number;
            while (first > 0 && IndexView::one_building(m.houses[first - 1], m.houses[first])) {
                --first;
            }
            if (std::find(buildings.begin(), buildings.end(), first) == buildings.end()) {
                buildings.push_back(first);
                found.push_back({m.houses[next.number].first_address, next.distance});
            }
            continue;
        }
        auto const begin = next.number * kTreeFan;
        if (next.level == 0) {
            for (auto i = begin; i < std::min(m.leaves.size(), begin + kTreeFan); ++i) {
                auto const offset = plane.to(m.leaves[i].at);
                put(std::hypot(offset.east, offset.north), true, m.leaves[i].house, 0);
            }
        } else {
            for (auto i = begin; i < std::min(level_size[next.level - 1], begin + kTreeFan); ++i) {
                put_box(next.level - 1, i);
            }
        }
    }
    return found;
}

} // namespace wangge::address
