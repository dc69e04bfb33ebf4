#include "manifest.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <optional>

namespace wangge::snapshot {

namespace {

constexpr std::string_view kFormat = "wangge-snapshot";

std::optional<Date> parse_date(std::string_view text) {
    for (auto const end : {kAlways, kForever}) {
        if (text == end.str()) {
            return end;
        }
    }
    return Date::parse(text);
}

/// Hexadecimal digits of exactly `bytes` bytes.
template <std::size_t bytes>
std::optional<std::array<std::uint8_t, bytes>> parse_hex(std::string_view text) {
    std::array<std::uint8_t, bytes> out{};
    if (text.size() != 2 * bytes) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < bytes; ++i) {
        auto const* const first = text.data() + 2 * i;
        if (std::from_chars(first, first + 2, out[i], 16).ptr != first + 2) {
            return std::nullopt;
        }
    }
    return out;
}

template <class T>
T or_refuse(std::optional<T> value, std::string_view member) {
    if (!value) {
        throw std::invalid_argument{fmt::format("{} has the wrong form", member)};
    }
    return *value;
}

} // namespace

std::string to_json(Manifest const& m) {
    nlohmann::ordered_json json;
    json["format"] = kFormat;
    json["version"] = Manifest::kVersion;
    json["generation"] = m.generation;
    json["as_of"] = m.as_of.str();
    json["unchanged"] = {{"from", m.unchanged.from.str()}, {"to", m.unchanged.to.str()}};
    json["grids"] = m.grids;
    json["divisions"] = m.divisions;
    json["vertices"] = m.vertices;
    json["content_sha256"] = m.content.hex();
    for (auto const& [name, file] : m.files) {
        json["files"][name] = {{"bytes", file.bytes}, {"checksum64", fmt::format("{:016x}", file.checksum)}};
    }
    return json.dump(2) + "\n";
}

Manifest manifest_from_json(std::string_view text, std::filesystem::path const& path) {
    auto const refuse = [&](std::string_view why) {
        return Error{ErrorCode::corrupt, fmt::format("{}: {}; publish again", path.string(), why)};
    };
    try {
        auto const json = nlohmann::json::parse(text);
        if (json.at("format") != kFormat || json.at("version") != Manifest::kVersion) {
            throw refuse(fmt::format("not a snapshot of version {}", Manifest::kVersion));
        }
        auto const date = [](nlohmann::json const& object, char const* member) {
            return or_refuse(parse_date(object.at(member).get<std::string>()), member);
        };
        Manifest m;
        m.generation = json.at("generation").get<GenerationNumber>();
        m.as_of = date(json, "as_of");
        m.unchanged = {date(json.at("unchanged"), "from"), date(json.at("unchanged"), "to")};
        m.grids = json.at("grids").get<std::uint64_t>();
        m.divisions = json.at("divisions").get<std::uint64_t>();
        m.vertices = json.at("vertices").get<std::uint64_t>();
        m.content.bytes = or_refuse(parse_hex<32>(json.at("content_sha256").get<std::string>()), "content_sha256");
        for (auto const& [name, file] : json.at("files").items()) {
            auto const bytes = or_refuse(parse_hex<8>(file.at("checksum64").get<std::string>()), "checksum64");
            std::uint64_t checksum = 0;
            for (auto const byte : bytes) {
                checksum = checksum << 8U | byte;
            }
            m.files[name] = {file.at("bytes").get<std::uint64_t>(), checksum};
        }
        return m;
    } catch (nlohmann::json::exception const& e) {
        throw refuse(e.what());
    } catch (std::invalid_argument const& e) {
        throw refuse(e.what());
    }
}

} // namespace wangge::snapshot
