#include "report_geopackage.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/importers/report_writer.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <string>

namespace wangge::importers {

namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(geom::Point p) { return Json::array({geom::to_degrees(p.lon), geom::to_degrees(p.lat)}); }

[[nodiscard]] Json to_json(geom::Ring const& ring, bool close) {
    auto coordinates = Json::array();
    for (auto const p : ring) {
        coordinates.push_back(to_json(p));
    }
    if (close && !ring.empty()) {
        coordinates.push_back(to_json(ring.front()));
    }
    return coordinates;
}

/// GeoJSON geometry (RFC 7946 form, in EPSG:4490): the area or line where there is one, else the point.
[[nodiscard]] Json geometry_of(ProblemPlace const& place) {
    if (!place.area.empty()) {
        auto parts = Json::array();
        for (auto const& part : place.area.parts) {
            auto rings = Json::array({to_json(part.outer, true)});
            for (auto const& hole : part.holes) {
                rings.push_back(to_json(hole, true));
            }
            parts.push_back(std::move(rings));
        }
        return {{"type", "MultiPolygon"}, {"coordinates", std::move(parts)}};
    }
    if (place.line.size() >= 2) {
        return {{"type", "LineString"}, {"coordinates", to_json(place.line, false)}};
    }
    return {{"type", "Point"}, {"coordinates", to_json(place.at)}};
}

[[nodiscard]] Json to_json(Problem const& problem) {
    auto const& kind = problem_kind(problem.code);
    Json json{{"id", problem.id()},           {"code", static_cast<int>(problem.code)},
              {"problem", kind.slug},         {"severity", to_string(kind.severity)},
              {"subjects", problem.subjects}, {"message", problem.message}};
    if (problem.place) {
        json["at"] = to_json(problem.place->at);
        json["geometry"] = geometry_of(*problem.place);
    }
    if (!problem.unit.empty()) {
        json["measure"] = problem.measure;
        json["unit"] = problem.unit;
    }
    return json;
}

} // namespace

std::string report_json(ImportReport const& report) {
    auto files = Json::array();
    for (auto const& file : report.files) {
        files.push_back({{"name", file.name},
                         {"rows", file.rows},
                         {"layer", file.layer},
                         {"crs", file.crs},
                         {"datum_assumed", file.datum_assumed},
                         {"encoding", file.encoding},
                         {"mapping", file.mapping},
                         {"remarks", file.remarks}});
    }
    auto changes = Json::object();
    for (auto const& [name, count] : report.changes) {
        changes[name] = count;
    }
    auto counts = Json::object();
    for (auto const& [code, count] : report.problem_counts) {
        counts[std::string{problem_kind(code).slug}] = count;
    }
    auto problems = Json::array();
    for (auto const& problem : report.problems) {
        problems.push_back(to_json(problem));
    }
    Json const json{{"what", report.what},
                    {"effective", report.effective.str()},
                    {"applied", report.applied},
                    {"dry_run", report.dry_run},
                    {"change_set", report.change_set},
                    {"rows_read", report.rows_read},
                    {"elapsed_s", report.elapsed_s},
                    {"max_snap_m", report.max_snap_m},
                    {"mean_snap_m", report.mean_snap_m},
                    {"errors", report.count(Severity::error)},
                    {"warnings", report.count(Severity::warning)},
                    {"files", std::move(files)},
                    {"changes", std::move(changes)},
                    {"problem_counts", std::move(counts)},
                    {"problems", std::move(problems)}};
    // Names from files were checked to be UTF-8; a path on the disk need not be.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void check_report_path(std::filesystem::path const& path) {
    auto const extension = path.extension();
    if (extension != ".json" && extension != ".JSON" && extension != ".gpkg" && extension != ".GPKG") {
        throw Error{ErrorCode::usage,
                    fmt::format("--report {}: a report is written as .json or .gpkg; name it so", path.string())};
    }
    auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    if (::access(folder.c_str(), W_OK | X_OK) != 0 || std::filesystem::is_directory(path)) {
        throw Error{ErrorCode::environment, fmt::format("--report {}: no file can be written there; nothing was "
                                                        "imported; name a file in a folder that is there and writable",
                                                        path.string())};
    }
}

void write_report(ImportReport const& report, std::filesystem::path const& path) {
    if (path.extension() == ".gpkg" || path.extension() == ".GPKG") {
        write_report_geopackage(report, path);
    } else {
        write_file_atomically(path, report_json(report));
    }
}

} // namespace wangge::importers
