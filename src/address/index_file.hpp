#pragma once

#include "index_view.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/digest.hpp>

#include <filesystem>
#include <span>

namespace wangge::address {

/// Writes the file, not synced.
AddressIndex::Written write_index(BuiltIndex const& index, Digest const& source, std::filesystem::path const& file);

struct OpenIndex {
    Digest source;
    IndexView view;
};
/// View of a file's bytes, which must outlive it. Error{corrupt} naming `file` as AddressIndex::open(). One pass over
/// all records.
[[nodiscard]] OpenIndex open_index(std::span<std::byte const> bytes, std::filesystem::path const& file);

} // namespace wangge::address
