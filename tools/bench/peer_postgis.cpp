#include "peers.hpp"
#include "postgres.hpp"

#include <algorithm>
#include <charconv>

namespace wangge::bench {

namespace {

/// A table of positions joined with a table of polygons on one core, both with a GiST index: the planner then goes by
/// polygon, which is faster than by position, since it prepares each polygon once.
class PostgisPeer final : public Peer {
public:
    explicit PostgisPeer(std::span<geom::MultiPolygon const> shapes) : m_cluster(0) { m_cluster.load_grids(shapes); }

    void take(std::span<geom::Point const> points) override {
        m_count = points.size();
        m_cluster.run("DROP TABLE IF EXISTS points; CREATE UNLOGGED TABLE points (id int, geom geometry)");
        std::size_t next = 0;
        m_cluster.copy_in("COPY points FROM STDIN (FORMAT binary)", [&](std::string& out) {
            if (next == 0) {
                append_copy_begin(out);
            }
            if (next == points.size()) {
                append_copy_end(out);
                return false;
            }
            append_big_endian(out, std::int16_t{2});
            append_big_endian(out, std::int32_t{4});
            append_big_endian(out, static_cast<std::int32_t>(next));
            append_big_endian(out, std::int32_t{21});
            out += '\0'; // WKB of a point, in network byte order
            append_big_endian(out, std::int32_t{1});
            append_big_endian(out, std::bit_cast<std::uint64_t>(geom::to_degrees(points[next].lon)));
            append_big_endian(out, std::bit_cast<std::uint64_t>(geom::to_degrees(points[next].lat)));
            ++next;
            return true;
        });
        m_cluster.run("CREATE INDEX ON points USING gist (geom)");
        m_cluster.run("VACUUM ANALYZE points");
    }
    void answer() override {
        m_cluster.run(
            "DROP TABLE IF EXISTS answers; CREATE UNLOGGED TABLE answers AS SELECT p.id AS point, g.id AS grid "
            "FROM points p JOIN grids g ON ST_Covers(g.geom, p.geom)");
    }
    [[nodiscard]] std::vector<std::uint32_t> give() override {
        std::vector<std::uint32_t> answers(m_count, kNobody);
        m_cluster.copy_out("COPY answers TO STDOUT", [&](std::string_view row) {
            std::uint32_t point = 0, grid = 0;
            auto const* const end = row.data() + row.size();
            auto const tab = std::from_chars(row.data(), end, point).ptr;
            std::from_chars(tab + 1, end, grid);
            answers.at(point) = std::min(answers[point], grid);
        });
        return answers;
    }
    [[nodiscard]] double cpu_s() const override { return m_cluster.cpu_s(); }
    [[nodiscard]] std::uint64_t file_bytes() override {
        return std::stoull(m_cluster.value("SELECT pg_total_relation_size('grids')"));
    }
    [[nodiscard]] std::uint64_t other_process_peak_bytes() override { return m_cluster.peak_bytes(); }

private:
    PostgresCluster m_cluster;
    std::size_t m_count = 0;
};

} // namespace

std::unique_ptr<Peer> make_postgis_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<PostgisPeer>(shapes);
}

} // namespace wangge::bench
