#include <wangge/lookup/query_geometry.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace wangge::lookup {

namespace {

using Json = nlohmann::json;
using Kind = QueryGeometry::Kind;
using Chain = QueryGeometry::Chain;

/// Ends the reading; caught where it begins.
struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

constexpr auto kAccepted = "Point, LineString, MultiLineString, Polygon or MultiPolygon";

void check(QueryGeometry const& geometry) {
    for (auto const& part : geometry.parts) {
        for (auto const& chain : part.chains) {
            if (geometry.kind == Kind::line && chain.size() < 2) {
                throw Malformed{"a line has fewer than two positions"};
            }
            if (geometry.kind == Kind::area && chain.size() < 4) {
                throw Malformed{"a ring has fewer than four positions (the last one repeats the first)"};
            }
            if (geometry.kind == Kind::area &&
                (chain.front().x != chain.back().x || chain.front().y != chain.back().y)) {
                throw Malformed{"a ring is not closed: its last position must repeat the first"};
            }
        }
        if (part.chains.empty()) {
            throw Malformed{"a polygon has no ring"};
        }
    }
    if (geometry.parts.empty()) {
        throw Malformed{"the geometry is empty"};
    }
}

// GeoJSON

crs::Coordinate coordinate_of(Json const& json) {
    if (!json.is_array() || json.size() < 2 || json.size() > 4 || !json[0].is_number() || !json[1].is_number()) {
        throw Malformed{"a position is not [longitude, latitude]"};
    }
    return {json[0].get<double>(), json[1].get<double>()};
}

Json const& list(Json const& json, char const* what) {
    if (!json.is_array()) {
        throw Malformed{fmt::format("'coordinates' is not a list of {}", what)};
    }
    return json;
}

Chain chain_of(Json const& json) {
    Chain chain;
    for (auto const& position : list(json, "positions")) {
        chain.push_back(coordinate_of(position));
    }
    return chain;
}

QueryGeometry::Part rings_of(Json const& json) {
    QueryGeometry::Part part;
    for (auto const& ring : list(json, "rings")) {
        part.chains.push_back(chain_of(ring));
    }
    return part;
}

Json const& member(Json const& object, char const* name) {
    auto const found = object.find(name);
    if (found == object.end()) {
        throw Malformed{fmt::format("the GeoJSON has no '{}'", name)};
    }
    return *found;
}

QueryGeometry geometry_of(Json const& json) {
    if (!json.is_object()) {
        throw Malformed{"the GeoJSON is not an object"};
    }
    if (json.contains("crs")) {
        throw Malformed{"its 'crs' member is not read; leave it out and name the crs as a parameter"};
    }
    auto const& named = member(json, "type");
    auto const type = named.is_string() ? named.get<std::string>() : std::string{};
    if (type == "FeatureCollection") {
        auto const& features = list(member(json, "features"), "features");
        if (features.size() != 1) {
            throw Malformed{fmt::format("it has {} features; ask with one", features.size())};
        }
        if (!features[0].is_object() || features[0].value("type", Json{}) != "Feature") {
            throw Malformed{"its feature is not one"};
        }
        return geometry_of(features[0]);
    }
    if (type == "Feature") {
        auto const& geometry = member(json, "geometry");
        if (!geometry.is_object() || geometry.value("type", Json{}) == "Feature" ||
            geometry.value("type", Json{}) == "FeatureCollection") {
            throw Malformed{"its feature has no geometry"};
        }
        return geometry_of(geometry);
    }
    QueryGeometry result;
    if (type == "Point") {
        result.kind = Kind::point;
        result.parts.push_back({{{coordinate_of(member(json, "coordinates"))}}});
    } else if (type == "LineString") {
        result.kind = Kind::line;
        result.parts.push_back({{chain_of(member(json, "coordinates"))}});
    } else if (type == "MultiLineString") {
        result.kind = Kind::line;
        for (auto const& line : list(member(json, "coordinates"), "lines")) {
            result.parts.push_back({{chain_of(line)}});
        }
    } else if (type == "Polygon") {
        result.kind = Kind::area;
        result.parts.push_back(rings_of(member(json, "coordinates")));
    } else if (type == "MultiPolygon") {
        result.kind = Kind::area;
        for (auto const& polygon : list(member(json, "coordinates"), "polygons")) {
            result.parts.push_back(rings_of(polygon));
        }
    } else {
        throw Malformed{fmt::format("its type '{}' is not accepted; write {}", type.substr(0, 40), kAccepted)};
    }
    return result;
}

// WKT

class Wkt {
public:
    explicit Wkt(std::string_view text) : m_text(text) {}

    QueryGeometry read() {
        QueryGeometry result;
        auto const type = word();
        auto const dimensions = word();
        if (dimensions == "EMPTY") {
            throw Malformed{"the geometry is empty"};
        }
        if (!dimensions.empty() && dimensions != "Z" && dimensions != "M" && dimensions != "ZM") {
            throw Malformed{
                fmt::format("'{}' does not belong behind {}", dimensions.substr(0, 40), type.substr(0, 40))};
        }
        if (type == "POINT") {
            result.kind = Kind::point;
            result.parts.push_back({{chain()}});
            if (result.parts[0].chains[0].size() != 1) {
                throw Malformed{"a POINT has one position"};
            }
        } else if (type == "LINESTRING") {
            result.kind = Kind::line;
            result.parts.push_back({{chain()}});
        } else if (type == "MULTILINESTRING") {
            result.kind = Kind::line;
            each([&] { result.parts.push_back({{chain()}}); });
        } else if (type == "POLYGON") {
            result.kind = Kind::area;
            result.parts.push_back(rings());
        } else if (type == "MULTIPOLYGON") {
            result.kind = Kind::area;
            each([&] { result.parts.push_back(rings()); });
        } else {
            throw Malformed{fmt::format("'{}' is neither GeoJSON nor WKT; write {}",
                                        m_text.substr(0, std::min<std::size_t>(m_text.size(), 20)), kAccepted)};
        }
        space();
        if (m_at != m_text.size()) {
            throw Malformed{fmt::format("there is something behind the WKT's end, at byte {}", m_at)};
        }
        return result;
    }

private:
    void space() {
        while (m_at < m_text.size() && std::string_view{" \t\r\n"}.find(m_text[m_at]) != std::string_view::npos) {
            ++m_at;
        }
    }
    std::string word() {
        space();
        std::string letters;
        for (; m_at < m_text.size(); ++m_at) {
            auto const c = m_text[m_at];
            if (c >= 'a' && c <= 'z') {
                letters += static_cast<char>(c - 'a' + 'A');
            } else if (c >= 'A' && c <= 'Z') {
                letters += c;
            } else {
                break;
            }
        }
        return letters;
    }
    bool take(char c) {
        space();
        bool const there = m_at < m_text.size() && m_text[m_at] == c;
        m_at += there ? 1 : 0;
        return there;
    }
    void need(char c) {
        if (!take(c)) {
            throw Malformed{fmt::format("the WKT lacks a '{}' at byte {}", c, m_at)};
        }
    }
    std::optional<double> number() {
        space();
        double value = 0;
        auto const* const first = m_text.data() + m_at;
        auto const [end, error] = std::from_chars(first, m_text.data() + m_text.size(), value);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        m_at += static_cast<std::size_t>(end - first);
        return value;
    }
    template <class F>
    void each(F&& f) {
        need('(');
        do {
            f();
        } while (take(','));
        need(')');
    }
    Chain chain() {
        Chain positions;
        each([&] {
            auto const x = number();
            auto const y = number();
            if (!x || !y) {
                throw Malformed{fmt::format("the WKT lacks a number at byte {}", m_at)};
            }
            if (number()) { // Z, M
                (void)number();
            }
            positions.push_back({*x, *y});
        });
        return positions;
    }
    QueryGeometry::Part rings() {
        QueryGeometry::Part part;
        each([&] { part.chains.push_back(chain()); });
        return part;
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

template <class Read>
std::optional<QueryGeometry> read(std::string& why, Read&& reader) {
    try {
        auto geometry = reader();
        check(geometry);
        return geometry;
    } catch (Malformed const& fault) {
        why = fault.what();
        return std::nullopt;
    }
}

} // namespace

std::optional<QueryGeometry> parse_geojson(std::string_view text, std::string& why) {
    return read(why, [&] {
        auto const json = Json::parse(text, nullptr, false);
        if (json.is_discarded()) {
            throw Malformed{"it is not JSON in UTF-8"};
        }
        return geometry_of(json);
    });
}

std::optional<QueryGeometry> parse_wkt(std::string_view text, std::string& why) {
    return read(why, [&] { return Wkt{text}.read(); });
}

std::optional<QueryGeometry> parse_query_geometry(std::string_view text, std::string& why) {
    auto const first = text.find_first_not_of(" \t\r\n");
    bool const json = first != std::string_view::npos && text[first] == '{';
    return json ? parse_geojson(text, why) : parse_wkt(text, why);
}

} // namespace wangge::lookup
