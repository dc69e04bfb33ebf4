#pragma once

#include "index_view.hpp"

#include <wangge/address/address_index.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// The arrays of the index. The same content gives the same bytes, whatever the order of the records.
/// Error{data_rejected} where it outgrows the format.
[[nodiscard]] BuiltIndex build_index(AddressContent const& content, Progress& progress);

/// A text from a table as it is compared. What the Normalizer refuses, or leaves nothing of, stands for itself.
[[nodiscard]] std::u32string comparable(std::string_view text);

/// Throws Error{data_rejected} where a number needs more than 32 bits.
[[nodiscard]] std::uint32_t fit32(std::size_t value);

// ---- what is looked up by likeness, by position, and by beginnings; from the arrays made before

/// similar, sounding and the trie.
void add_name_lookups(BuiltIndex& index);
/// leaves and boxes.
void add_house_tree(BuiltIndex& index);
/// by_name ... divisions_by_initials.
void add_suggestions(BuiltIndex& index, Gazetteer const& gazetteer);

} // namespace wangge::address
