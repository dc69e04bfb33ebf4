#include "coverage.hpp"
#include "peers.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/wkb.hpp>

#include <fmt/format.h>
// spatialite.h needs sqlite3.h before it.
// clang-format off
#include <sqlite3.h>
#include <spatialite.h>
// clang-format on

#include <algorithm>

namespace wangge::bench {

namespace {

/// Polygons joined with positions through an R*Tree over the positions, in a file whose pages all fit the cache. The
/// other way round, a search in the polygons' R*Tree for each position, takes two to four times as long, because each
/// polygon is then read again and again.
class SpatialitePeer final : public Peer {
public:
    explicit SpatialitePeer(std::span<geom::MultiPolygon const> shapes)
        : m_folder("spatialite"), m_cache(spatialite_alloc_connection()) {
        check(sqlite3_open((m_folder.path() / "grids.sqlite").c_str(), &m_db));
        spatialite_init_ex(m_db, m_cache, 0);
        run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA temp_store = "
            "MEMORY;"
            "SELECT InitSpatialMetadata(1, 'NONE');"
            "CREATE TABLE grids (id INTEGER PRIMARY KEY);"
            "SELECT AddGeometryColumn('grids', 'geom', 0, 'MULTIPOLYGON', 'XY');"
            "CREATE TEMP TABLE points (id INTEGER PRIMARY KEY, geom BLOB);"
            "CREATE VIRTUAL TABLE temp.idx_points USING rtree (pkid, xmin, xmax, ymin, ymax); BEGIN;");
        auto* insert = prepare("INSERT INTO grids (id, geom) VALUES (?1, GeomFromWKB(?2, 0))");
        std::vector<std::byte> wkb;
        for (std::size_t id = 0; id < shapes.size(); ++id) {
            wkb.clear();
            geom::append_wkb(shapes[id], wkb);
            sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(id));
            sqlite3_bind_blob64(insert, 2, wkb.data(), wkb.size(), SQLITE_STATIC);
            sqlite3_step(insert);
            check(sqlite3_reset(insert));
        }
        sqlite3_finalize(insert);
        run("COMMIT; SELECT CreateSpatialIndex('grids', 'geom'); ANALYZE;");
        m_join = prepare("SELECT p.id, g.id FROM grids AS g CROSS JOIN idx_points AS i CROSS JOIN points AS p "
                         "WHERE i.xmax >= MbrMinX(g.geom) AND i.xmin <= MbrMaxX(g.geom) "
                         "AND i.ymax >= MbrMinY(g.geom) AND i.ymin <= MbrMaxY(g.geom) "
                         "AND p.id = i.pkid AND ST_Covers(g.geom, p.geom) = 1");
    }
    ~SpatialitePeer() override {
        sqlite3_finalize(m_join);
        sqlite3_close(m_db);
        spatialite_cleanup_ex(m_cache);
    }
    SpatialitePeer(SpatialitePeer const&) = delete;
    SpatialitePeer& operator=(SpatialitePeer const&) = delete;

    void take(std::span<geom::Point const> points) override {
        m_answers.assign(points.size(), kNobody);
        run("DELETE FROM points; DELETE FROM idx_points; BEGIN;");
        auto* insert = prepare("INSERT INTO points VALUES (?1, MakePoint(?2, ?3, 0))");
        for (std::size_t i = 0; i < points.size(); ++i) {
            sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i));
            sqlite3_bind_double(insert, 2, geom::to_degrees(points[i].lon));
            sqlite3_bind_double(insert, 3, geom::to_degrees(points[i].lat));
            sqlite3_step(insert);
            check(sqlite3_reset(insert));
        }
        sqlite3_finalize(insert);
        run("INSERT INTO idx_points SELECT id, ST_X(geom), ST_X(geom), ST_Y(geom), ST_Y(geom) FROM points; COMMIT;");
    }
    void answer() override {
        while (sqlite3_step(m_join) == SQLITE_ROW) {
            auto& owner = m_answers[static_cast<std::size_t>(sqlite3_column_int64(m_join, 0))];
            owner = std::min(owner, static_cast<std::uint32_t>(sqlite3_column_int64(m_join, 1)));
        }
        check(sqlite3_reset(m_join));
    }
    [[nodiscard]] std::vector<std::uint32_t> give() override { return m_answers; }
    [[nodiscard]] std::uint64_t file_bytes() override {
        return std::filesystem::file_size(m_folder.path() / "grids.sqlite");
    }

private:
    void check(int code) {
        if (code != SQLITE_OK) {
            throw Error{ErrorCode::environment, fmt::format("SpatiaLite: {}", sqlite3_errmsg(m_db))};
        }
    }
    void run(char const* sql) { check(sqlite3_exec(m_db, sql, nullptr, nullptr, nullptr)); }
    sqlite3_stmt* prepare(char const* sql) {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v2(m_db, sql, -1, &statement, nullptr));
        return statement;
    }

    TemporaryFolder m_folder;
    void* m_cache;
    sqlite3* m_db = nullptr;
    sqlite3_stmt* m_join = nullptr;
    std::vector<std::uint32_t> m_answers;
};

} // namespace

std::unique_ptr<Peer> make_spatialite_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<SpatialitePeer>(shapes);
}

} // namespace wangge::bench
