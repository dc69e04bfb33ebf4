#include "content_hash.hpp"
#include "envelope_tree.hpp"
#include "manifest.hpp"
#include "sections.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>

namespace wangge::snapshot {

namespace {

using namespace sections;

DivisionId number_of(Content const& content, DivisionCode code) {
    auto const& all = content.divisions;
    auto const it = std::lower_bound(all.begin(), all.end(), code,
                                     [](Content::Division const& d, DivisionCode c) { return d.code < c; });
    return it != all.end() && it->code == code ? static_cast<DivisionId>(it - all.begin()) : kNoDivision;
}

void check(Content const& content) {
    auto const rises = [](auto const& list) {
        return std::adjacent_find(list.begin(), list.end(),
                                  [](auto const& a, auto const& b) { return !(a.code < b.code); }) == list.end();
    };
    if (!rises(content.divisions) || !rises(content.grids)) {
        throw Error{ErrorCode::usage, "snapshot: divisions and grids must be sorted by code, each code once"};
    }
    for (auto const& d : content.divisions) {
        if (!d.parent.valid()) {
            continue;
        }
        auto const parent = number_of(content, d.parent);
        if (parent == kNoDivision || content.divisions[parent].level >= d.level) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format(
                    "division {}: its parent {} is not a known division of a higher level; import the divisions again",
                    d.code.str(), d.parent.str())};
        }
    }
    for (auto const& g : content.grids) {
        if (!g.code.valid() || g.shape == nullptr) {
            throw Error{ErrorCode::usage, fmt::format("snapshot: grid '{}' has no code or no shape", g.code.str())};
        }
        if (number_of(content, g.village) == kNoDivision) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("grid {}: its village {} is not a known division; import the divisions",
                                    g.code.str(), g.village.str())};
        }
    }
}

/// Hashes the content; gives each grid's normalised shape to visit(position, shape).
template <class Visit>
Digest hash(Content const& content, Visit&& visit) {
    ContentHash hash;
    hash.divisions(content.divisions.size());
    for (auto const& d : content.divisions) {
        hash.division(d.code, d.name, d.level, d.parent);
    }
    hash.grids(content.grids.size());
    geom::MultiPolygon shape;
    for (std::size_t i = 0; i < content.grids.size(); ++i) {
        auto const& g = content.grids[i];
        shape = *g.shape;
        geom::normalize(shape);
        hash.grid(g.code, g.name, g.kind, g.village, shape);
        visit(i, std::as_const(shape));
    }
    return hash.finish();
}

template <class T>
std::span<std::byte const> bytes_of(std::vector<T> const& values) {
    return std::as_bytes(std::span{values});
}

std::uint32_t fit32(std::size_t value) {
    if (value > std::numeric_limits<std::uint32_t>::max()) {
        throw Error{ErrorCode::data_rejected,
                    "snapshot: more vertices or text than its format can number; build snapshots by city"};
    }
    return static_cast<std::uint32_t>(value);
}

struct Names {
    std::string text;
    template <class Record>
    void add(Record& record, std::string_view name) {
        record.name_offset = fit32(text.size());
        record.name_size = fit32(name.size());
        text += name;
    }
};

struct Shapes {
    std::vector<std::uint32_t> first_part{0}, first_ring{0}, first_point{0};
    std::vector<geom::Point> points;

    void add(geom::MultiPolygon const& shape) {
        auto const add_ring = [&](geom::Ring const& ring) {
            points.insert(points.end(), ring.begin(), ring.end());
            first_point.push_back(fit32(points.size()));
        };
        for (auto const& part : shape.parts) {
            add_ring(part.outer);
            std::for_each(part.holes.begin(), part.holes.end(), add_ring);
            first_ring.push_back(fit32(first_point.size() - 1));
        }
        first_part.push_back(fit32(first_ring.size() - 1));
    }
};

void write_files(Content const& content, std::filesystem::path const& folder, Manifest& manifest, Progress& progress) {
    Names names;
    std::vector<DivisionRecord> divisions;
    for (auto const& d : content.divisions) {
        auto& record = divisions.emplace_back();
        record.code = d.code.value();
        record.parent = d.parent.valid() ? number_of(content, d.parent) : kNoDivision;
        record.level = static_cast<std::uint32_t>(d.level);
        names.add(record, d.name);
    }
    std::vector<GridRecord> grids(content.grids.size());
    std::vector<geom::Envelope> envelopes(content.grids.size());
    std::vector<geom::MultiPolygon const*> index_shapes;
    Shapes shapes;
    progress.begin("snapshot: shapes", content.grids.size(), "grids");
    manifest.content = hash(content, [&](std::size_t i, geom::MultiPolygon const& shape) {
        auto const& g = content.grids[i];
        auto& record = grids[i];
        std::copy(g.code.str().begin(), g.code.str().end(), record.code.begin());
        record.kind = static_cast<std::uint8_t>(g.kind);
        record.village = number_of(content, g.village);
        record.area_m2 = geom::area_m2(shape);
        record.envelope = envelopes[i] = geom::envelope_of(shape);
        names.add(record, g.name);
        shapes.add(shape);
        index_shapes.push_back(g.shape);
        progress.advance(1);
    });
    progress.end();
    manifest.generation = content.generation;
    manifest.as_of = content.as_of;
    manifest.unchanged = content.unchanged;
    manifest.grids = grids.size();
    manifest.divisions = divisions.size();
    manifest.vertices = shapes.points.size();

    auto const note = [&](std::string_view name, Written const& written) {
        manifest.files[std::string{name}] = {written.bytes, written.checksum};
    };
    note(kShapesFile, write_file(folder / kShapesFile, kShapesMagic, manifest.content,
                                 std::array{bytes_of(shapes.first_part), bytes_of(shapes.first_ring),
                                            bytes_of(shapes.first_point), bytes_of(shapes.points)}));
    shapes = {};
    auto const tree = build_envelope_tree(envelopes);
    note(kGridsFile, write_file(folder / kGridsFile, kGridsMagic, manifest.content,
                                std::array{bytes_of(divisions), bytes_of(grids),
                                           std::as_bytes(std::span{names.text.data(), names.text.size()}),
                                           bytes_of(tree.boxes), bytes_of(tree.ids)}));
    note(kIndexFile, write_bytes(folder / kIndexFile, PointIndex::build(index_shapes, progress)));
}

} // namespace

Digest content_digest(Content const& content) {
    check(content);
    return hash(content, [](std::size_t, geom::MultiPolygon const&) {});
}

Digest write_snapshot(Content const& content, std::filesystem::path const& folder, Progress& progress) {
    check(content);
    if (std::filesystem::exists(folder)) {
        throw Error{
            ErrorCode::conflict,
            fmt::format("{}: this snapshot exists already and is never changed; nothing was written", folder.string())};
    }
    auto aside = folder;
    aside += fmt::format(".new-{}", ::getpid());
    try {
        std::filesystem::remove_all(aside);
        std::filesystem::create_directories(aside);
    } catch (std::filesystem::filesystem_error const& e) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be made: {}", aside.string(), e.code().message())};
    }
    Manifest manifest;
    try {
        write_files(content, aside, manifest, progress);
        FileWriter writer{aside / kManifestFile};
        writer.write(to_json(manifest));
        writer.close();
        progress.begin("snapshot: sync", 1, "folder");
        sync_folder(aside);
        progress.end();
        rename_durably(aside, folder);
    } catch (...) {
        std::error_code ignored; // the first error is the one to report; prune() removes what stays
        std::filesystem::remove_all(aside, ignored);
        throw;
    }
    return manifest.content;
}

} // namespace wangge::snapshot
