#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/digest.hpp>
#include <wangge/geom/polygon.hpp>

#include <string_view>
#include <vector>

namespace wangge::snapshot {

/**
 * Content digest, fed in one order: divisions(n), n times division(), grids(n), n times grid(). A grid comes in as the
 * digest of its own facts, so that a small change hashes only what changed. docs/snapshot-format.md gives the bytes.
 */
class ContentHash {
public:
    ContentHash();
    void divisions(std::size_t count);
    void division(DivisionCode code, std::string_view name, Level level, DivisionCode parent);
    void grids(std::size_t count);
    void grid(Digest const& digest);
    [[nodiscard]] Digest finish() { return m_hash.finish(); }

private:
    Sha256 m_hash;
    std::vector<std::byte> m_record;
};

/// Digest of one grid's facts. `normalized` must be in the canonical form of geom::normalize.
[[nodiscard]] Digest grid_digest(GridCode const& code, std::string_view name, GridKind kind, DivisionCode village,
                                 geom::MultiPolygon const& normalized);

} // namespace wangge::snapshot
