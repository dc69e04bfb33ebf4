#include "feature_file.hpp"

#include <wangge/base/files.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

namespace wangge::layers {

namespace {

/// `value` with at most `decimals` (0 to 9) decimals, trailing zeros dropped. Lattice coordinates come out exactly.
void append_decimal(std::string& out, double value, int decimals) {
    constexpr std::array<std::int64_t, 10> kPowers{1,       10,        100,        1'000,       10'000,
                                                   100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
    auto const scale = kPowers.at(static_cast<std::size_t>(decimals));
    auto const scaled = std::llround(value * static_cast<double>(scale));
    auto const magnitude = scaled < 0 ? -scaled : scaled;
    std::array<char, 32> digits{};
    char* at = digits.data();
    if (scaled < 0) {
        *at++ = '-';
    }
    at = std::to_chars(at, digits.data() + digits.size(), magnitude / scale).ptr;
    if (auto fraction = magnitude % scale; fraction != 0) {
        *at++ = '.';
        for (auto place = scale / 10; fraction != 0; place /= 10) {
            *at++ = static_cast<char>('0' + fraction / place);
            fraction %= place;
        }
    }
    out.append(digits.data(), at);
}

/// Calls open/close and position functions over parts, rings and positions; rings are closed by repeating the first.
template <class Position>
void append_nested(std::string& out, TargetGeometry const& geometry, char open, char close, Position&& position) {
    out += open;
    std::size_t ring = 0;
    std::size_t at = 0;
    for (std::size_t part = 0; part < geometry.part_ends.size(); ++part) {
        out += part == 0 ? "" : ",";
        out += open;
        for (auto const first_ring = ring; ring < geometry.part_ends[part]; ++ring) {
            out += ring == first_ring ? "" : ",";
            out += open;
            for (auto const first = at; at < geometry.ring_ends[ring]; ++at) {
                position(geometry.coordinates[at]);
                out += ',';
                if (at + 1 == geometry.ring_ends[ring]) {
                    position(geometry.coordinates[first]);
                }
            }
            out += close;
        }
        out += close;
    }
    out += close;
}

void append_json_text(std::string& out, std::string_view text) {
    out += '"';
    for (char const c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_csv_text(std::string& out, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (char const c : text) {
        out += c;
        if (c == '"') {
            out += c;
        }
    }
    out += '"';
}

class GeoJsonFile final : public FeatureFile {
public:
    explicit GeoJsonFile(FileLayout const& layout) : m_layout(layout), m_writer(layout.path) {
        m_text = R"({"type":"FeatureCollection","name":)";
        append_json_text(m_text, layout.layer);
        m_text += R"(,"description":)";
        append_json_text(m_text, layout.description);
        if (!layout.epsg) {
            m_text += R"(,"crs":null,"coordinate_system":)";
            append_json_text(m_text, layout.crs);
        } else if (*layout.epsg != 4490 && *layout.epsg != 4326) {
            fmt::format_to(std::back_inserter(m_text),
                           R"(,"crs":{{"type":"name","properties":{{"name":"urn:ogc:def:crs:EPSG::{}"}}}})",
                           *layout.epsg);
        }
        m_text += ",\"features\":[";
        m_writer.write(m_text);
    }

    void write(std::vector<Value> const& values, TargetGeometry const& geometry) override {
        m_text = m_first ? "\n" : ",\n";
        m_first = false;
        m_text += R"({"type":"Feature","properties":{)";
        for (std::size_t i = 0; i < values.size(); ++i) {
            m_text += i == 0 ? "" : ",";
            append_json_text(m_text, m_layout.fields[i].name);
            m_text += ':';
            append_value(values[i]);
        }
        auto const position = [&](crs::Coordinate c) {
            m_text += '[';
            append_decimal(m_text, c.x, m_layout.decimals);
            m_text += ',';
            append_decimal(m_text, c.y, m_layout.decimals);
            m_text += ']';
        };
        m_text += R"(},"geometry":{"type":)";
        if (m_layout.points) {
            m_text += R"("Point","coordinates":)";
            position(geometry.coordinates.front());
        } else {
            m_text += R"("MultiPolygon","coordinates":)";
            append_nested(m_text, geometry, '[', ']', position);
        }
        m_text += "}}";
        m_writer.write(m_text);
    }

    void close() override {
        m_writer.write("\n]}\n");
        m_writer.close();
    }

private:
    void append_value(Value const& value) {
        if (auto const* text = std::get_if<std::string>(&value)) {
            append_json_text(m_text, *text);
        } else if (auto const* integer = std::get_if<std::int64_t>(&value)) {
            fmt::format_to(std::back_inserter(m_text), "{}", *integer);
        } else if (auto const* real = std::get_if<double>(&value)) {
            append_decimal(m_text, *real, 2);
        } else {
            m_text += "null";
        }
    }

    FileLayout m_layout;
    FileWriter m_writer;
    std::string m_text;
    bool m_first = true;
};

/// Decimals of a coordinate in degrees that hold the whole lattice.
constexpr int kDegreeDecimals = 7;

class CsvFile final : public FeatureFile {
public:
    explicit CsvFile(FileLayout const& layout) : m_layout(layout), m_writer(layout.path) {
        for (auto const& field : layout.fields) {
            m_text += field.name;
            m_text += ',';
        }
        // Points are two columns, as every spreadsheet and bulk lookup wants them.
        m_text += !layout.points ? "wkt\n" : (layout.decimals == kDegreeDecimals ? "lon,lat\n" : "x,y\n");
        m_writer.write(m_text);
    }

    void write(std::vector<Value> const& values, TargetGeometry const& geometry) override {
        m_text.clear();
        for (auto const& value : values) {
            if (auto const* text = std::get_if<std::string>(&value)) {
                append_csv_text(m_text, *text);
            } else if (auto const* integer = std::get_if<std::int64_t>(&value)) {
                fmt::format_to(std::back_inserter(m_text), "{}", *integer);
            } else if (auto const* real = std::get_if<double>(&value)) {
                append_decimal(m_text, *real, 2);
            }
            m_text += ',';
        }
        auto const position = [&](crs::Coordinate c) {
            append_decimal(m_text, c.x, m_layout.decimals);
            m_text += ' ';
            append_decimal(m_text, c.y, m_layout.decimals);
        };
        if (m_layout.points && geometry.coordinates.empty()) {
            m_text += ",\n";
        } else if (m_layout.points) {
            append_decimal(m_text, geometry.coordinates.front().x, m_layout.decimals);
            m_text += ',';
            append_decimal(m_text, geometry.coordinates.front().y, m_layout.decimals);
            m_text += '\n';
        } else {
            m_text += "\"MULTIPOLYGON";
            append_nested(m_text, geometry, '(', ')', position);
            m_text += "\"\n";
        }
        m_writer.write(m_text);
    }

    void close() override { m_writer.close(); }

private:
    FileLayout m_layout;
    FileWriter m_writer;
    std::string m_text;
};

} // namespace

std::unique_ptr<FeatureFile> create_geojson_file(FileLayout const& layout) {
    return std::make_unique<GeoJsonFile>(layout);
}
std::unique_ptr<FeatureFile> create_csv_file(FileLayout const& layout) { return std::make_unique<CsvFile>(layout); }

} // namespace wangge::layers
