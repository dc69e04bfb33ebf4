#pragma once

#include "index_view.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/sectioned_file.hpp>

#include <filesystem>
#include <optional>
#include <span>

namespace wangge::address {

/// Writes the file, not synced.
WrittenFile write_index(BuiltIndex const& index, Digest const& source, std::filesystem::path const& file);

/// Raised with every change of the layout, or of the rules for numbers, names and divisions.
inline constexpr std::uint32_t kIndexVersion = 2;

struct OpenIndex {
    Digest source;
    IndexView view;
};
/// View of a file's bytes, which must outlive it. Error{corrupt} naming `file` as AddressIndex::open(). One pass over
/// all records.
[[nodiscard]] OpenIndex open_index(std::span<std::byte const> bytes, std::filesystem::path const& file);

/// Source from the header alone; empty when it is none of this version, or the file has another size than it says.
[[nodiscard]] std::optional<Digest> source_of(std::span<std::byte const> bytes) noexcept;

} // namespace wangge::address
