#include "content_hash.hpp"
#include "envelope_tree.hpp"
#include "sections.hpp"
#include "snapshot_folder.hpp"
#include "stored.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <future>
#include <limits>
#include <string>
#include <utility>

namespace wangge::snapshot {

namespace {

using namespace sections;

template <class T>
bool rises(std::vector<T> const& list) {
    return std::adjacent_find(list.begin(), list.end(), [](T const& a, T const& b) { return !(a.code < b.code); }) ==
           list.end();
}

DivisionId number_of(Content const& content, DivisionCode code) {
    auto const& all = content.divisions;
    auto const it = std::lower_bound(all.begin(), all.end(), code,
                                     [](Content::Division const& d, DivisionCode c) { return d.code < c; });
    return it != all.end() && it->code == code ? static_cast<DivisionId>(it - all.begin()) : kNoDivision;
}

void check(Content::Grid const& grid, bool village_known) {
    if (!grid.code.valid() || grid.shape == nullptr) {
        throw Error{ErrorCode::usage, fmt::format("snapshot: grid '{}' has no code or no shape", grid.code.str())};
    }
    if (!village_known) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("grid {}: its village {} is not a known division; import the divisions",
                                grid.code.str(), grid.village.str())};
    }
}

void check(Content const& content) {
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
        check(g, number_of(content, g.village) != kNoDivision);
    }
}

template <class T>
std::span<std::byte const> bytes_of(T const& values) {
    return std::as_bytes(std::span{values.data(), values.size()});
}

std::uint32_t fit32(std::size_t value) {
    if (value > std::numeric_limits<std::uint32_t>::max()) {
        throw Error{ErrorCode::data_rejected,
                    "snapshot: more vertices or text than its format can number; build snapshots by city"};
    }
    return static_cast<std::uint32_t>(value);
}

/// What grids.bin and shapes.bin hold, put together grid by grid in the order of their numbers.
struct Parts {
    std::vector<DivisionRecord> divisions;
    std::vector<GridRecord> grids;
    std::string names;
    std::vector<Digest> digests;
    std::vector<GridId> by_code;
    std::vector<std::uint32_t> first_part{0}, first_ring{0}, first_point{0};
    std::size_t vertices = 0;

    template <class Record>
    void add_name(Record& record, std::string_view name) {
        record.name_offset = fit32(names.size());
        record.name_size = fit32(name.size());
        names += name;
    }
    void add_division(DivisionCode code, std::string_view name, Level level, DivisionId parent) {
        auto& record = divisions.emplace_back();
        record.code = code.value();
        record.parent = parent;
        record.level = static_cast<std::uint32_t>(level);
        add_name(record, name);
    }
    /// The points are the caller's business.
    void add_grid(Content::Grid const& grid, DivisionId village, geom::MultiPolygon const& normalized,
                  Digest const& digest) {
        auto& record = grids.emplace_back();
        std::copy(grid.code.str().begin(), grid.code.str().end(), record.code.begin());
        record.kind = static_cast<std::uint8_t>(grid.kind);
        record.village = village;
        record.area_m2 = geom::area_m2(normalized);
        record.envelope = geom::envelope_of(normalized);
        add_name(record, grid.name);
        digests.push_back(digest);
        for (auto const& part : normalized.parts) {
            add_ring(part.outer.size());
            for (auto const& hole : part.holes) {
                add_ring(hole.size());
            }
            end_part();
        }
        end_grid();
    }
    void add_ring(std::size_t points) {
        vertices += points;
        first_point.push_back(fit32(vertices));
    }
    void end_part() { first_ring.push_back(fit32(first_point.size() - 1)); }
    void end_grid() { first_part.push_back(fit32(first_ring.size() - 1)); }

    [[nodiscard]] Digest content() const {
        ContentHash hash;
        hash.divisions(divisions.size());
        for (auto const& d : divisions) {
            hash.division(DivisionCode::from_value(d.code), {names.data() + d.name_offset, d.name_size},
                          static_cast<Level>(d.level),
                          d.parent == kNoDivision ? DivisionCode{}
                                                  : DivisionCode::from_value(divisions[d.parent].code));
        }
        hash.grids(grids.size());
        for (auto const id : by_code) {
            hash.grid(digests[id]);
        }
        return hash.finish();
    }
};

void append_points(std::vector<geom::Point>& points, geom::MultiPolygon const& shape) {
    geom::for_each_ring(shape, [&](geom::Ring const& ring) { points.insert(points.end(), ring.begin(), ring.end()); });
}

/// Everything but the points.
Parts parts_of(Content const& content, Progress& progress,
               std::function<void(geom::MultiPolygon const& normalized)> const& visit) {
    Parts parts;
    for (auto const& d : content.divisions) {
        parts.add_division(d.code, d.name, d.level, d.parent.valid() ? number_of(content, d.parent) : kNoDivision);
    }
    progress.begin("snapshot: shapes", content.grids.size(), "grids");
    geom::MultiPolygon shape;
    for (auto const& g : content.grids) {
        shape = *g.shape;
        geom::normalize(shape);
        parts.by_code.push_back(static_cast<GridId>(parts.grids.size()));
        parts.add_grid(g, number_of(content, g.village), shape, grid_digest(g.code, g.name, g.kind, g.village, shape));
        visit(shape);
        progress.advance(1);
    }
    progress.end();
    return parts;
}

Manifest::File noted(WrittenFile const& written) { return {written.bytes, written.checksum}; }

Manifest::File write_shapes(std::filesystem::path const& folder, Digest const& content, Parts const& parts,
                            SectionPieces points) {
    return noted(
        write_sectioned(folder / kShapesFile, kShapes, content,
                        std::array<SectionPieces, 4>{SectionPieces{bytes_of(parts.first_part)},
                                                     SectionPieces{bytes_of(parts.first_ring)},
                                                     SectionPieces{bytes_of(parts.first_point)}, std::move(points)}));
}

Manifest::File write_grids(std::filesystem::path const& folder, Digest const& content, Parts const& parts) {
    std::vector<geom::Envelope> envelopes;
    envelopes.reserve(parts.grids.size());
    for (auto const& record : parts.grids) {
        envelopes.push_back(record.envelope);
    }
    auto const tree = build_envelope_tree(envelopes);
    return noted(write_sectioned(
        folder / kGridsFile, kGrids, content,
        std::array<SectionPieces, 7>{SectionPieces{bytes_of(parts.divisions)}, SectionPieces{bytes_of(parts.grids)},
                                     SectionPieces{bytes_of(parts.names)}, SectionPieces{bytes_of(tree.boxes)},
                                     SectionPieces{bytes_of(tree.ids)}, SectionPieces{bytes_of(parts.by_code)},
                                     SectionPieces{bytes_of(parts.digests)}}));
}

/// What the manifest says of a content or an update, apart from its files.
template <class Source>
Manifest manifest_of(Source const& source, Parts const& parts) {
    Manifest manifest;
    manifest.generation = source.generation;
    manifest.as_of = source.as_of;
    manifest.unchanged = source.unchanged;
    manifest.grids = parts.grids.size();
    manifest.divisions = parts.divisions.size();
    manifest.vertices = parts.vertices;
    manifest.content = parts.content();
    return manifest;
}

/// A hard link where the file system has them, else a copy.
void link_file(FileToLink const& from, std::filesystem::path const& to) {
    std::error_code error;
    std::filesystem::create_hard_link(from.file, to, error);
    if (error) {
        std::filesystem::copy_file(from.file, to, error);
    }
    if (error) {
        throw Error{ErrorCode::environment, fmt::format("{}: it cannot be linked or copied to {}: {}",
                                                        from.file.string(), to.string(), error.message())};
    }
}

/// Makes the folder aside, lets `write` fill it and give the manifest, and renames it.
template <class Source>
Digest write_aside(std::filesystem::path const& folder, Source const& source,
                   std::function<Manifest(std::filesystem::path const& aside)> const& write) {
    if (std::filesystem::exists(folder)) {
        throw Error{
            ErrorCode::conflict,
            fmt::format("{}: this snapshot exists already and is never changed; nothing was written", folder.string())};
    }
    auto aside = folder;
    aside += fmt::format(".new-{}", ::getpid());
    try {
        remove_left_over(folder);
        std::filesystem::create_directories(aside);
    } catch (std::filesystem::filesystem_error const& e) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be made: {}", aside.string(), e.code().message())};
    }
    try {
        mark_unsynced(aside);
        auto manifest = write(aside);
        if (!source.notes.empty()) {
            manifest.files[std::string{kNotesFile}] = noted(write_summed(aside / kNotesFile, bytes_of(source.notes)));
        }
        if (source.addresses) {
            link_file(*source.addresses, aside / kAddressesFile);
            manifest.files[std::string{kAddressesFile}] = {source.addresses->bytes, source.addresses->checksum};
        }
        FileWriter writer{aside / kManifestFile};
        writer.write(to_json(manifest));
        writer.close_unsynced();
        rename_durably(aside, folder);
        return manifest.content;
    } catch (...) {
        std::error_code ignored; // the first error is the one to report; prune() removes what stays
        std::filesystem::remove_all(aside, ignored);
        throw;
    }
}

// ---- an update of the snapshot before

constexpr std::uint32_t kNone = 0xffffffffU;

/// A grid of an update that is not as it was.
struct Fresh {
    Content::Grid const* grid = nullptr;
    DivisionId village = kNoDivision;
    geom::MultiPolygon shape; ///< normalised
    Digest digest;
};

/**
 * Which grid gets which number. A grid that stays keeps its own; a new one takes the number of one that went, or the
 * next at the end; when numbers are still left over, the last grids move into them, so that there are no holes.
 */
class Numbering {
public:
    Numbering(Snapshot const& previous, Update const& update) : m_before(previous.grid_count()) {
        if (!rises(update.put) || !std::is_sorted(update.gone.begin(), update.gone.end())) {
            throw Error{ErrorCode::usage, "snapshot: what an update puts and removes must be sorted by code"};
        }
        m_origin.resize(m_before);
        for (std::uint32_t id = 0; id < m_before; ++id) {
            m_origin[id] = id;
        }
        std::vector<GridId> free;
        for (auto const& code : update.gone) {
            auto const id = previous.find_grid(code);
            if (!id || m_origin[*id] == kNone) {
                throw Error{ErrorCode::usage, fmt::format("snapshot: grid {} is to go and is not there", code.str())};
            }
            m_origin[*id] = kNone;
            free.push_back(*id);
        }
        std::sort(free.begin(), free.end());
        m_fresh_at.assign(m_before, kNone);
        auto next_free = free.begin();
        for (auto const& grid : update.put) {
            auto const village = previous.find_division(grid.village);
            check(grid, village.has_value());
            Fresh fresh{&grid, *village, *grid.shape, {}};
            geom::normalize(fresh.shape);
            fresh.digest = grid_digest(grid.code, grid.name, grid.kind, grid.village, fresh.shape);
            auto id = previous.find_grid(grid.code);
            if (id && m_origin[*id] == kNone) {
                throw Error{ErrorCode::usage, fmt::format("snapshot: grid {} is both put and to go", grid.code.str())};
            }
            if (!id) {
                if (next_free != free.end()) {
                    id = *next_free++;
                } else {
                    id = static_cast<GridId>(m_origin.size());
                    m_origin.push_back(kNone);
                    m_fresh_at.push_back(kNone);
                }
            }
            m_origin[*id] = kNone;
            m_fresh_at[*id] = static_cast<std::uint32_t>(m_fresh.size());
            m_fresh.push_back(std::move(fresh));
        }
        close_holes({next_free, free.end()});
    }

    [[nodiscard]] std::size_t count_before() const noexcept { return m_before; }
    [[nodiscard]] std::size_t count() const noexcept { return m_origin.size(); }
    /// The number that the grid had; kNone for a fresh one.
    [[nodiscard]] std::uint32_t origin(std::size_t id) const { return m_origin[id]; }
    /// Null for a grid that is as it was.
    [[nodiscard]] Fresh const* fresh(std::size_t id) const {
        return m_fresh_at[id] == kNone ? nullptr : &m_fresh[m_fresh_at[id]];
    }
    /// Fresh grids with their numbers, by code.
    [[nodiscard]] std::vector<std::pair<Fresh const*, GridId>> fresh_by_code() const {
        std::vector<std::pair<Fresh const*, GridId>> list;
        for (std::size_t id = 0; id < count(); ++id) {
            if (auto const* const grid = fresh(id)) {
                list.emplace_back(grid, static_cast<GridId>(id));
            }
        }
        std::sort(list.begin(), list.end(),
                  [](auto const& a, auto const& b) { return a.first->grid->code < b.first->grid->code; });
        return list;
    }

private:
    void close_holes(std::span<GridId const> holes) {
        auto const count = m_origin.size() - holes.size();
        auto last = m_origin.size();
        auto const is_hole = [&](std::size_t id) { return m_origin[id] == kNone && m_fresh_at[id] == kNone; };
        for (auto const hole : holes) {
            if (hole >= count) {
                break;
            }
            do {
                --last;
            } while (is_hole(last));
            m_origin[hole] = m_origin[last];
            m_fresh_at[hole] = m_fresh_at[last];
        }
        m_origin.resize(count);
        m_fresh_at.resize(count);
    }

    std::size_t m_before;
    std::vector<Fresh> m_fresh;
    std::vector<std::uint32_t> m_origin, m_fresh_at;
};

/// Everything but the points, which are pieces of the stored ones and of `fresh_points`.
Parts updated_parts(StoredGrids const& stored, Numbering const& numbering) {
    Parts parts;
    parts.grids.reserve(numbering.count());
    parts.digests.reserve(numbering.count());
    parts.names.reserve(stored.names.size() + (std::size_t{1} << 16U));
    parts.first_part.reserve(numbering.count() + 1);
    parts.first_ring.reserve(stored.first_ring.size() + 1024);
    parts.first_point.reserve(stored.first_point.size() + 1024);
    for (auto const& d : stored.divisions) {
        parts.add_division(DivisionCode::from_value(d.code), stored.name(d), static_cast<Level>(d.level), d.parent);
    }
    std::vector<GridId> number(numbering.count_before(), kNone); // by the one that it was
    for (std::size_t id = 0; id < numbering.count(); ++id) {
        if (auto const* const fresh = numbering.fresh(id)) {
            parts.add_grid(*fresh->grid, fresh->village, fresh->shape, fresh->digest);
            continue;
        }
        auto const before = numbering.origin(id);
        number[before] = static_cast<GridId>(id);
        auto& record = parts.grids.emplace_back(stored.grids[before]);
        parts.add_name(record, stored.name(stored.grids[before]));
        parts.digests.push_back(stored.digests[before]);
        for (auto part = stored.first_part[before]; part < stored.first_part[before + 1]; ++part) {
            for (auto ring = stored.first_ring[part]; ring < stored.first_ring[part + 1]; ++ring) {
                parts.add_ring(stored.first_point[ring + 1] - stored.first_point[ring]);
            }
            parts.end_part();
        }
        parts.end_grid();
    }
    auto const fresh = numbering.fresh_by_code();
    auto next = fresh.begin();
    parts.by_code.reserve(numbering.count());
    for (auto const before : stored.by_code) {
        if (number[before] == kNone) {
            continue;
        }
        for (; next != fresh.end() && next->first->grid->code.str() < code_of(stored.grids[before]); ++next) {
            parts.by_code.push_back(next->second);
        }
        parts.by_code.push_back(number[before]);
    }
    for (; next != fresh.end(); ++next) {
        parts.by_code.push_back(next->second);
    }
    return parts;
}

/// All points in the order of the new numbers: long runs as they are stored, and those of fresh grids.
SectionPieces point_pieces(StoredGrids const& stored, Numbering const& numbering,
                           std::vector<geom::Point>& fresh_points) {
    std::size_t fresh_count = 0;
    for (std::size_t id = 0; id < numbering.count(); ++id) {
        fresh_count += numbering.fresh(id) != nullptr ? geom::vertex_count(numbering.fresh(id)->shape) : 0;
    }
    fresh_points.reserve(fresh_count); // pieces point into it
    SectionPieces pieces;
    for (std::size_t id = 0; id < numbering.count();) {
        if (auto const* const fresh = numbering.fresh(id)) {
            auto const begin = fresh_points.size();
            append_points(fresh_points, fresh->shape);
            pieces.push_back(std::as_bytes(std::span{fresh_points}.subspan(begin)));
            ++id;
            continue;
        }
        std::size_t const from = numbering.origin(id);
        auto to = from;
        for (; id < numbering.count() && numbering.fresh(id) == nullptr && numbering.origin(id) == to; ++id) {
            ++to;
        }
        auto const begin = stored.begin_of(from);
        pieces.push_back(std::as_bytes(stored.points.subspan(begin, stored.begin_of(to) - begin)));
    }
    return pieces;
}

std::vector<std::byte> next_index(Snapshot const& previous, StoredGrids const& stored, Numbering const& numbering,
                                  Progress& progress) {
    std::vector<std::pair<geom::MultiPolygon, geom::MultiPolygon>> shapes; // before and after, of `changes`
    std::vector<PointIndex::Change> changes;
    auto const before_count = numbering.count_before();
    auto const count = numbering.count();
    std::vector<bool> changed(before_count, false);
    for (std::size_t id = 0; id < std::max(count, before_count); ++id) {
        auto const* const fresh = id < count ? numbering.fresh(id) : nullptr;
        if (id < count && fresh == nullptr && numbering.origin(id) == id) {
            continue;
        }
        geom::MultiPolygon before, after;
        if (id < before_count) {
            before = previous.shape(static_cast<GridId>(id));
        }
        if (id < count) {
            after = fresh != nullptr ? fresh->shape : previous.shape(numbering.origin(id));
        }
        if (id < count && id < before_count && before == after) {
            continue; // renamed
        }
        if (id < before_count) {
            changed[id] = true;
        }
        shapes.emplace_back(std::move(before), std::move(after));
        changes.push_back({static_cast<GridId>(id), nullptr, nullptr});
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        changes[i].before = changes[i].id < before_count ? &shapes[i].first : nullptr;
        changes[i].after = changes[i].id < count ? &shapes[i].second : nullptr;
    }
    return PointIndex::update(
        previous.point_index(), count, changes,
        [&](geom::Envelope const& box, PointIndex::ShapeVisitor const& visit) {
            for (GridId id = 0; id < before_count; ++id) {
                if (!changed[id] && stored.grids[id].envelope.intersects(box)) {
                    visit(id, previous.shape(id));
                }
            }
        },
        progress);
}

} // namespace

Digest content_digest(Content const& content) {
    check(content);
    SilentProgress silent;
    return parts_of(content, silent, [](geom::MultiPolygon const&) {}).content();
}

Digest content_digest(Snapshot const& previous, Update const& update) {
    return updated_parts(previous.stored(), Numbering{previous, update}).content();
}

Digest write_snapshot(Content const& content, std::filesystem::path const& folder, Progress& progress) {
    check(content);
    return write_aside(folder, content, [&](std::filesystem::path const& aside) {
        std::vector<geom::Point> points;
        auto const parts =
            parts_of(content, progress, [&](geom::MultiPolygon const& shape) { append_points(points, shape); });
        auto manifest = manifest_of(content, parts);
        manifest.files[std::string{kShapesFile}] = write_shapes(aside, manifest.content, parts, {bytes_of(points)});
        points = {};
        manifest.files[std::string{kGridsFile}] = write_grids(aside, manifest.content, parts);
        std::vector<geom::MultiPolygon const*> shapes;
        for (auto const& g : content.grids) {
            shapes.push_back(g.shape);
        }
        manifest.files[std::string{kIndexFile}] =
            noted(write_summed(aside / kIndexFile, PointIndex::build(shapes, progress)));
        return manifest;
    });
}

Digest update_snapshot(Snapshot const& previous, Update const& update, std::filesystem::path const& folder,
                       Progress& progress) {
    return write_aside(folder, update, [&](std::filesystem::path const& aside) {
        progress.begin("snapshot: shapes", 0, "");
        auto const stored = previous.stored();
        // Damage must not be handed on from one snapshot to the next.
        auto sound =
            std::async(std::launch::async, [&] { check_files(previous.folder(), read_manifest(previous.folder())); });
        Numbering const numbering{previous, update};
        auto const parts = updated_parts(stored, numbering);
        auto manifest = manifest_of(update, parts);
        std::vector<geom::Point> fresh_points;
        auto const points = point_pieces(stored, numbering, fresh_points);
        progress.end();
        auto files = std::async(std::launch::async, [&] {
            sound.get();
            return std::pair{write_shapes(aside, manifest.content, parts, points),
                             write_grids(aside, manifest.content, parts)};
        });
        auto const index = noted(write_summed(aside / kIndexFile, next_index(previous, stored, numbering, progress)));
        auto const [shapes, grids] = files.get();
        manifest.files[std::string{kShapesFile}] = shapes;
        manifest.files[std::string{kGridsFile}] = grids;
        manifest.files[std::string{kIndexFile}] = index;
        return manifest;
    });
}

} // namespace wangge::snapshot
