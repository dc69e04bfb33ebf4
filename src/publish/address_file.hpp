#pragma once

#include <wangge/base/digest.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/registry/registry.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <filesystem>
#include <optional>
#include <vector>

namespace wangge::publish {

/// A division as the address index takes it; the name is borrowed.
using AddressDivision = snapshot::Content::Division;
[[nodiscard]] std::vector<AddressDivision> divisions_of(registry::State const& state);
[[nodiscard]] std::vector<AddressDivision> divisions_of(snapshot::Snapshot const& snapshot);

/**
 * The file addresses.bin for a publish: a former one where it comes from the same facts and is whole, else one built
 * from the registry, aside in the snapshots' folder until a snapshot has linked it. What it is made of: the imported
 * address points, which are undated and of which only the newest are known; those of staff, and the names that staff
 * gave, of a day and as a generation knew them (none: as is known now, the draft included); the divisions of the day;
 * their former names and codes, as is known now.
 */
class AddressFile {
public:
    AddressFile(registry::DataFolder const& folder, registry::Registry const& registry, Progress& progress);
    ~AddressFile();
    AddressFile(AddressFile const&) = delete;
    AddressFile& operator=(AddressFile const&) = delete;
    /// Removes the files that killed processes were building.
    static void remove_left_over(registry::DataFolder const& folder);

    /// Does the snapshot's file come from what is known, with its own divisions and day?
    [[nodiscard]] bool is_current(snapshot::Snapshot const& snapshot,
                                  std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// The file for these divisions and this day. `former` may be null.
    [[nodiscard]] snapshot::FileToLink file(std::vector<AddressDivision> const& divisions, Date as_of,
                                            std::optional<GenerationNumber> known_at, snapshot::Snapshot const* former);
    [[nodiscard]] bool built() const noexcept { return m_built.has_value(); }

private:
    [[nodiscard]] Digest source(std::vector<AddressDivision> const& divisions, Date as_of,
                                std::optional<GenerationNumber> known_at) const;
    registry::Registry const& m_registry;
    Progress& m_progress;
    std::filesystem::path m_aside;
    std::optional<snapshot::FileToLink> m_built;
    Digest m_built_source;
};

} // namespace wangge::publish
