#include "reference.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/geom/validity.hpp>

#include <cpl_vsi.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace wangge::synth {

std::size_t County::village_count() const {
    std::size_t count = 0;
    for (auto const& town : towns) {
        count += town.villages.size();
    }
    return count;
}

namespace {

using Json = nlohmann::json;

struct DivisionRow {
    std::uint64_t code = 0, parent = 0;
    std::string name, level, kind;
};

std::uint64_t parse_code(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

std::vector<std::string_view> split(std::string_view line, char separator) {
    std::vector<std::string_view> fields;
    for (;;) {
        auto const at = line.find(separator);
        fields.push_back(line.substr(0, at));
        if (at == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(at + 1);
    }
}

std::vector<DivisionRow> read_divisions(std::filesystem::path const& path) {
    auto const text = read_file(path);
    auto const lines = split(text, '\n');
    auto const header = split(lines.front(), '\t');
    auto const column = [&](std::string_view name) {
        auto const found = std::find(header.begin(), header.end(), name);
        if (found == header.end()) {
            throw Error{ErrorCode::data_unreadable,
                        fmt::format("{}: the first line has no column '{}'; take the file of the project",
                                    path.string(), name)};
        }
        return static_cast<std::size_t>(found - header.begin());
    };
    auto const code = column("code");
    auto const name = column("name");
    auto const level = column("level");
    auto const parent = column("parent_code");
    auto const kind = column("kind");
    std::vector<DivisionRow> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        auto line = lines[i];
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty()) {
            continue;
        }
        auto const fields = split(line, '\t');
        if (fields.size() != header.size() || parse_code(fields[code]) == 0) {
            throw Error{ErrorCode::data_unreadable,
                        fmt::format("{}: line {} is not a division row", path.string(), i + 1)};
        }
        rows.push_back({parse_code(fields[code]), parse_code(fields[parent]), std::string{fields[name]},
                        std::string{fields[level]}, std::string{fields[kind]}});
    }
    std::sort(rows.begin(), rows.end(), [](auto const& a, auto const& b) { return a.code < b.code; });
    return rows;
}

std::string read_maybe_gzip(std::filesystem::path const& path) {
    if (path.extension() != ".gz") {
        return read_file(path);
    }
    auto const name = "/vsigzip/" + path.string();
    VSILFILE* const file = VSIFOpenL(name.c_str(), "rb");
    if (file == nullptr) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be read", path.string())};
    }
    std::string text;
    std::vector<char> buffer(1U << 20U);
    while (auto const n = VSIFReadL(buffer.data(), 1, buffer.size(), file)) {
        text.append(buffer.data(), n);
    }
    VSIFCloseL(file);
    return text;
}

class OutlineReader {
public:
    OutlineReader(std::string file, std::string const& crs)
        : m_file(std::move(file)), m_transformer(crs::Transformer::make(crs)) {}

    [[nodiscard]] geom::MultiPolygon shape(Json const& geometry, std::string const& name) const {
        auto const& type = geometry.at("type").get_ref<std::string const&>();
        auto const& coordinates = geometry.at("coordinates");
        geom::MultiPolygon outline;
        if (type == "Polygon") {
            outline.parts.push_back(polygon(coordinates, name));
        } else if (type == "MultiPolygon") {
            for (auto const& part : coordinates) {
                outline.parts.push_back(polygon(part, name));
            }
        } else {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("{}: the outline of {} is a {}, not a polygon", m_file, name, type)};
        }
        geom::normalize(outline);
        if (auto const reason = geom::geos_invalid_reason(outline)) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("{}: the outline of {} is not valid on the 1e-7 degree lattice: {}; repair it first",
                            m_file, name, *reason)};
        }
        return outline;
    }

private:
    [[nodiscard]] geom::Polygon polygon(Json const& rings, std::string const& name) const {
        geom::Polygon polygon;
        for (std::size_t i = 0; i < rings.size(); ++i) {
            geom::Ring points;
            for (auto const& pair : rings[i]) {
                auto const position =
                    m_transformer.to_registry(crs::Coordinate{pair.at(0).get<double>(), pair.at(1).get<double>()});
                auto const point = position ? crs::to_lattice(*position) : std::nullopt;
                if (!point) {
                    throw Error{ErrorCode::data_rejected,
                                fmt::format("{}: a position of {} cannot be brought to CGCS2000", m_file, name)};
                }
                if (points.empty() || points.back() != *point) {
                    points.push_back(*point);
                }
            }
            while (points.size() > 1 && points.front() == points.back()) {
                points.pop_back();
            }
            if (i == 0) {
                polygon.outer = std::move(points);
            } else {
                polygon.holes.push_back(std::move(points));
            }
        }
        return polygon;
    }

    std::string m_file;
    crs::Transformer m_transformer;
};

std::map<std::uint64_t, std::pair<std::string, geom::MultiPolygon>> read_outlines(std::filesystem::path const& path,
                                                                                  std::string const& crs) {
    auto const file = path.string();
    std::map<std::uint64_t, std::pair<std::string, geom::MultiPolygon>> outlines;
    try {
        auto const document = Json::parse(read_maybe_gzip(path));
        OutlineReader const reader{file, crs};
        for (auto const& feature : document.at("features")) {
            auto const& properties = feature.at("properties");
            auto const& raw = properties.at("code");
            auto const text = raw.is_string() ? raw.get<std::string>() : raw.dump();
            auto const name = properties.value("name", text);
            auto code = text.size() == 6 || text.size() == 12 ? parse_code(text) : 0;
            if (code == 0) {
                throw Error{ErrorCode::data_rejected,
                            fmt::format("{}: '{}' is not a county code of 6 or 12 digits", file, text)};
            }
            if (text.size() == 6) {
                code *= 1000000;
            }
            if (!outlines.emplace(code, std::pair{name, reader.shape(feature.at("geometry"), name)}).second) {
                throw Error{ErrorCode::data_rejected, fmt::format("{}: county {} stands twice", file, text)};
            }
        }
    } catch (nlohmann::json::exception const& e) {
        throw Error{
            ErrorCode::data_unreadable,
            fmt::format("{}: not a GeoJSON FeatureCollection of polygons with a property 'code': {}", file, e.what())};
    }
    return outlines;
}

struct DirectedEdge {
    geom::Point a, b;
    bool operator==(DirectedEdge const&) const = default;
};
struct EdgeHash {
    std::size_t operator()(DirectedEdge const& e) const noexcept {
        return std::hash<geom::Point>{}(e.a) * 3 + std::hash<geom::Point>{}(e.b);
    }
};

/// Two areas that lie on the same side of an edge overlap there. (Overlaps without a shared edge are not looked for.)
void check_disjoint(Reference const& reference, std::string const& file) {
    std::unordered_set<DirectedEdge, EdgeHash> edges;
    for (auto const& county : reference.counties) {
        geom::for_each_edge(county.outline, [&](geom::Point a, geom::Point b) {
            if (!edges.insert({a, b}).second) {
                throw Error{ErrorCode::data_rejected,
                            fmt::format("{}: the outline of {} overlaps another one at {:.7f} {:.7f}; repair it first",
                                        file, county.name, geom::to_degrees(a.lon), geom::to_degrees(a.lat))};
            }
        });
    }
}

Reference build_divisions(std::vector<DivisionRow> const& rows) {
    Reference reference;
    std::map<std::uint64_t, std::size_t> city_at;
    std::map<std::uint64_t, std::size_t> county_at;
    std::map<std::uint64_t, std::pair<std::size_t, std::size_t>> town_at;
    auto const orphan = [](DivisionRow const& row) {
        return Error{ErrorCode::data_unreadable,
                     fmt::format("divisions.tsv: {} {} has no parent {}", row.code, row.name, row.parent)};
    };
    for (auto const& row : rows) {
        if (row.level == "province") {
            reference.province_name = row.name;
        } else if (row.level == "city") {
            city_at.emplace(row.code, reference.cities.size());
            reference.cities.push_back({row.code, row.name, {}});
        }
    }
    for (auto const& row : rows) {
        if (row.level == "county") {
            auto const city = city_at.find(row.parent);
            if (city == city_at.end()) {
                throw orphan(row);
            }
            county_at.emplace(row.code, reference.counties.size());
            reference.counties.push_back({row.code, row.name, city->second, row.kind == "none", {}, {}});
        }
    }
    for (auto const& row : rows) {
        if (row.level == "town") {
            auto const found = county_at.find(row.parent);
            if (found == county_at.end()) {
                throw orphan(row);
            }
            auto& towns = reference.counties[found->second].towns;
            town_at.emplace(row.code, std::pair{found->second, towns.size()});
            towns.push_back({row.code, row.name, row.kind == "subdistrict" || row.name.ends_with("街道"), {}});
        }
    }
    for (auto const& row : rows) {
        if (row.level == "village") {
            auto const found = town_at.find(row.parent);
            if (found == town_at.end()) {
                throw orphan(row);
            }
            auto const [county, town] = found->second;
            reference.counties[county].towns[town].villages.push_back({row.code, row.name, row.kind == "residents"});
        }
    }
    for (auto& county : reference.counties) {
        std::erase_if(county.towns, [](Town const& town) { return town.villages.empty(); });
    }
    return reference;
}

} // namespace

Reference read_reference(SynthOptions const& options) {
    auto reference = build_divisions(read_divisions(options.reference / "divisions.tsv"));
    auto const path = options.counties.value_or(options.reference / "counties.geojson");
    auto outlines = read_outlines(path, options.counties ? options.counties_crs : "EPSG:4490");
    auto const take = [&](County& county, std::uint64_t code) {
        auto const found = outlines.find(code);
        if (found == outlines.end()) {
            return false;
        }
        county.outline = std::move(found->second.second);
        outlines.erase(found);
        return true;
    };
    for (auto& county : reference.counties) {
        auto& city = reference.cities[county.city];
        // A city without counties may stand under its own code in an outline file.
        if (!take(county, county.code) && !(county.made_up && take(county, city.code))) {
            reference.warnings.push_back(
                fmt::format("{} has no outline of {} {}; no grids are made there, its share goes to the other counties",
                            path.string(), county.code / 1000000, county.name));
        }
        city.envelope.extend(geom::envelope_of(county.outline));
    }
    for (auto const& [code, outline] : outlines) {
        reference.warnings.push_back(
            fmt::format("{}: the outline {} {} belongs to no county of divisions.tsv and is left out", path.string(),
                        code, outline.first));
    }
    check_disjoint(reference, path.string());
    return reference;
}

} // namespace wangge::synth
