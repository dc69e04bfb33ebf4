#pragma once

#include <wangge/base/words.hpp>
#include <wangge/lookup/geocoder.hpp>
#include <wangge/lookup/locator.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace wangge::lookup {

/// What an answer is written with; all of one state.
struct AddressContext {
    snapshot::Snapshot const& snapshot;
    address::AddressIndex const& index;
    Locator const& locator;
    Date as_of;
};

/// One JSON object without line ends, keys in a fixed order (docs/http-api.md). Officers appear by staff number and
/// role only. `text` is what was asked.
[[nodiscard]] std::string to_json(AddressAnswer const& answer, std::string_view text, AddressContext const& context);
/// The same for people: one labelled line for each fact, no line end at the end.
[[nodiscard]] std::string to_text(AddressAnswer const& answer, std::string_view text, AddressContext const& context,
                                  Language language);

/// Standard addresses near a position, the nearest first.
[[nodiscard]] std::string near_to_json(std::vector<address::AddressIndex::Near> const& near, geom::Point position,
                                       AddressContext const& context);
[[nodiscard]] std::string near_to_text(std::vector<address::AddressIndex::Near> const& near,
                                       AddressContext const& context, Language language);

/// What an address that begins like this may be.
[[nodiscard]] std::string suggestions_to_json(std::vector<address::AddressIndex::Suggestion> const& suggestions,
                                              AddressContext const& context);
[[nodiscard]] std::string suggestions_to_text(std::vector<address::AddressIndex::Suggestion> const& suggestions,
                                              Language language);

} // namespace wangge::lookup
