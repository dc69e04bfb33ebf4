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
 * from the registry, aside in the snapshots' folder until a snapshot has linked it. What it is made of: the address
 * points, which are undated; the divisions of a day; their former names and codes.
 */
class AddressFile {
public:
    AddressFile(registry::DataFolder const& folder, registry::Registry const& registry, Progress& progress);
    ~AddressFile();
    AddressFile(AddressFile const&) = delete;
    AddressFile& operator=(AddressFile const&) = delete;

    /// Does the snapshot's file come from what is known now, with its own divisions and day?
    [[nodiscard]] bool is_current(snapshot::Snapshot const& snapshot) const;
    /// The file for these divisions and this day. `former` may be null.
    [[nodiscard]] snapshot::FileToLink file(std::vector<AddressDivision> const& divisions, Date as_of,
                                            snapshot::Snapshot const* former);
    [[nodiscard]] bool built() const noexcept { return m_built.has_value(); }

private:
    [[nodiscard]] Digest source(std::vector<AddressDivision> const& divisions, Date as_of) const;
    registry::Registry const& m_registry;
    Progress& m_progress;
    std::filesystem::path m_aside;
    std::optional<snapshot::FileToLink> m_built;
    Digest m_built_source;
};

} // namespace wangge::publish
