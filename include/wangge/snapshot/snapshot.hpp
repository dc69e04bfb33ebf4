#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/dates.hpp>
#include <wangge/base/digest.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/geom/polygon.hpp>
#include <wangge/snapshot/point_index.hpp>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::snapshot {

/// A file that somebody else wrote and that goes into the folder as it is, by a hard link where that can be. What is in
/// it is no part of the content.
struct FileToLink {
    std::filesystem::path file;
    std::uint64_t bytes = 0, checksum = 0; ///< checksum64 of the whole file
};

/// What a snapshot is built from; borrowed for the build only.
struct Content {
    struct Division {
        DivisionCode code;
        std::string_view name;
        Level level = Level::village;
        DivisionCode parent; ///< invalid for the province
    };
    struct Grid {
        GridCode code;
        std::string_view name;
        GridKind kind = GridKind::comprehensive;
        DivisionCode village;
        geom::MultiPolygon const* shape = nullptr;
    };
    Date as_of;
    DateInterval unchanged; ///< days for which the same facts hold
    GenerationNumber generation = 0;
    std::vector<Division> divisions;     ///< by code
    std::vector<Grid> grids;             ///< by code
    std::string notes;                   ///< kept with the snapshot for its publisher; no part of the content
    std::optional<FileToLink> addresses; ///< addresses.bin
};

/// How the next snapshot differs from the one before it; borrowed for the build only. Divisions are the same.
struct Update {
    Date as_of;
    DateInterval unchanged;
    GenerationNumber generation = 0;
    std::vector<Content::Grid> put; ///< new and altered grids, by code; one that is as it was does no harm
    std::vector<GridCode> gone;     ///< by code
    std::string notes;
    std::optional<FileToLink> addresses; ///< not taken over from the snapshot before by itself
};

using DivisionId = std::uint32_t;
inline constexpr DivisionId kNoDivision = 0xffffffffU;

struct GridInfo {
    GridCode code;
    std::string_view name; ///< points into the mapping
    GridKind kind = GridKind::comprehensive;
    DivisionId village = kNoDivision;
    double area_m2 = 0;
    geom::Envelope envelope;
};

struct DivisionInfo {
    DivisionCode code;
    std::string_view name;
    Level level = Level::village;
    DivisionId parent = kNoDivision;
};

struct NearestGrid {
    GridId grid = kOutside;
    double distance_m = 0; ///< from the position to the grid's nearest edge, by geom::LocalMetres: to 1e-5 up to 50 km;
                           ///< 0 when it owns the position or has it on its boundary
    bool operator==(NearestGrid const&) const = default;
};

struct StoredGrids;

/**
 * One state(D, K), immutable, mapped from a folder. Opening parses nothing. Safe for any number of threads.
 * Folder: MANIFEST.json, index.bin, grids.bin, shapes.bin, addresses.bin (docs/snapshot-format.md gives the layouts).
 * A grid's id is a slot: a full build numbers by code, an update lets a grid keep its slot, so codes then come in any
 * order; by_code() lists them.
 */
class Snapshot {
public:
    /**
     * Throws Error{not_found} when there is none, Error{corrupt} naming the file when a size, a header with its
     * checksum, any byte of index.bin, or the structure of grids.bin and shapes.bin is wrong, so that no accessor can
     * leave the mapping. The other bytes of those two are verify()'s business. Only when the machine went down before
     * the folder was synced are they read here, too.
     */
    [[nodiscard]] static std::shared_ptr<Snapshot const> open(std::filesystem::path const& folder);
    ~Snapshot();

    [[nodiscard]] Date as_of() const noexcept;
    [[nodiscard]] DateInterval unchanged() const noexcept;
    [[nodiscard]] GenerationNumber generation() const noexcept;
    /// Digest of the content; does not depend on when or where it was built.
    [[nodiscard]] Digest const& digest() const noexcept;
    [[nodiscard]] std::filesystem::path const& folder() const noexcept;

    [[nodiscard]] std::size_t grid_count() const noexcept;
    [[nodiscard]] std::size_t division_count() const noexcept;
    /// `id` must be below grid_count() / division_count().
    [[nodiscard]] GridInfo grid(GridId id) const;
    [[nodiscard]] DivisionInfo division(DivisionId id) const;
    [[nodiscard]] std::optional<GridId> find_grid(GridCode const& code) const;      ///< O(log n)
    [[nodiscard]] std::optional<DivisionId> find_division(DivisionCode code) const; ///< O(log n)
    /// Grids whose parent chain holds the division, in code order. O(n).
    [[nodiscard]] std::vector<GridId> grids_under(DivisionId division) const;
    /// All grids in code order.
    [[nodiscard]] std::span<GridId const> by_code() const noexcept;
    /// grid(a).code < grid(b).code
    [[nodiscard]] bool code_before(GridId a, GridId b) const noexcept;
    [[nodiscard]] geom::MultiPolygon shape(GridId id) const;
    /// What its publisher wrote beside the content; empty when nothing.
    [[nodiscard]] std::string notes() const;
    /// addresses.bin with size and checksum as the manifest has them; empty when it has none.
    [[nodiscard]] std::optional<FileToLink> addresses() const;

    [[nodiscard]] PointIndex const& point_index() const noexcept;
    [[nodiscard]] GridId locate(geom::Point p) const noexcept { return point_index().locate(p); }

    // Queries (queries.cpp). Positions are geom::Point: CGCS2000, longitude first, units of 1e-7 degree; distances are
    // metres. Areas and boxes are closed: a grid that only touches at a vertex or along an edge is found. Predicates
    // are exact, in integers, with edges as real lines between their ends. Any number of threads may ask at once: there
    // are no locks, and nothing is kept but the result. `c` below is the number of grids whose envelope meets the
    // outline.

    /// Grids that share a position with the box, in id order. An empty box meets nothing; a box across the antimeridian
    /// has to be asked for as two. O(log n + found + edges of c).
    [[nodiscard]] std::vector<GridId> intersecting(geom::Envelope const& box) const;
    /// Grids that share a position with the area, in id order. It must be valid (OGC): what its holes leave out is not
    /// in it. Of rings that cross, the even-odd area and the outline count. Throws Error{usage} when a vertex is off
    /// the globe. O(m log m + log n + found), m being its vertices, and for each of c the edges of both that come near.
    [[nodiscard]] std::vector<GridId> intersecting(geom::MultiPolygon const& area) const;
    [[nodiscard]] std::vector<GridId> intersecting(geom::Polygon const& area) const;
    /// Grids that share a position with the polyline, in id order; one position alone is a line too. Throws and costs
    /// as for an area.
    [[nodiscard]] std::vector<GridId> intersecting(std::span<geom::Point const> line) const;

    /// Grids that come within `radius_m` of `p`, the nearest first, as nearest() has them. Error{usage} when the radius
    /// is negative or not a number. O(log n + edges of what is found).
    [[nodiscard]] std::vector<NearestGrid> within(geom::Point p, double radius_m) const;
    /// The `k` nearest grids that come within `limit_m` of `p`: the owner first, with distance 0, then by distance; of
    /// equal distances the lower code comes first. Fewer when there are no more. Error{usage} as within().
    /// O(log n + edges of the grids that come as near), expected.
    [[nodiscard]] std::vector<NearestGrid> nearest(geom::Point p, std::size_t k, double limit_m) const;
    /// Metres from `p` to the nearest edge of any grid, inside or outside; empty when there is none within `limit_m`.
    [[nodiscard]] std::optional<double> edge_distance_m(geom::Point p, double limit_m) const;
    /// Metres from `p` to the nearest edge of the grid; without copying the shape. O(vertices of the grid).
    [[nodiscard]] double distance_to_boundary_m(GridId id, geom::Point p) const;

private:
    friend void verify(std::filesystem::path const& folder, Progress& progress);
    friend Digest update_snapshot(Snapshot const& previous, Update const& update, std::filesystem::path const& folder,
                                  Progress& progress);
    friend Digest content_digest(Snapshot const& previous, Update const& update);
    Snapshot();
    struct Impl;
    [[nodiscard]] StoredGrids stored() const noexcept;
    std::unique_ptr<Impl> m_impl;
};

/**
 * Writes a snapshot folder: everything aside in `folder`.new-PID, then renamed. An existing `folder` is an
 * Error{conflict}. Returns the content digest. The same content gives the same bytes. Divisions and grids must rise by
 * code (Error{usage}); a parent or village that is not among the divisions is Error{data_rejected}.
 * The folder can be served at once; sync_snapshot() makes it last. A writer killed in between harms nothing; when the
 * machine goes down, open() reads the checksums.
 */
Digest write_snapshot(Content const& content, std::filesystem::path const& folder, Progress& progress);

/**
 * The same for what an update makes of `previous`, in O(bytes) with the constant of a copy: the digest, every lookup
 * and every listing are those of write_snapshot() on the whole content; numbers of grids may differ. Error{corrupt}
 * when a file of `previous` is damaged: then build from the whole content. Uses a second thread.
 */
Digest update_snapshot(Snapshot const& previous, Update const& update, std::filesystem::path const& folder,
                       Progress& progress);

/// Syncs every file to disk and takes the mark away that says otherwise; nothing to do when it is gone.
void sync_snapshot(std::filesystem::path const& folder, Progress& progress);

/**
 * Digest of the facts alone, equal to what write_snapshot returns, without writing: SHA-256 over the divisions and the
 * SHA-256 of each grid with its normalised shape. Dates and generation take no part, so that the same facts are known
 * again; docs/snapshot-format.md has the bytes.
 */
[[nodiscard]] Digest content_digest(Content const& content);
[[nodiscard]] Digest content_digest(Snapshot const& previous, Update const& update);

/// Reads the whole snapshot: the checksum of every file, then the content digest from what the files say. Throws as
/// open() does.
void verify(std::filesystem::path const& folder, Progress& progress);

/**
 * The snapshot that is served now. get() is one mutex and one shared_ptr copy (std::atomic<shared_ptr> races in
 * libstdc++ 12).
 */
class SnapshotHolder {
public:
    explicit SnapshotHolder(std::shared_ptr<Snapshot const> first) : m_snapshot(std::move(first)) {}
    [[nodiscard]] std::shared_ptr<Snapshot const> get() const {
        std::scoped_lock const lock{m_mutex};
        return m_snapshot;
    }
    void set(std::shared_ptr<Snapshot const> next) {
        std::scoped_lock const lock{m_mutex};
        m_snapshot.swap(next);
    }

private:
    mutable std::mutex m_mutex;
    std::shared_ptr<Snapshot const> m_snapshot;
};

/**
 * The folder DIR/snapshots: published ones are g<generation>-<as_of>; CURRENT names the one to serve and is replaced
 * atomically; the previous one is kept, older ones are removed by prune().
 */
class SnapshotStore {
public:
    explicit SnapshotStore(std::filesystem::path root) : m_root(std::move(root)) {}
    [[nodiscard]] std::filesystem::path folder_of(GenerationNumber generation, Date as_of) const;
    /// Name in CURRENT; empty when nothing has been published.
    [[nodiscard]] std::optional<std::filesystem::path> current() const;
    void set_current(std::filesystem::path const& folder) const;
    /// Opens the current one. Error{not_found} that says to publish first.
    [[nodiscard]] std::shared_ptr<Snapshot const> open_current() const;
    /// Removes left-overs of killed writers (*.new-PID of dead processes) and all but the newest `keep` published ones.
    void prune(std::size_t keep) const;
    /// sync_snapshot() of every published one that a killed publisher left unsynced.
    void sync(Progress& progress) const;

private:
    std::filesystem::path m_root;
};

} // namespace wangge::snapshot
