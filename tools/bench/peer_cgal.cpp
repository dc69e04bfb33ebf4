#include "peers.hpp"

#include <CGAL/Constrained_Delaunay_triangulation_2.h>
#include <CGAL/Exact_predicates_inexact_constructions_kernel.h>
#include <CGAL/Triangulation_face_base_with_info_2.h>
#include <CGAL/Triangulation_hierarchy_2.h>
#include <CGAL/spatial_sort.h>

#include <algorithm>
#include <unordered_map>

namespace wangge::bench {

namespace {

using Kernel = CGAL::Exact_predicates_inexact_constructions_kernel;
using VertexBase = CGAL::Triangulation_hierarchy_vertex_base_2<CGAL::Triangulation_vertex_base_2<Kernel>>;
using FaceBase = CGAL::Triangulation_face_base_with_info_2<std::uint32_t, Kernel,
                                                           CGAL::Constrained_triangulation_face_base_2<Kernel>>;
using Triangulation =
    CGAL::Constrained_Delaunay_triangulation_2<Kernel, CGAL::Triangulation_data_structure_2<VertexBase, FaceBase>,
                                               CGAL::No_constraint_intersection_requiring_constructions_tag>;
using Hierarchy = CGAL::Triangulation_hierarchy_2<Triangulation>;

/// All edges constrain one triangulation, each triangle knows its grid, and a Delaunay hierarchy finds the triangle.
/// Exact. (CGAL's arrangements with trapezoidal-map point location do not finish on millions of edges.)
class CgalPeer final : public LibraryPeer {
public:
    explicit CgalPeer(std::span<geom::MultiPolygon const> shapes) {
        std::unordered_map<geom::Point, Hierarchy::Vertex_handle> vertices;
        std::vector<Kernel::Point_2> points;
        for (auto const& shape : shapes) {
            geom::for_each_ring(shape, [&](geom::Ring const& ring) {
                for (auto const p : ring) {
                    if (vertices.try_emplace(p).second) {
                        points.emplace_back(p.lon, p.lat);
                    }
                }
            });
        }
        CGAL::spatial_sort(points.begin(), points.end());
        Hierarchy::Face_handle near;
        for (auto const& point : points) {
            auto const vertex = m_triangulation.insert(point, near);
            near = vertex->face();
            vertices[{static_cast<std::int32_t>(point.x()), static_cast<std::int32_t>(point.y())}] = vertex;
        }
        for (auto const& shape : shapes) {
            geom::for_each_edge(shape, [&](geom::Point a, geom::Point b) {
                m_triangulation.insert_constraint(vertices[a], vertices[b]);
            });
        }
        for (auto face : m_triangulation.all_face_handles()) {
            face->info() = kNobody;
        }
        for (std::uint32_t id = 0; id < shapes.size(); ++id) {
            for (auto const& part : shapes[id].parts) {
                fill(part.outer, id, vertices);
            }
        }
    }

private:
    /// Gives the triangles within the outer ring (and outside its holes) their number, from one that lies left of an
    /// edge.
    void fill(geom::Ring const& ring, std::uint32_t id,
              std::unordered_map<geom::Point, Hierarchy::Vertex_handle> const& vertices) {
        std::vector<Hierarchy::Face_handle> open;
        geom::for_each_edge(ring, [&](geom::Point a, geom::Point b) {
            Hierarchy::Face_handle face;
            int side = 0;
            if (!open.empty() || !m_triangulation.is_edge(vertices.at(a), vertices.at(b), face, side)) {
                return; // not one edge when another vertex lies on it
            }
            if (face->vertex(Triangulation::ccw(side)) != vertices.at(a)) {
                face = face->neighbor(side);
            }
            face->info() = id;
            open.push_back(face);
        });
        while (!open.empty()) {
            auto const face = open.back();
            open.pop_back();
            for (int i = 0; i < 3; ++i) {
                auto const next = face->neighbor(i);
                if (!face->is_constrained(i) && next->info() != id) {
                    next->info() = id;
                    open.push_back(next);
                }
            }
        }
    }

    [[nodiscard]] std::uint32_t locate(geom::Point p) override {
        Triangulation::Locate_type type{};
        int which = 0;
        auto const face = m_triangulation.locate(Kernel::Point_2(p.lon, p.lat), type, which);
        switch (type) {
        case Triangulation::FACE:
            return face->info();
        case Triangulation::EDGE:
            return std::min(face->info(), face->neighbor(which)->info());
        case Triangulation::VERTEX: {
            auto owner = kNobody;
            auto around = m_triangulation.incident_faces(face->vertex(which));
            auto const first = around;
            do {
                owner = std::min(owner, around->info());
            } while (++around != first);
            return owner;
        }
        default:
            return kNobody;
        }
    }

    Hierarchy m_triangulation;
};

} // namespace

std::unique_ptr<Peer> make_cgal_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<CgalPeer>(shapes);
}

} // namespace wangge::bench
