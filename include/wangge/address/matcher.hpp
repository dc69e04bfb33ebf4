#pragma once

#include <wangge/address/address_index.hpp>
#include <wangge/address/match_costs.hpp>
#include <wangge/address/normalizer.hpp>
#include <wangge/address/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// How much of the address was found, the most first (product word: match level).
enum class MatchLevel : std::uint8_t {
    exact,               ///< the very door, or number where there are no doors
    building,            ///< the building, or the house number of another door
    number_interpolated, ///< between two numbers of the same side of the road
    road,
    estate, ///< estate, group or landmark
    village,
    town,
    none ///< at most a county or city
};
[[nodiscard]] std::string_view to_string(MatchLevel level) noexcept;
[[nodiscard]] std::string_view chinese_name(MatchLevel level) noexcept;

/// What a component of the text did for, or against, a place.
enum class Bearing : std::uint8_t {
    agrees,    ///< says the same
    similar,   ///< says nearly the same: a typing error, a sound-alike
    missing,   ///< the place has it, the text does not say it
    conflicts, ///< says something else
    unused     ///< was not looked at: noise, or narrower than what is known
};
[[nodiscard]] std::string_view to_string(Bearing bearing) noexcept;

struct EvidenceItem {
    Component component = Component::noise;
    Bearing bearing = Bearing::unused;
    std::uint32_t begin = 0, end = 0; ///< bytes of the input; equal when `missing`
    std::string found;                ///< what the place has there, as in the index or the gazetteer
};

/// A position that the text may mean, with its share of the evidence.
struct PositionShare {
    geom::Point at;
    float share = 0;
};

/// A division of which no more is known than that the address lies in it, with its share of the evidence. Of a village
/// or town much of it goes to the positions of the addresses that stand there.
struct DivisionShare {
    DivisionNumber division = kNoDivision;
    float share = 0;
};

/// A place that the text may mean.
struct PlaceMatch {
    MatchLevel level = MatchLevel::none;
    double likelihood = 0;                 ///< share of the evidence
    DivisionNumber division = kNoDivision; ///< in which it lies: the village, or the division itself
    std::optional<AddressNumber> address;  ///< a standard address that stands for it: exact, building
    HouseId house = 0;                     ///< of that address
    std::optional<geom::Point> position;   ///< where it is, or a house in its middle; empty for a division
    std::uint32_t slips = 0;               ///< components that agree only nearly
    std::uint32_t conflicts = 0;           ///< components that say something else
    /// An index that lacks the place meant would give this one, too. Its name is short and has another character than
    /// that of the text, and nothing narrower than the county agrees but the number: 东华路25号 for 季华路25号. Or it
    /// lies outside the city or county of the text, and no town, village, group, estate or landmark agrees.
    bool in_doubt = false;
    std::vector<EvidenceItem> evidence; ///< by component, in the order of the text, then the missing ones
};

/// Most places of a result that are described one by one; all count in its shares.
inline constexpr std::size_t kMostPlaces = 10;

/// Components as read, with their place in the input.
struct ReadComponent {
    Component component = Component::noise;
    std::string text;                 ///< as it stands in the input
    std::uint32_t begin = 0, end = 0; ///< bytes of the input
};

struct MatchResult {
    Normalizer::Outcome outcome = Normalizer::Outcome::good;
    std::uint32_t bad_byte = 0; ///< of `not_utf8`
    std::vector<ReadComponent> components;
    std::vector<PlaceMatch> places;       ///< likeliest first, at most kMostPlaces; empty: the text names nothing known
    std::size_t places_in_all = 0;        ///< before the cut
    std::vector<PositionShare> positions; ///< of all places; with `divisions` and `unknown` they sum to 1
    std::vector<DivisionShare> divisions;
    double unknown = 1; ///< share of "none of these"
    double score = 0;   ///< calibrated: the share of such answers whose first place is right
};

/**
 * Text to places. Keeps its working memory, so one for each thread; index and costs must outlive it.
 */
class Matcher {
public:
    explicit Matcher(AddressIndex const& index, MatchCosts const& costs = kMatchCosts);
    ~Matcher();
    /// `out` keeps its memory. Never throws for any bytes.
    void match(std::string_view text, MatchResult& out);

    // The same for a batch: read() some texts, then match each. While one text waits for memory the others go on.
    static constexpr std::size_t kMostTogether = 8;
    /// At most kMostTogether, borrowed until they are matched.
    void read(std::span<std::string_view const> texts);
    /// The text with this number of those read last.
    void match(std::size_t number, MatchResult& out);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::address
