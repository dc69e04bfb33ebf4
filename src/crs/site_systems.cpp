#include "site_system.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
// toml++ 3.3 asserts, in builds for debugging, what a wrong file breaks ("[#"); it refuses such files all the same.
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <span>
#include <utility>

namespace wangge::crs {

namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept {
    auto const upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return upper(x) == upper(y); });
}

[[nodiscard]] bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// "prefix:name" of letters, digits, '.', '_' and '-', at most 64 long, as it has to pass through shells and URLs.
[[nodiscard]] bool is_site_name(std::string_view name) noexcept {
    auto const colon = name.find(':');
    auto const good = [](std::string_view part) {
        return !part.empty() && is_letter_or_digit(part.front()) && std::ranges::all_of(part, [](char c) {
            return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
        });
    };
    return name.size() <= 64 && colon != std::string_view::npos && good(name.substr(0, colon)) &&
           good(name.substr(colon + 1));
}

[[nodiscard]] bool is_epsg_code(std::string_view name) noexcept {
    constexpr std::string_view kPrefix = "EPSG:";
    return name.size() > kPrefix.size() && name.size() <= kPrefix.size() + 6 &&
           same_name(name.substr(0, kPrefix.size()), kPrefix) &&
           std::ranges::all_of(name.substr(kPrefix.size()), [](char c) { return c >= '0' && c <= '9'; });
}

/// The text with every byte beyond ASCII as ~ and two hexadecimal digits: toml++ 3.3 has undefined behaviour on some
/// characters beyond ASCII that stand where none may. Outside quotes and comments TOML knows no ~, so it is refused
/// there.
[[nodiscard]] std::string in_ascii(std::string_view text) {
    std::string ascii;
    for (auto const c : text) {
        if (c >= 0 && c != '~') {
            ascii += c;
        } else {
            ascii += fmt::format("~{:02x}", static_cast<unsigned char>(c));
        }
    }
    return ascii;
}

/// What in_ascii() was given.
[[nodiscard]] std::string from_ascii(std::string_view ascii) {
    std::string text;
    for (std::size_t i = 0; i < ascii.size(); ++i) {
        unsigned byte = 0;
        auto const* const digits = ascii.data() + i + 1;
        if (ascii[i] == '~' && ascii.size() - i > 2 &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            text += static_cast<char>(byte);
            i += 2;
        } else {
            text += ascii[i];
        }
    }
    return text;
}

/// A table of the file with its place in it, for messages.
class Section {
public:
    Section(toml::table const& table, std::string path, std::string const& file)
        : m_table(table), m_path(std::move(path)), m_file(file) {}

    [[noreturn]] void fail(unsigned line, std::string_view key, std::string_view what) const {
        auto const full = m_path.empty() ? std::string{key} : key.empty() ? m_path : fmt::format("{}.{}", m_path, key);
        throw Error{ErrorCode::data_rejected, fmt::format("{}:{}: {}: {}", m_file, line, full, what)};
    }
    [[noreturn]] void fail(std::string_view key, std::string_view what) const { fail(line_of(key), key, what); }

    /// Of the key's value; of the table itself where the key is missing.
    [[nodiscard]] unsigned line_of(std::string_view key) const {
        auto const* const node = m_table.get(key);
        return (node != nullptr ? node->source() : m_table.source()).begin.line;
    }
    [[nodiscard]] bool has(std::string_view key) const { return m_table.contains(key); }

    void allow_only(std::initializer_list<std::span<std::string_view const>> lists) const {
        for (auto const& [key, value] : m_table) {
            bool const known = std::ranges::any_of(lists, [&, &name = key](std::span<std::string_view const> list) {
                return std::ranges::find(list, name.str()) != list.end();
            });
            if (!known) {
                std::vector<std::string_view> all;
                for (auto const& list : lists) {
                    all.insert(all.end(), list.begin(), list.end());
                }
                fail(value.source().begin.line, from_ascii(key.str()),
                     fmt::format("there is no such key; known are {}", fmt::join(all, ", ")));
            }
        }
    }

    [[nodiscard]] toml::node const& required(std::string_view key) const {
        auto const* const node = m_table.get(key);
        if (node == nullptr) {
            fail(key, "is missing");
        }
        return *node;
    }
    [[nodiscard]] std::string text(std::string_view key) const {
        auto const* const value = required(key).as_string();
        if (value == nullptr || value->get().empty()) {
            fail(key, "must be text in quotes, and not empty");
        }
        return from_ascii(value->get());
    }
    [[nodiscard]] std::string text_or(std::string_view key, std::string otherwise) const {
        return has(key) ? text(key) : std::move(otherwise);
    }
    [[nodiscard]] bool flag_or(std::string_view key, bool otherwise) const {
        if (!has(key)) {
            return otherwise;
        }
        auto const* const value = required(key).as_boolean();
        if (value == nullptr) {
            fail(key, "must be true or false");
        }
        return value->get();
    }
    [[nodiscard]] double number(std::string_view key, double low, double high) const {
        return number_of(required(key), key, low, high);
    }
    [[nodiscard]] double number_or(std::string_view key, double low, double high, double otherwise) const {
        return has(key) ? number(key, low, high) : otherwise;
    }
    template <std::size_t N>
    [[nodiscard]] std::array<double, N> numbers(std::string_view key, std::string_view form) const {
        auto const* const array = required(key).as_array();
        if (array == nullptr || array->size() != N) {
            fail(key, fmt::format("must be {}", form));
        }
        std::array<double, N> result{};
        for (std::size_t i = 0; i < N; ++i) {
            result.at(i) = number_of(*array->get(i), key, -1e9, 1e9);
        }
        return result;
    }
    [[nodiscard]] std::string one_of(std::string_view key, std::initializer_list<std::string_view> words) const {
        auto value = text(key);
        if (std::ranges::find(words, value) == words.end()) {
            fail(key, fmt::format("'{}' is not one of {}", value, fmt::join(words, ", ")));
        }
        return value;
    }
    [[nodiscard]] std::optional<Section> table(std::string_view key) const {
        if (!has(key)) {
            return std::nullopt;
        }
        auto const* const value = required(key).as_table();
        if (value == nullptr) {
            fail(key, "must be a table, as { a = 1, b = 2 }");
        }
        return Section{*value, m_path.empty() ? std::string{key} : fmt::format("{}.{}", m_path, key), m_file};
    }
    [[nodiscard]] std::vector<Section> tables(std::string_view key, std::string_view form) const {
        std::vector<Section> result;
        if (!has(key)) {
            return result;
        }
        auto const* const array = required(key).as_array();
        if (array == nullptr) {
            fail(key, fmt::format("must be written as {}", form));
        }
        for (auto const& node : *array) {
            auto const* const value = node.as_table();
            if (value == nullptr) {
                fail(node.source().begin.line, key, fmt::format("must be written as {}", form));
            }
            result.emplace_back(*value, m_path.empty() ? std::string{key} : fmt::format("{}.{}", m_path, key), m_file);
        }
        return result;
    }
    [[nodiscard]] std::string const& file() const noexcept { return m_file; }

private:
    [[nodiscard]] double number_of(toml::node const& node, std::string_view key, double low, double high) const {
        auto const value = node.is_number() ? node.value<double>() : std::nullopt;
        if (!value || !std::isfinite(*value)) {
            fail(node.source().begin.line, key, "must be a finite number, without quotes");
        }
        if (*value < low || *value > high) {
            fail(node.source().begin.line, key,
                 fmt::format("{:.10g} is not within {:.10g} to {:.10g}; check its unit", *value, low, high));
        }
        return *value;
    }

    toml::table const& m_table;
    std::string m_path;
    std::string const& m_file;
};

constexpr std::array<std::string_view, 2> kTopKeys{"allow_gcj02", "system"};
constexpr std::array<std::string_view, 8> kCommonKeys{"name",   "replaces", "method",     "source",
                                                      "remark", "area",     "accuracy_m", "control_points"};
constexpr std::array<std::string_view, 11> kSevenKeys{"dx_m",       "dy_m",      "dz_m",      "rx_arcsec",
                                                      "ry_arcsec",  "rz_arcsec", "scale_ppm", "convention",
                                                      "source_crs", "ellipsoid", "projection"};
constexpr std::array<std::string_view, 6> kFourKeys{"target",          "shift_east_m",   "shift_north_m",
                                                    "rotation_arcsec", "rotation_sense", "scale"};
constexpr std::array<std::string_view, 2> kPipelineKeys{"pipeline", "output"};
constexpr std::array<std::string_view, 2> kEllipsoidKeys{"semi_major_m", "inverse_flattening"};
constexpr std::array<std::string_view, 5> kProjectionKeys{"central_meridian_deg", "latitude_of_origin_deg", "scale",
                                                          "false_easting_m", "false_northing_m"};
constexpr std::array<std::string_view, 4> kControlKeys{"from", "to", "to_crs", "within_m"};

[[nodiscard]] std::string epsg_code(Section const& section, std::string_view key) {
    auto code = section.text(key);
    if (!is_epsg_code(code)) {
        section.fail(key, fmt::format("'{}' is not an EPSG code, as EPSG:4547", code));
    }
    std::ranges::copy(std::string_view{"EPSG"}, code.begin());
    return code;
}

[[nodiscard]] SevenParameters seven_of(Section const& section, SiteSystem const& system) {
    constexpr double kFurthestM = 10'000;
    constexpr double kMostArcsec = 3'600;
    constexpr double kMostPpm = 1'000;
    SevenParameters seven;
    seven.dx_m = section.number("dx_m", -kFurthestM, kFurthestM);
    seven.dy_m = section.number("dy_m", -kFurthestM, kFurthestM);
    seven.dz_m = section.number("dz_m", -kFurthestM, kFurthestM);
    seven.rx_arcsec = section.number("rx_arcsec", -kMostArcsec, kMostArcsec);
    seven.ry_arcsec = section.number("ry_arcsec", -kMostArcsec, kMostArcsec);
    seven.rz_arcsec = section.number("rz_arcsec", -kMostArcsec, kMostArcsec);
    seven.scale_ppm = section.number("scale_ppm", -kMostPpm, kMostPpm);
    seven.position_vector = section.one_of("convention", {"position_vector", "coordinate_frame"}) == "position_vector";
    if (section.has("source_crs")) {
        seven.source_crs = epsg_code(section, "source_crs");
    }
    if (auto const ellipsoid = section.table("ellipsoid")) {
        ellipsoid->allow_only({kEllipsoidKeys});
        seven.ellipsoid = Ellipsoid{ellipsoid->number("semi_major_m", 6.3e6, 6.4e6),
                                    ellipsoid->number("inverse_flattening", 290, 310)};
    }
    if (auto const projection = section.table("projection")) {
        projection->allow_only({kProjectionKeys});
        seven.projection = GaussKruger{
            projection->number("central_meridian_deg", -180, 180),
            projection->number_or("latitude_of_origin_deg", -90, 90, 0), projection->number_or("scale", 0.9, 1.1, 1),
            projection->number("false_easting_m", -1e8, 1e8), projection->number("false_northing_m", -1e8, 1e8)};
    }
    if (!seven.source_crs.empty() && (seven.ellipsoid || seven.projection)) {
        section.fail("source_crs", "stands beside 'ellipsoid' or 'projection'; give either the code or those");
    }
    if (system.replaces && (seven.ellipsoid || seven.projection)) {
        section.fail(seven.ellipsoid ? "ellipsoid" : "projection", "is not for a system that replaces an EPSG code, "
                                                                   "whose ellipsoid and projection are known");
    }
    if (system.replaces && !seven.source_crs.empty() && seven.source_crs != system.name) {
        section.fail("source_crs", fmt::format("'{}' is not the code that is replaced, {}; leave the key out",
                                               seven.source_crs, system.name));
    }
    if (system.replaces) {
        seven.source_crs = system.name;
    }
    if (seven.source_crs.empty() && !seven.ellipsoid) {
        section.fail("source_crs", "is missing; give it, or 'ellipsoid' with 'projection' for a plane");
    }
    return seven;
}

[[nodiscard]] FourParameters four_of(Section const& section) {
    FourParameters four;
    four.target = epsg_code(section, "target");
    four.shift_east_m = section.number("shift_east_m", -1e8, 1e8);
    four.shift_north_m = section.number("shift_north_m", -1e8, 1e8);
    four.rotation_arcsec = section.number("rotation_arcsec", -1'296'000, 1'296'000);
    if (section.one_of("rotation_sense", {"counterclockwise", "clockwise"}) == "clockwise") {
        four.rotation_arcsec = -four.rotation_arcsec;
    }
    four.scale = section.number("scale", 0.9, 1.1);
    return four;
}

[[nodiscard]] std::vector<ControlPoint> control_points_of(Section const& section) {
    std::vector<ControlPoint> points;
    for (auto const& table : section.tables("control_points", "control_points = [ { from = [X, Y], to = [LON, LAT], "
                                                              "within_m = 0.1 } ]")) {
        table.allow_only({kControlKeys});
        auto const from = table.numbers<2>("from", "two numbers: easting and northing, or longitude and latitude");
        auto const to = table.numbers<2>("to", "two numbers: longitude and latitude, or easting and northing");
        points.push_back({{from[0], from[1]},
                          {to[0], to[1]},
                          table.has("to_crs") ? epsg_code(table, "to_crs") : "EPSG:4490",
                          table.number("within_m", 0.000'1, 1'000),
                          table.line_of("from")});
    }
    return points;
}

[[nodiscard]] SiteSystem system_of(Section const& section) {
    SiteSystem system;
    system.file = section.file();
    system.line = section.line_of({});
    if (section.has("name") == section.has("replaces")) {
        section.fail(section.has("name") ? "replaces" : "name",
                     "needed is one of 'name' (\"local:guangzhou\") and 'replaces' (\"EPSG:4610\"), not both");
    }
    system.replaces = section.has("replaces");
    if (system.replaces) {
        system.name = epsg_code(section, "replaces");
    } else {
        system.name = section.text("name");
        if (!is_site_name(system.name) || same_name(std::string_view{system.name}.substr(0, 5), "EPSG:")) {
            section.fail("name",
                         fmt::format("'{}' is not of the form \"local:guangzhou\": two words of letters, digits, "
                                     "'.', '_' and '-' around a colon, at most 64 characters, the first not EPSG",
                                     system.name));
        }
    }
    auto const method = section.one_of("method", {"seven", "four", "pipeline"});
    if (method == "seven") {
        section.allow_only({kCommonKeys, kSevenKeys});
        system.method = seven_of(section, system);
        system.method_line = section.line_of("source_crs");
    } else if (method == "four") {
        section.allow_only({kCommonKeys, kFourKeys});
        system.method = four_of(section);
        system.method_line = section.line_of("target");
    } else {
        section.allow_only({kCommonKeys, kPipelineKeys});
        system.method = Pipeline{section.text("pipeline"), section.has("output") ? epsg_code(section, "output") : ""};
        system.method_line = section.line_of("pipeline");
    }
    system.source = section.text("source");
    system.remark = section.text_or("remark", {});
    if (section.has("accuracy_m")) {
        system.accuracy_m = section.number("accuracy_m", 0, 1'000);
    }
    if (section.has("area")) {
        auto const sides = section.numbers<4>("area", "four numbers: west, south, east, north in CGCS2000 degrees");
        system.area = ValidArea{sides[0], sides[1], sides[2], sides[3]};
        if (!on_globe(sides[0], sides[1]) || !on_globe(sides[2], sides[3]) || sides[0] >= sides[2] ||
            sides[1] >= sides[3]) {
            section.fail("area", "is no box: west, south, east, north in degrees, west below east, south below north");
        }
    }
    system.control_points = control_points_of(section);
    return system;
}

/// Makes it, and compares what it does with the control points.
void prove(SiteSystem const& system, SiteSystems const& all) {
    auto const fail = [&](unsigned line, std::string_view what) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}:{}: system '{}': {}", system.file, line, system.name, what)};
    };
    auto const transformer = [&] {
        try {
            return Transformer::make(system.name, all);
        } catch (Error const& error) {
            throw Error{ErrorCode::data_rejected, fmt::format("{}:{}: system '{}': {}", system.file, system.method_line,
                                                              system.name, error.what())};
        }
    }();
    for (auto const& point : system.control_points) {
        auto const to_known = [&] {
            try {
                return Transformer::make(point.to_crs);
            } catch (Error const& error) {
                throw Error{ErrorCode::data_rejected,
                            fmt::format("{}:{}: control_points.to_crs: {}", system.file, point.line, error.what())};
            }
        }();
        auto const got = transformer.to_registry(point.from);
        auto const known = to_known.to_registry(point.to);
        if (!got || !known) {
            fail(point.line, got ? "the 'to' of a control point is no position"
                                 : "the 'from' of a control point is no position there, or lies outside 'area'");
        }
        auto const metres = geom::metres_per_degree(known->lat);
        double const east_m = (got->lon - known->lon) * metres.lon;
        double const north_m = (got->lat - known->lat) * metres.lat;
        if (double const off_m = std::hypot(east_m, north_m); !(off_m <= point.within_m)) {
            fail(point.line,
                 fmt::format("a control point is missed by {:.3f} m ({:+.3f} m east, {:+.3f} m north), more than its "
                             "within_m = {:g}; check the parameters, their signs and units, and the convention of the "
                             "rotation",
                             off_m, east_m, north_m, point.within_m));
        }
    }
}

} // namespace

struct SiteSystems::Content {
    std::vector<SiteSystem> systems;
    bool gcj02_allowed = true;
    std::string gcj02_said_in;
};

SiteSystems::SiteSystems() {
    static auto const none = std::make_shared<Content const>();
    m_content = none;
}

SiteSystems::SiteSystems(std::shared_ptr<Content const> content) : m_content(std::move(content)) {}

SiteSystems SiteSystems::parse(std::string_view toml, std::string const& file) {
    if (!is_utf8(toml)) {
        throw Error{ErrorCode::data_rejected, fmt::format("{}:1: not TOML: not in UTF-8; save it as UTF-8", file)};
    }
    toml::table top;
    try {
        top = toml::parse(in_ascii(toml.substr(toml.starts_with("\xef\xbb\xbf") ? 3 : 0)), file);
    } catch (toml::parse_error const& error) {
        throw Error{ErrorCode::data_rejected, fmt::format("{}:{}: not TOML: {}", file, error.source().begin.line,
                                                          from_ascii(error.description()))};
    }
    Section const root{top, {}, file};
    root.allow_only({kTopKeys});
    auto content = std::make_shared<Content>();
    content->gcj02_allowed = root.flag_or("allow_gcj02", true);
    if (root.has("allow_gcj02")) {
        content->gcj02_said_in = fmt::format("{}:{}", file, root.line_of("allow_gcj02"));
    }
    for (auto const& section : root.tables("system", "[[system]]")) {
        auto system = system_of(section);
        for (auto const& other : content->systems) {
            if (same_name(other.name, system.name)) {
                section.fail(system.replaces ? "replaces" : "name",
                             fmt::format("'{}' stands in line {} already", system.name, other.line));
            }
        }
        content->systems.push_back(std::move(system));
    }
    SiteSystems result{content};
    for (auto const& system : content->systems) {
        prove(system, result);
    }
    return result;
}

SiteSystems SiteSystems::read(std::filesystem::path const& file) {
    std::error_code unknown;
    if (auto const size = std::filesystem::file_size(file, unknown); !unknown && size > kLargestFile) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: has {} bytes; a file of coordinate systems has at most {}", file.string(), size,
                                kLargestFile)};
    }
    return parse(read_file(file), file.string());
}

SiteSystems SiteSystems::read_if_there(std::filesystem::path const& file) {
    std::error_code unknown;
    return std::filesystem::exists(std::filesystem::symlink_status(file, unknown)) ? read(file) : SiteSystems{};
}

std::vector<std::string> SiteSystems::names() const {
    std::vector<std::string> result;
    for (auto const& system : m_content->systems) {
        result.push_back(system.name);
    }
    return result;
}

bool SiteSystems::gcj02_allowed() const noexcept { return m_content->gcj02_allowed; }
std::string const& SiteSystems::gcj02_said_in() const noexcept { return m_content->gcj02_said_in; }

SiteSystem const* SiteSystems::find(std::string_view name) const noexcept {
    auto const found =
        std::ranges::find_if(m_content->systems, [&](SiteSystem const& s) { return same_name(s.name, name); });
    return found == m_content->systems.end() ? nullptr : &*found;
}

} // namespace wangge::crs
