#include "problem_text.hpp"

#include <wangge/importers/report_writer.hpp>

#include <nlohmann/json.hpp>

#include <map>
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

[[nodiscard]] Json to_json(Problem const& problem, Language language) {
    auto const& kind = problem_kind(problem.code);
    Json json{{"id", problem.id()},           {"code", static_cast<int>(problem.code)},
              {"problem", kind.slug},         {"severity", to_string(kind.severity)},
              {"subjects", problem.subjects}, {"message", sentence(problem, language)}};
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

/// As `wangge check` lists it.
[[nodiscard]] Json finding(Problem const& problem, Language language, bool geometry) {
    auto const& kind = problem_kind(problem.code);
    Json json{{"code", static_cast<int>(problem.code)},
              {"slug", kind.slug},
              {"id", problem.id()},
              {"severity", to_string(kind.severity)},
              {"subjects", problem.subjects},
              {"message", sentence(problem, language)}};
    if (problem.place) {
        json["lon"] = geom::to_degrees(problem.place->at.lon);
        json["lat"] = geom::to_degrees(problem.place->at.lat);
    }
    if (!problem.unit.empty()) {
        json["measure"] = problem.measure;
        json["unit"] = problem.unit;
    }
    if (geometry && problem.place) {
        json["geometry"] = geometry_of(*problem.place);
    }
    return json;
}

[[nodiscard]] Json counts_of(ProblemTally const& tally) {
    auto counts = Json::object();
    for (auto const& [code, count] : tally.problem_counts) {
        counts[std::string{problem_kind(code).slug}] = count;
    }
    return counts;
}

/// Names from files were checked to be UTF-8; a path on the disk need not be.
[[nodiscard]] std::string dumped(Json const& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

[[nodiscard]] std::vector<std::string> in(std::vector<Words> const& remarks, Language language) {
    std::vector<std::string> texts;
    std::ranges::transform(remarks, std::back_inserter(texts),
                           [&](Words const& remark) { return remark.in(language); });
    return texts;
}

} // namespace

std::string report_json(CheckReport const& report, Language language, std::size_t listed_of_each, bool geometry) {
    auto findings = Json::array();
    std::map<ProblemCode, std::size_t> listed;
    for (auto const& problem : report.problems) {
        if (++listed[problem.code] <= listed_of_each) {
            findings.push_back(finding(problem, language, geometry));
        }
    }
    std::uint64_t all = 0;
    for (auto const& [code, count] : report.problem_counts) {
        all += count;
    }
    Json json{{"file", report.file.name},
              {"layer", report.file.layer},
              {"crs", report.file.crs},
              {"datum_assumed", report.file.datum_assumed},
              {"encoding", report.file.encoding},
              {"code_field", report.code_field},
              {"remarks", in(report.file.remarks, language)},
              {"features", report.features},
              {"vertices", report.vertices},
              {"max_snap_m", report.snapped.max_m},
              {"mean_snap_m", report.snapped.mean_m()},
              {"tolerance_m", report.tolerance_m}};
    if (!report.parent.empty()) {
        json["parent"] = {{"file", report.parent}, {"features", report.parent_features}};
    }
    json["problems"] = counts_of(report);
    json["errors"] = report.count(Severity::error);
    json["warnings"] = report.count(Severity::warning);
    json["findings_left_out"] = all - findings.size();
    json["findings"] = std::move(findings);
    json["elapsed_s"] = report.elapsed_s;
    return dumped(json);
}

std::string report_json(ImportReport const& report, Language language) {
    auto files = Json::array();
    for (auto const& file : report.files) {
        files.push_back({{"name", file.name},
                         {"rows", file.rows},
                         {"layer", file.layer},
                         {"crs", file.crs},
                         {"datum_assumed", file.datum_assumed},
                         {"encoding", file.encoding},
                         {"mapping", file.mapping.english},
                         {"remarks", in(file.remarks, language)}});
    }
    auto changes = Json::object();
    for (auto const& [name, count] : report.changes) {
        changes[name] = count;
    }
    auto problems = Json::array();
    for (auto const& problem : report.problems) {
        problems.push_back(to_json(problem, language));
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
                    {"problem_counts", counts_of(report)},
                    {"problems", std::move(problems)}};
    return dumped(json);
}

} // namespace wangge::importers
