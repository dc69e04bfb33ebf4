#include "feature_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

namespace wangge::layers {

namespace {

using Json = nlohmann::json;

/// Counts features and positions of a GeoJSON document as the parser meets them; keeps nothing else.
class GeoJsonCounter final : public nlohmann::json_sax<Json> {
public:
    [[nodiscard]] FileCounts counts() const noexcept { return m_counts; }
    [[nodiscard]] std::string const& fault() const noexcept { return m_fault; }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool binary(Json::binary_t&) override { return true; }
    bool number_integer(Json::number_integer_t) override { return number(); }
    bool number_unsigned(Json::number_unsigned_t) override { return number(); }
    bool number_float(Json::number_float_t, std::string const&) override { return number(); }

    bool string(std::string& text) override {
        if (m_objects == 2 && m_key == "type" && text == "Feature") {
            ++m_counts.features;
        }
        return true;
    }
    bool start_object(std::size_t) override {
        ++m_objects;
        return true;
    }
    bool end_object() override {
        --m_objects;
        return true;
    }
    bool key(std::string& text) override {
        m_key = text;
        return true;
    }
    bool start_array(std::size_t) override {
        if (m_key == "coordinates") {
            ++m_depth;
            m_numbers = 0;
        }
        return true;
    }
    bool end_array() override {
        if (m_depth == 0) {
            return true; // the array of features
        }
        --m_depth;
        if (m_numbers != 0) { // this was a position
            ++m_counts.vertices;
            m_numbers = 0;
            m_after_position = true;
        } else if (m_after_position) { // this was a ring: its last position repeats its first
            --m_counts.vertices;
            m_after_position = false;
        }
        if (m_depth == 0) {
            m_after_position = false;
        }
        return true;
    }
    bool parse_error(std::size_t position, std::string const&, nlohmann::detail::exception const& error) override {
        m_fault = fmt::format("byte {}: {}", position, error.what());
        return false;
    }

private:
    bool number() {
        m_numbers += m_depth != 0 ? 1 : 0;
        return true;
    }

    FileCounts m_counts;
    std::string m_fault;
    std::string m_key;
    int m_objects = 0;
    int m_depth = 0; ///< of arrays inside "coordinates"
    int m_numbers = 0;
    bool m_after_position = false;
};

} // namespace

FileCounts count_geojson(std::filesystem::path const& path) {
    auto const file = MappedFile::open(path);
    auto const* text = reinterpret_cast<char const*>(file.bytes().data());
    GeoJsonCounter counter;
    if (!Json::sax_parse(text, text + file.bytes().size(), &counter)) {
        throw Error{ErrorCode::environment, fmt::format("{} cannot be read back: {}", path.string(), counter.fault())};
    }
    return counter.counts();
}

/// Records outside quotes are features; in their last field every blank is the middle of a position and every ring
/// repeats one.
FileCounts count_csv(std::filesystem::path const& path) {
    auto const file = MappedFile::open(path);
    FileCounts counts;
    bool quoted = false;
    bool header = true;
    bool points = false; // the last column is a coordinate, not WKT
    std::string field;   // the current one, without its quotes
    for (auto const byte : file.bytes()) {
        auto const c = static_cast<char>(byte);
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '\n' && !quoted) {
            if (header) {
                points = field != "wkt";
            } else if (points) {
                ++counts.features;
                counts.vertices += field.empty() ? 0U : 1U;
            } else {
                ++counts.features;
                char previous = ' ';
                for (char const g : field) {
                    bool const ring_ends = g == ')' && previous != ')' && field.front() == 'M';
                    counts.vertices += g == ' ' ? 1U : 0U;
                    counts.vertices -= ring_ends ? 1U : 0U;
                    previous = g;
                }
            }
            header = false;
            field.clear();
        } else if (c == ',' && !quoted) {
            field.clear();
        } else {
            field += c;
        }
    }
    if (quoted || !field.empty() || header) {
        throw Error{ErrorCode::environment,
                    fmt::format("{} cannot be read back: its last record is not whole", path.string())};
    }
    return counts;
}

} // namespace wangge::layers
