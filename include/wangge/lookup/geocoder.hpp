#pragma once

#include <wangge/address/address_index.hpp>
#include <wangge/address/matcher.hpp>
#include <wangge/lookup/locator.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::lookup {

/// One of the grids in which an address may lie.
struct GridShare {
    snapshot::GridId grid = snapshot::kOutside;
    double share = 0; ///< of the evidence; all shares of an answer sum to 1
};

/// Answer to "which grid is this address in": one grid when the text determines it, else the grids it may be.
struct AddressAnswer {
    address::MatchResult match;
    address::MatchLevel level = address::MatchLevel::none; ///< of the first place
    double score = 0;                     ///< calibrated: that `grid` is right; of the first place when there is none
    std::optional<snapshot::GridId> grid; ///< only when the evidence determines one
    std::vector<GridShare> grids;         ///< the largest share first; at most kMostGrids
    std::size_t grids_in_all = 0;         ///< before the cut
    std::optional<geom::Point> position;
    std::optional<address::StoredAddress> standard; ///< the matched standard address
    std::vector<std::string> conflicts;             ///< sentences: what the text says against what was found
};

/// Most grids that an answer lists.
inline constexpr std::size_t kMostGrids = 200;

/**
 * Address -> grid, over one snapshot and its address index. Keeps its working memory: one for each thread.
 */
class Geocoder {
public:
    Geocoder(snapshot::Snapshot const& snapshot, address::AddressIndex const& index);
    ~Geocoder();
    void geocode(std::string_view text, AddressAnswer& out);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::lookup
