#pragma once

#include "place_search.hpp"

#include <wangge/address/matcher.hpp>

namespace wangge::address {

/// Describes a candidate: level, position, and what each component of the text does for or against it. All but the
/// likelihood; keeps the memory of `out`.
void describe(IndexView const& view, AddressQuery const& query, Candidate const& candidate, PlaceSearch& search,
              PlaceMatch& out);

/// The addresses of a division of which no more is known; returns the share that is left for the division at large:
/// all where it has very many houses. `unknown`: addresses in it that the index lacks.
[[nodiscard]] float add_addresses_under(IndexView const& view, DivisionNumber division, float share, float unknown,
                                        std::vector<PositionShare>& out);

/// Where the candidate may be, with the share of each; a road or estate by one house in its middle when `coarse`; an
/// interpolated number by the numbers beside it, and a little by all of its road.
void add_positions(IndexView const& view, Candidate const& candidate, float share, bool coarse, MatchCosts const& costs,
                   std::vector<PositionShare>& out);

} // namespace wangge::address
