#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::crs {

struct SiteSystem;

/**
 * Coordinate systems that only a site can tell how to read: local ones, and those that no general transformation is
 * good enough for (Beijing54, Xian80). They stand in the file `coordinate-systems.toml` of a data folder with the
 * site's seven or four parameters or a PROJ pipeline; docs/user-guide.md, "Coordinates", describes it. Transformer
 * takes their names where it takes any other. Immutable; a copy shares the contents; safe from any thread.
 */
class SiteSystems {
public:
    /// None, and GCJ-02 and BD-09 allowed: a data folder without the file.
    SiteSystems();
    /// `file` is the name that messages give. Throws Error{data_rejected} that names file, line and key for every
    /// mistake: of syntax, an unknown or missing key, a number out of its range, a system that PROJ cannot make, a
    /// control point that is not met.
    [[nodiscard]] static SiteSystems parse(std::string_view toml, std::string const& file);
    /// Throws as parse() does, Error{data_rejected} for more than a megabyte and Error{environment} when the file
    /// cannot be read.
    [[nodiscard]] static SiteSystems read(std::filesystem::path const& file);
    /// None when there is no such file.
    [[nodiscard]] static SiteSystems read_if_there(std::filesystem::path const& file);

    /// As --crs takes them, in the order of the file: "local:guangzhou", "EPSG:4610".
    [[nodiscard]] std::vector<std::string> names() const;
    /// False when the file says `allow_gcj02 = false`: GCJ-02 and BD-09 are then refused.
    [[nodiscard]] bool gcj02_allowed() const noexcept;
    /// Where gcj02_allowed() was said: "FILE:LINE"; empty where it was not.
    [[nodiscard]] std::string const& gcj02_said_in() const noexcept;

    /// The system of that name, or the one that replaces that code; nullptr when there is none. Case does not matter.
    /// Holds as long as a copy of this object lives.
    [[nodiscard]] SiteSystem const* find(std::string_view name) const noexcept;
    /// Are they one and the same, not only equal?
    [[nodiscard]] bool same_as(SiteSystems const& other) const noexcept { return m_content == other.m_content; }

private:
    struct Content;
    explicit SiteSystems(std::shared_ptr<Content const> content);
    std::shared_ptr<Content const> m_content; ///< never null
};

} // namespace wangge::crs
