#include "content_hash.hpp"
#include "envelope_tree.hpp"
#include "sections.hpp"
#include "snapshot_folder.hpp"
#include "stored.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace wangge::snapshot {

using namespace sections;

struct Snapshot::Impl {
    std::filesystem::path folder;
    Manifest manifest;
    MappedFile index_file, grids_file, shapes_file;
    PointIndex index;
    std::span<DivisionRecord const> divisions;
    std::span<GridRecord const> grids;
    std::span<char const> names;
    std::span<GridId const> by_code;
    std::span<Digest const> digests;
    EnvelopeTree tree;
    std::span<std::uint32_t const> first_part, first_ring, first_point;
    std::span<geom::Point const> points;

    explicit Impl(std::filesystem::path const& where)
        : folder(where)
        , manifest(read_sound_manifest(where))
        , index_file(map_file(where, kIndexFile, manifest))
        , grids_file(map_file(where, kGridsFile, manifest))
        , shapes_file(map_file(where, kShapesFile, manifest)) {
        open_grids();
        open_shapes();
        auto const path = folder / kIndexFile;
        index = PointIndex::over(index_file.bytes(), path.string());
        if (index.grid_count() != grids.size()) {
            refuse(path, fmt::format("it indexes {} grids where grids.bin has {}", index.grid_count(), grids.size()));
        }
        if (!index.content_is_whole()) {
            refuse(path, "the file is damaged (checksum)");
        }
        if (manifest.files.contains(kAddressesFile)) { // opened by who looks addresses up; it has to be there
            static_cast<void>(map_file(folder, kAddressesFile, manifest));
        }
        index_file.advise_random_hot();
    }

    /// After a power cut in the middle of writing a size and a header can be right and the rest missing.
    static Manifest read_sound_manifest(std::filesystem::path const& where) {
        auto manifest = read_manifest(where);
        if (may_be_torn(where)) {
            check_files(where, manifest);
        }
        return manifest;
    }

    void open_grids() {
        auto const path = folder / kGridsFile;
        SectionedView const file{path, grids_file.bytes(), kGrids};
        divisions = file.section<DivisionRecord>(GridsSection::divisions);
        grids = file.section<GridRecord>(GridsSection::grids);
        names = file.section<char>(GridsSection::names);
        by_code = file.section<GridId>(GridsSection::by_code);
        digests = file.section<Digest>(GridsSection::digests);
        auto const boxes = file.section<geom::Envelope>(GridsSection::tree_boxes);
        auto const ids = file.section<std::uint32_t>(GridsSection::tree_ids);
        if (file.digest() != manifest.content) {
            refuse(path, "it belongs to another snapshot");
        }
        if (divisions.size() != manifest.divisions || grids.size() != manifest.grids || ids.size() != grids.size() ||
            by_code.size() != grids.size() || digests.size() != grids.size() ||
            boxes.size() != EnvelopeTree::tree_size(grids.size())) {
            refuse(path, "its sections do not have the sizes that the manifest gives");
        }
        auto const named = [&](auto const& r) {
            return r.name_offset <= names.size() && r.name_size <= names.size() - r.name_offset;
        };
        for (std::size_t i = 0; i < divisions.size(); ++i) {
            auto const& d = divisions[i];
            bool const parent_fits =
                d.parent == kNoDivision || (d.parent < divisions.size() && divisions[d.parent].level < d.level);
            if (!named(d) || !parent_fits || d.level < 1 || d.level > 6 ||
                (i != 0 && divisions[i - 1].code >= d.code)) {
                refuse(path, fmt::format("division record {} is damaged", i));
            }
        }
        for (std::size_t i = 0; i < grids.size(); ++i) {
            auto const& g = grids[i];
            bool const kind_fits = g.kind == static_cast<std::uint8_t>(GridKind::comprehensive) ||
                                   g.kind == static_cast<std::uint8_t>(GridKind::dedicated);
            if (!named(g) || !kind_fits || g.village >= divisions.size() || ids[i] >= grids.size() ||
                !GridCode::parse(code_of(g))) {
                refuse(path, fmt::format("grid record {} is damaged", i));
            }
        }
        for (std::size_t i = 0; i < by_code.size(); ++i) { // codes that rise are each there once
            if (by_code[i] >= grids.size() ||
                (i != 0 && code_of(grids[by_code[i - 1]]) >= code_of(grids[by_code[i]]))) {
                refuse(path, fmt::format("its order by code is damaged at {}", i));
            }
        }
        tree = EnvelopeTree{boxes, ids};
    }

    void open_shapes() {
        auto const path = folder / kShapesFile;
        SectionedView const file{path, shapes_file.bytes(), kShapes};
        first_part = file.section<std::uint32_t>(ShapesSection::first_part);
        first_ring = file.section<std::uint32_t>(ShapesSection::first_ring);
        first_point = file.section<std::uint32_t>(ShapesSection::first_point);
        points = file.section<geom::Point>(ShapesSection::points);
        if (file.digest() != manifest.content) {
            refuse(path, "it belongs to another snapshot");
        }
        auto const leads_to = [](std::span<std::uint32_t const> first, std::size_t count) {
            return !first.empty() && first.front() == 0 && first.back() == count &&
                   std::is_sorted(first.begin(), first.end());
        };
        bool const outer_ring_each = std::adjacent_find(first_ring.begin(), first_ring.end()) == first_ring.end();
        if (first_part.size() != grids.size() + 1 || !leads_to(first_part, first_ring.size() - 1) ||
            !leads_to(first_ring, first_point.size() - 1) || !leads_to(first_point, points.size()) ||
            !outer_ring_each || points.size() != manifest.vertices) {
            refuse(path, "its ring directory is damaged");
        }
    }

    [[nodiscard]] std::string_view name(std::uint32_t offset, std::uint32_t size) const {
        return {names.data() + offset, size};
    }
};

Snapshot::Snapshot() = default;
Snapshot::~Snapshot() = default;

StoredGrids Snapshot::stored() const noexcept {
    auto const& m = *m_impl;
    return {m.index,   m.tree,       m.divisions,  m.grids,       m.names, m.by_code,
            m.digests, m.first_part, m.first_ring, m.first_point, m.points};
}

std::shared_ptr<Snapshot const> Snapshot::open(std::filesystem::path const& folder) {
    std::shared_ptr<Snapshot> snapshot{new Snapshot};
    snapshot->m_impl = std::make_unique<Impl>(folder);
    return snapshot;
}

Date Snapshot::as_of() const noexcept { return m_impl->manifest.as_of; }
DateInterval Snapshot::unchanged() const noexcept { return m_impl->manifest.unchanged; }
GenerationNumber Snapshot::generation() const noexcept { return m_impl->manifest.generation; }
Digest const& Snapshot::digest() const noexcept { return m_impl->manifest.content; }
std::filesystem::path const& Snapshot::folder() const noexcept { return m_impl->folder; }
std::size_t Snapshot::grid_count() const noexcept { return m_impl->grids.size(); }
std::size_t Snapshot::division_count() const noexcept { return m_impl->divisions.size(); }
std::span<GridId const> Snapshot::by_code() const noexcept { return m_impl->by_code; }
PointIndex const& Snapshot::point_index() const noexcept { return m_impl->index; }

GridInfo Snapshot::grid(GridId id) const {
    auto const& g = m_impl->grids[id];
    GridInfo info;
    info.code = GridCode::parse(code_of(g)).value();
    info.name = m_impl->name(g.name_offset, g.name_size);
    info.kind = static_cast<GridKind>(g.kind);
    info.village = g.village;
    info.area_m2 = g.area_m2;
    info.envelope = g.envelope;
    return info;
}

bool Snapshot::code_before(GridId a, GridId b) const noexcept {
    auto const &x = m_impl->grids[a].code, &y = m_impl->grids[b].code; // zeros behind the digits: the shorter is less
    return std::memcmp(x.data(), y.data(), x.size()) < 0;
}

DivisionInfo Snapshot::division(DivisionId id) const {
    auto const& d = m_impl->divisions[id];
    return {DivisionCode::from_value(d.code), m_impl->name(d.name_offset, d.name_size), static_cast<Level>(d.level),
            d.parent};
}

std::optional<GridId> Snapshot::find_grid(GridCode const& code) const {
    auto const& all = m_impl->grids;
    auto const& order = m_impl->by_code;
    auto const it = std::lower_bound(order.begin(), order.end(), code.str(),
                                     [&](GridId id, std::string_view c) { return code_of(all[id]) < c; });
    return it != order.end() && code_of(all[*it]) == code.str() ? std::optional{*it} : std::nullopt;
}

std::optional<DivisionId> Snapshot::find_division(DivisionCode code) const {
    auto const& all = m_impl->divisions;
    auto const it = std::lower_bound(all.begin(), all.end(), code.value(),
                                     [](DivisionRecord const& d, std::uint64_t c) { return d.code < c; });
    if (it == all.end() || it->code != code.value()) {
        return std::nullopt;
    }
    return static_cast<DivisionId>(it - all.begin());
}

std::vector<GridId> Snapshot::grids_under(DivisionId division) const {
    auto const& all = m_impl->divisions;
    std::vector<bool> under(all.size());
    for (DivisionId id = 0; id < all.size(); ++id) {
        for (auto up = id; up != kNoDivision && !under[id]; up = all[up].parent) { // levels rise, so chains end
            under[id] = up == division;
        }
    }
    std::vector<GridId> ids;
    for (auto const id : m_impl->by_code) {
        if (under[m_impl->grids[id].village]) {
            ids.push_back(id);
        }
    }
    return ids;
}

geom::MultiPolygon Snapshot::shape(GridId id) const {
    auto const& m = *m_impl;
    auto const ring = [&](std::uint32_t r) {
        auto const vertices = m.points.subspan(m.first_point[r], m.first_point[r + 1] - m.first_point[r]);
        return geom::Ring(vertices.begin(), vertices.end());
    };
    geom::MultiPolygon shape;
    for (auto part = m.first_part[id]; part < m.first_part[id + 1]; ++part) {
        auto& polygon = shape.parts.emplace_back();
        polygon.outer = ring(m.first_ring[part]);
        for (auto hole = m.first_ring[part] + 1; hole < m.first_ring[part + 1]; ++hole) {
            polygon.holes.push_back(ring(hole));
        }
    }
    return shape;
}

std::string Snapshot::notes() const {
    if (!m_impl->manifest.files.contains(kNotesFile)) {
        return {};
    }
    auto const file = map_file(m_impl->folder, kNotesFile, m_impl->manifest);
    return {reinterpret_cast<char const*>(file.bytes().data()), file.bytes().size()};
}

std::optional<FileToLink> Snapshot::addresses() const {
    auto const listed = m_impl->manifest.files.find(kAddressesFile);
    if (listed == m_impl->manifest.files.end()) {
        return std::nullopt;
    }
    return FileToLink{m_impl->folder / kAddressesFile, listed->second.bytes, listed->second.checksum};
}

void verify(std::filesystem::path const& folder, Progress& progress) {
    auto const manifest = read_manifest(folder);
    progress.begin("checksums", 0, "");
    check_files(folder, manifest);
    progress.end();
    auto const snapshot = Snapshot::open(folder);
    auto const& stored = *snapshot->m_impl;
    progress.begin("content digest", snapshot->grid_count(), "grids");
    ContentHash hash;
    hash.divisions(snapshot->division_count());
    for (DivisionId id = 0; id < snapshot->division_count(); ++id) {
        auto const d = snapshot->division(id);
        hash.division(d.code, d.name, d.level,
                      d.parent == kNoDivision ? DivisionCode{} : snapshot->division(d.parent).code);
    }
    hash.grids(snapshot->grid_count());
    for (auto const id : snapshot->by_code()) {
        auto const g = snapshot->grid(id);
        auto const digest =
            grid_digest(g.code, g.name, g.kind, snapshot->division(g.village).code, snapshot->shape(id));
        if (digest != stored.digests[id]) {
            refuse(folder / kGridsFile, fmt::format("grid {} does not have the digest that it gives", g.code.str()));
        }
        hash.grid(digest);
        progress.advance(1);
    }
    progress.end();
    if (hash.finish() != manifest.content) {
        refuse(folder / kManifestFile, "the content does not have the digest that it gives");
    }
}

} // namespace wangge::snapshot
