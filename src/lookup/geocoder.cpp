#include <wangge/base/error.hpp>
#include <wangge/lookup/geocoder.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <mutex>

namespace wangge::lookup {

namespace {

using address::Component;
using address::DivisionNumber;

/// Grids by the division they lie in, numbered as the gazetteer does: what lies under a division follows it.
class GridsByDivision {
public:
    GridsByDivision(snapshot::Snapshot const& snapshot, address::Gazetteer const& gazetteer) {
        std::vector<DivisionNumber> number_of(snapshot.division_count());
        for (snapshot::DivisionId id = 0; id < number_of.size(); ++id) {
            number_of[id] = gazetteer.find(snapshot.division(id).code).value_or(address::kNoDivision);
        }
        std::vector<DivisionNumber> village_of(snapshot.grid_count());
        m_first.assign(gazetteer.size() + 1, 0);
        for (auto const id : snapshot.by_code()) {
            village_of[id] = number_of[snapshot.grid(id).village];
            if (village_of[id] != address::kNoDivision) {
                ++m_first[village_of[id] + 1];
            }
        }
        for (std::size_t i = 1; i < m_first.size(); ++i) {
            m_first[i] += m_first[i - 1];
        }
        m_grids.resize(m_first.back());
        auto next = m_first;
        for (auto const id : snapshot.by_code()) {
            if (village_of[id] != address::kNoDivision) {
                m_grids[next[village_of[id]]++] = id;
            }
        }
    }
    [[nodiscard]] std::span<snapshot::GridId const> under(DivisionNumber first, DivisionNumber end) const {
        auto const last = std::min<std::size_t>(end, m_first.size() - 1);
        auto const from = std::min<std::size_t>(first, last);
        return std::span{m_grids}.subspan(m_first[from], m_first[last] - m_first[from]);
    }

private:
    std::vector<std::uint32_t> m_first;
    std::vector<snapshot::GridId> m_grids;
};

constexpr std::size_t kMostFree = 64;

/// A text of a batch by its first bytes, as many as a county takes, with its city and province.
struct Ordered {
    std::array<char, 32> beginning;
    std::uint32_t number;
};

struct SharedGrids {
    std::once_flag once;
    std::unique_ptr<GridsByDivision const> grids;
};

} // namespace

bool is_number_confirmed(address::PlaceMatch const& place) noexcept {
    bool const house = place.level == address::MatchLevel::exact || place.level == address::MatchLevel::building;
    bool said = false, confirmed = false;
    for (auto const& item : place.evidence) {
        if (item.component == Component::number && item.bearing != address::Bearing::missing) {
            said = true;
            confirmed |= house && item.bearing <= address::Bearing::similar;
        }
    }
    return !said || confirmed;
}

std::string chinese_sentence(AddressConflict const& conflict) {
    auto const what = address::chinese_name(conflict.component);
    return conflict.found.empty()
               ? fmt::format("文中写的{}是“{}”，与找到的地址不符", what, conflict.said)
               : fmt::format("文中写的{}是“{}”，找到的地址是“{}”", what, conflict.said, conflict.found);
}

std::string english_sentence(AddressConflict const& conflict) {
    auto const what = address::to_string(conflict.component);
    return conflict.found.empty()
               ? fmt::format("the text says {} \"{}\", which what was found does not have", what, conflict.said)
               : fmt::format("the text says {} \"{}\", what was found has \"{}\"", what, conflict.said, conflict.found);
}

struct Geocoder::Impl {
    Impl(snapshot::Snapshot const& of, address::AddressIndex const& by, address::MatchCosts const& match_costs,
         std::shared_ptr<SharedGrids> grids)
        : snapshot(of), index(by), costs(match_costs), matcher(by, match_costs), by_division(std::move(grids)) {}

    std::span<snapshot::GridId const> grids_under(DivisionNumber division) {
        std::call_once(by_division->once, [&] {
            by_division->grids = std::make_unique<GridsByDivision const>(snapshot, index.gazetteer());
        });
        return by_division->grids->under(division, index.gazetteer().division(division).end);
    }

    /// Where staff bound the text to points these come first, whatever else it may mean. Says whether they did.
    bool put_bound_first(std::string_view text, address::MatchResult& match) {
        auto const bound = index.bound_to(text);
        if (bound.empty()) {
            return false;
        }
        auto const others = static_cast<double>(costs.beside_bound);
        for (auto& place : match.places) {
            place.likelihood *= others;
        }
        auto const lessen = [&](auto& shares) {
            for (auto& part : shares) {
                part.share *= costs.beside_bound;
            }
        };
        lessen(match.positions);
        lessen(match.divisions);
        match.unknown *= others;
        auto const share = (1 - others) / static_cast<double>(bound.size());
        match.score = share;
        std::vector<address::PlaceMatch> places;
        for (auto const number : bound) {
            auto const point = index.address(number);
            match.positions.push_back({point.at, static_cast<float>(share)});
            auto const found = std::find_if(match.places.begin(), match.places.end(),
                                            [&](address::PlaceMatch const& p) { return p.address == number; });
            if (found != match.places.end()) {
                match.places.erase(found);
            } else {
                ++match.places_in_all;
            }
            if (places.size() == address::kMostPlaces) {
                continue;
            }
            auto& place = places.emplace_back();
            place.level = address::MatchLevel::exact;
            place.likelihood = share;
            place.division = point.village;
            place.address = number;
            place.house = index.house_of(number);
            place.position = point.at;
            for (auto const& read : match.components) { // as a whole it is what staff wrote
                place.evidence.push_back({read.component, address::Bearing::agrees, read.begin, read.end, read.text});
            }
        }
        auto const room = address::kMostPlaces - places.size();
        std::move(match.places.begin(),
                  match.places.begin() + static_cast<std::ptrdiff_t>(std::min(room, match.places.size())),
                  std::back_inserter(places));
        match.places = std::move(places);
        return true;
    }

    /// Texts that begin alike mean places near each other, whose memory is then still in the caches.
    void sort_by_beginning(std::span<std::string_view const> texts) {
        ordered.resize(texts.size());
        for (std::uint32_t i = 0; i < texts.size(); ++i) {
            ordered[i] = {{}, i};
            texts[i].copy(ordered[i].beginning.data(), ordered[i].beginning.size());
        }
        std::sort(ordered.begin(), ordered.end(), [](Ordered const& a, Ordered const& b) {
            auto const order = std::memcmp(a.beginning.data(), b.beginning.data(), a.beginning.size());
            return order != 0 ? order < 0 : a.number < b.number;
        });
    }

    /// The grids of all positions of the matches, one after the other.
    void locate(std::span<address::MatchResult const> matches) {
        points.clear();
        for (auto const& match : matches) {
            for (auto const& position : match.positions) {
                points.push_back(position.at);
            }
        }
        located.resize(points.size());
        snapshot.point_index().locate(points, located);
    }

    /// `grids`: of the positions of the match.
    void share_out(std::span<snapshot::GridId const> grids, AddressAnswer& out) {
        auto const& match = out.match;
        out.grids.clear();
        for (std::size_t i = 0; i < grids.size(); ++i) {
            double const share = match.positions[i].share;
            if (!out.grids.empty() && out.grids.back().grid == grids[i]) { // houses side by side
                out.grids.back().share += share;
            } else if (grids[i] != snapshot::kOutside) {
                out.grids.push_back({grids[i], share});
            }
        }
        wide = 0;
        for (auto const& d : match.divisions) {
            auto const under = grids_under(d.division);
            if (index.gazetteer().division(d.division).level < Level::town) {
                wide = std::max(wide, under.size());
                continue;
            }
            for (auto const grid : under) {
                out.grids.push_back({grid, d.share / static_cast<double>(under.size())});
            }
        }
        std::sort(out.grids.begin(), out.grids.end(),
                  [](GridShare const& a, GridShare const& b) { return a.grid < b.grid; });
        std::size_t kept = 0;
        for (auto const& g : out.grids) {
            if (kept != 0 && out.grids[kept - 1].grid == g.grid) {
                out.grids[kept - 1].share += g.share;
            } else {
                out.grids[kept++] = g;
            }
        }
        out.grids.resize(kept);
    }

    /// The largest first; of equal ones by code, as numbers of grids may differ between snapshots of the same facts.
    void order(AddressAnswer& out) {
        auto const before = [&](GridShare const& a, GridShare const& b) {
            return a.share != b.share ? a.share > b.share : snapshot.code_before(a.grid, b.grid);
        };
        out.grids_in_all = std::max(out.grids.size(), wide);
        known = 0;
        for (auto const& g : out.grids) {
            known += g.share;
        }
        if (out.grids.size() > kMostGrids) {
            std::nth_element(out.grids.begin(), out.grids.begin() + kMostGrids, out.grids.end(), before);
            out.grids.resize(kMostGrids);
        }
        std::sort(out.grids.begin(), out.grids.end(), before);
    }

    void decide(AddressAnswer& out) const {
        out.grid.reset();
        out.score = 0;
        if (out.grids.empty()) {
            return;
        }
        auto const top = out.grids.front().share;
        out.score = top;
        auto const& places = out.match.places;
        bool const confirmed = places.empty() || is_number_confirmed(places.front());
        bool const in_doubt = !places.empty() && places.front().in_doubt;
        if (!in_doubt && top >= static_cast<double>(confirmed ? costs.determined : costs.unconfirmed_determined)) {
            out.grid = out.grids.front().grid;
        }
        double listed = 0;
        std::size_t keep = 0;
        while (keep < out.grids.size() && (keep == 0 || known - listed > static_cast<double>(costs.left_out) * known)) {
            listed += out.grids[keep++].share;
        }
        out.grids.resize(keep);
    }

    void explain(std::string_view text, AddressAnswer& out) {
        auto const& places = out.match.places;
        out.level = places.empty() ? address::MatchLevel::none : places.front().level;
        out.position.reset();
        out.conflicts.clear();
        if (places.empty()) {
            out.standard.reset();
            return;
        }
        auto const& place = places.front();
        out.position = place.position;
        if (place.address) {
            if (!out.standard) {
                out.standard.emplace();
            }
            index.address(*place.address, place.house, *out.standard); // into the memory that it has
        } else {
            out.standard.reset();
        }
        for (auto const& item : place.evidence) {
            if (item.bearing == address::Bearing::conflicts) {
                out.conflicts.push_back(
                    {item.component, std::string{text.substr(item.begin, item.end - item.begin)}, item.found});
            }
        }
    }

    void answer(std::string_view text, std::span<snapshot::GridId const> grids, AddressAnswer& out) {
        share_out(grids, out);
        order(out);
        decide(out);
        explain(text, out);
    }

    snapshot::Snapshot const& snapshot;
    address::AddressIndex const& index;
    address::MatchCosts const& costs;
    address::Matcher matcher;
    std::shared_ptr<SharedGrids> by_division;
    std::vector<geom::Point> points;
    std::vector<snapshot::GridId> located;
    std::vector<address::MatchResult> together;                   ///< of a batch
    std::array<bool, address::Matcher::kMostTogether> by_staff{}; ///< of its matches
    AddressAnswer one;                                            ///< of a batch
    std::vector<Ordered> ordered;                                 ///< of its texts
    double known = 0;     ///< share of the evidence that all grids have together
    std::size_t wide = 0; ///< grids of a county or something wider that the text names alone
};

Geocoder::Geocoder(snapshot::Snapshot const& snapshot, address::AddressIndex const& index,
                   address::MatchCosts const& costs)
    : m_impl(std::make_unique<Impl>(snapshot, index, costs, std::make_shared<SharedGrids>())) {}
Geocoder::Geocoder(Geocoder const& other)
    : m_impl(std::make_unique<Impl>(other.m_impl->snapshot, other.m_impl->index, other.m_impl->costs,
                                    other.m_impl->by_division)) {}
Geocoder::~Geocoder() = default;

bool has_addresses(snapshot::Snapshot const& snapshot) { return snapshot.addresses().has_value(); }

std::shared_ptr<address::AddressIndex const> address_index_of(snapshot::Snapshot const& snapshot) {
    auto const file = snapshot.addresses();
    if (!file) {
        throw Error{ErrorCode::not_found,
                    fmt::format("{}: was published without addresses; run wangge publish to make their index",
                                snapshot.folder().string())};
    }
    return address::AddressIndex::open(file->file);
}

GeocoderPool::GeocoderPool(std::shared_ptr<snapshot::Snapshot const> snapshot,
                           std::shared_ptr<address::AddressIndex const> index)
    : m_snapshot(std::move(snapshot)), m_index(std::move(index)), m_first(*m_snapshot, *m_index) {
    m_free.reserve(kMostFree);
}

std::unique_ptr<Geocoder> GeocoderPool::take() {
    std::scoped_lock const lock{m_mutex};
    if (m_free.empty()) {
        return std::make_unique<Geocoder>(m_first);
    }
    auto geocoder = std::move(m_free.back());
    m_free.pop_back();
    return geocoder;
}

void GeocoderPool::put(std::unique_ptr<Geocoder> geocoder) noexcept {
    std::scoped_lock const lock{m_mutex};
    if (m_free.size() < kMostFree) {
        m_free.push_back(std::move(geocoder));
    }
}

void Geocoder::geocode(std::string_view text, AddressAnswer& out) {
    m_impl->matcher.match(text, out.match);
    out.by_staff = m_impl->put_bound_first(text, out.match);
    m_impl->locate({&out.match, 1});
    m_impl->answer(text, m_impl->located, out);
}

void Geocoder::geocode(std::span<std::string_view const> texts, Take const& take) {
    auto& m = *m_impl;
    m.sort_by_beginning(texts);
    m.together.resize(address::Matcher::kMostTogether);
    std::array<std::string_view, address::Matcher::kMostTogether> group;
    for (std::size_t begin = 0; begin < texts.size(); begin += m.together.size()) {
        auto const numbers = std::span{m.ordered}.subspan(begin, std::min(m.together.size(), texts.size() - begin));
        std::transform(numbers.begin(), numbers.end(), group.begin(),
                       [&](Ordered const& one) { return texts[one.number]; });
        auto const some = std::span{group}.first(numbers.size());
        m.matcher.read(some);
        for (std::size_t i = 0; i < some.size(); ++i) {
            m.matcher.match(i, m.together[i]);
            m.by_staff[i] = m.put_bound_first(some[i], m.together[i]);
        }
        m.locate(std::span{m.together}.first(some.size()));
        auto grids = std::span<snapshot::GridId const>{m.located};
        for (std::size_t i = 0; i < some.size(); ++i) {
            std::swap(m.one.match, m.together[i]); // each keeps its memory
            auto const count = m.one.match.positions.size();
            m.one.by_staff = m.by_staff[i];
            m.answer(some[i], grids.first(count), m.one);
            grids = grids.subspan(count);
            take(numbers[i].number, m.one);
        }
    }
}

address::Gazetteer const& Geocoder::gazetteer() const noexcept { return m_impl->index.gazetteer(); }

} // namespace wangge::lookup
