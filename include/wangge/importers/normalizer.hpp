#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/field_mapping.hpp>
#include <wangge/importers/raw_feature.hpp>
#include <wangge/registry/records.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace wangge::importers {

/// A grid as a file describes it, ready to be checked against its neighbours.
struct GridDraft {
    registry::Grid grid; ///< shape normalised on the lattice
    std::size_t row = 0;
    double snapped_m = 0; ///< furthest that a vertex moved to reach the lattice
};

/// How far vertices moved to reach the lattice, in metres.
struct SnapStatistics {
    double max_m = 0;
    double sum_m = 0;
    std::size_t vertices = 0;
    [[nodiscard]] double mean_m() const noexcept { return vertices == 0 ? 0 : sum_m / static_cast<double>(vertices); }
    void add(SnapStatistics const& other) noexcept;
};

/// A few raw coordinates of a grid, an outline or an address, kept to ask whether another coordinate system would fit
/// better.
struct DatumWitness {
    GridCode code;                           ///< of grids
    DivisionCode division;                   ///< the village of a grid, of an outline its own
    std::array<crs::Coordinate, 4> extremes; ///< westmost, eastmost, southmost, northmost, as in the file
    bool point = false;                      ///< a position, which is all four of them

    /// Each place once.
    [[nodiscard]] std::span<crs::Coordinate const> corners() const noexcept {
        return std::span{extremes}.first(point ? 1 : extremes.size());
    }
};

/// Empty when the feature has no coordinates.
[[nodiscard]] std::optional<std::array<crs::Coordinate, 4>> extremes_of(RawFeature const& feature);

/**
 * Coordinates of a feature to lattice rings in the registry's CRS: holds them open, drops repeated points, gives each
 * ring the orientation of its role. One object serves one thread; its buffers are used again.
 */
class ShapeNormalizer {
public:
    /// `transformer` must outlive it.
    explicit ShapeNormalizer(crs::Transformer const& transformer) : m_transformer(transformer) {}
    struct Result {
        geom::MultiPolygon shape; ///< what is left of it, perhaps nothing
        bool sound = false;       ///< no position is off the globe and no ring collapsed
    };
    /// Appends its problems under `subject`.
    [[nodiscard]] Result normalize(RawFeature const& feature, std::string const& subject,
                                   std::vector<Problem>& problems);
    [[nodiscard]] SnapStatistics const& snapped() const noexcept { return m_snapped; }
    /// Of the last feature.
    [[nodiscard]] double last_snapped_m() const noexcept { return m_last_max_m; }

private:
    [[nodiscard]] bool place(RawFeature const& feature, std::string const& subject, std::vector<Problem>& problems);

    crs::Transformer const& m_transformer;
    SnapStatistics m_snapped;
    double m_last_max_m = 0;
    std::vector<crs::Coordinate> m_positions;
    std::vector<geom::Point> m_points;
};

/// What is left of a feature that has problems: it takes part in the check, so that no gap is reported where it lies.
struct LooseShape {
    std::string subject; ///< its code, or "row 17"
    geom::MultiPolygon shape;
};

/// What the normalizer needs to know of the villages that exist on the effective day.
using VillageLevels = std::unordered_map<DivisionCode, Level>;

/// RawFeature -> GridDraft, or the problems that forbid it. One object for each file; serves one thread.
class Normalizer {
public:
    /// `known_village` tells where a grid of this code lies today; it is asked when the file has no village column. All
    /// references must outlive the object.
    Normalizer(CodeProfile const& profile, VillageLevels const& divisions, FieldMapping const& mapping,
               crs::Transformer const& transformer, std::string file,
               std::function<std::optional<DivisionCode>(GridCode const&)> known_village);

    /// `problems` are those of this feature; all get its place.
    [[nodiscard]] std::optional<GridDraft> normalize(RawFeature const& feature, std::vector<Problem>& problems);
    /// For a feature that the reader has already reported: only its shape counts.
    void normalize_loose(RawFeature const& feature, std::vector<Problem>& problems);
    /// Every code that was read, also of features with problems, and where.
    struct CodeAt {
        GridCode code;
        std::size_t row = 0;
        geom::Point at;
    };
    [[nodiscard]] std::vector<CodeAt> const& codes() const noexcept { return m_codes; }
    [[nodiscard]] std::vector<LooseShape>& loose() noexcept { return m_loose; }
    /// Of every feature whose code and village could be read, also of those that are off the globe.
    [[nodiscard]] std::vector<DatumWitness> const& witnesses() const noexcept { return m_witnesses; }
    [[nodiscard]] SnapStatistics const& snapped() const noexcept { return m_shapes.snapped(); }

private:
    /// Fills in what can be read; false when something forbids the grid.
    [[nodiscard]] bool attributes(RawFeature const& feature, registry::Grid& grid,
                                  std::vector<Problem>& problems) const;
    void witness(RawFeature const& feature, registry::Grid const& grid);
    void keep_loose(std::string const& subject, geom::MultiPolygon shape, std::vector<Problem>& problems);

    CodeProfile const& m_profile;
    VillageLevels const& m_divisions;
    FieldMapping const& m_mapping;
    ShapeNormalizer m_shapes;
    std::string m_file;
    std::function<std::optional<DivisionCode>(GridCode const&)> m_known_village;
    std::vector<DatumWitness> m_witnesses;
    std::vector<LooseShape> m_loose;
    std::vector<CodeAt> m_codes;
};

/// Kind from words in files: 综合网格, 基础网格, 专属网格, comprehensive, dedicated. Empty for any other.
[[nodiscard]] std::optional<GridKind> parse_kind_word(std::string_view text);

} // namespace wangge::importers
