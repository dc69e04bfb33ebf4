#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/digest.hpp>
#include <wangge/geom/polygon.hpp>

#include <string_view>
#include <vector>

namespace wangge::snapshot {

/**
 * Content digest, fed in one order: divisions(n), n times division(), grids(n), n times grid().
 * docs/snapshot-format.md gives the serialisation.
 */
class ContentHash {
public:
    ContentHash();
    void divisions(std::size_t count);
    void division(DivisionCode code, std::string_view name, Level level, DivisionCode parent);
    void grids(std::size_t count);
    /// `normalized` must be in the canonical form of geom::normalize.
    void grid(GridCode const& code, std::string_view name, GridKind kind, DivisionCode village,
              geom::MultiPolygon const& normalized);
    [[nodiscard]] Digest finish() { return m_hash.finish(); }

private:
    void put(std::uint64_t value, std::size_t bytes);
    void put(std::string_view text);
    void flush();
    Sha256 m_hash;
    std::vector<std::byte> m_record;
};

} // namespace wangge::snapshot
