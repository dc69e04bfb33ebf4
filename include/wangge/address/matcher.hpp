#pragma once

#include <wangge/address/address_index.hpp>
#include <wangge/address/normalizer.hpp>
#include <wangge/address/parser.hpp>

#include <cstdint>
#include <memory>
#include <optional>
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

/// A place that the text may mean.
struct PlaceMatch {
    MatchLevel level = MatchLevel::none;
    double likelihood = 0;                 ///< share among the places of one result, they sum to 1
    DivisionNumber division = kNoDivision; ///< the deepest one that is sure: village, town, ...
    std::optional<AddressNumber> address;  ///< a standard address that stands for it: exact, building
    std::vector<geom::Point> positions;    ///< where it is: one, or those of the numbers of a road or estate; none
                                           ///< for a division (then its grids are the answer)
    std::vector<std::uint32_t> weights;    ///< addresses at each position
    std::vector<EvidenceItem> evidence;
};

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
    std::vector<PlaceMatch> places; ///< likeliest first; empty when the text names nothing known
    double score = 0;               ///< calibrated: the share of such answers whose first place is right
};

/**
 * Text to places. Keeps its working memory, so one for each thread; the index must outlive it.
 */
class Matcher {
public:
    explicit Matcher(AddressIndex const& index);
    ~Matcher();
    /// `out` keeps its memory. Never throws for any bytes.
    void match(std::string_view text, MatchResult& out);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::address
