#pragma once

#include "ogr_environment.hpp"

#include <wangge/geom/polygon.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

class OGRFeature;
class OGRGeometry;
class OGRLayer;
class OGRSpatialReference;

namespace wangge::importers {

struct GeoPackageField {
    std::string name;
    int type = 4;    ///< OGRFieldType; OFTString otherwise
    int subtype = 0; ///< OGRFieldSubType; OFSTNone otherwise
};

/// A GeoPackage (EPSG:4490, longitude first) that stands beside `path` until it is whole; given up, it is gone. All
/// throw Error{environment}.
class NewGeoPackage {
public:
    explicit NewGeoPackage(std::filesystem::path path);
    ~NewGeoPackage();
    NewGeoPackage(NewGeoPackage const&) = delete;
    NewGeoPackage& operator=(NewGeoPackage const&) = delete;

    /// `geometry` is an OGRwkbGeometryType; wkbNone: a table. It lives as long as this object.
    [[nodiscard]] OGRLayer& layer(char const* name, int geometry, std::vector<GeoPackageField> const& fields);
    void add(OGRLayer& layer, OGRFeature& feature, std::unique_ptr<OGRGeometry> geometry);
    /// Whole now: it is renamed to its path.
    void close();

private:
    [[noreturn]] void fail() const;

    std::filesystem::path m_path;
    std::filesystem::path m_aside;
    GdalMessages m_messages;
    GdalMessages::Listening m_listening{m_messages};
    std::unique_ptr<OGRSpatialReference> m_reference;
    Dataset m_dataset;
};

/// A multipolygon; null when there is no area.
[[nodiscard]] std::unique_ptr<OGRGeometry> to_ogr(geom::MultiPolygon const& shape);

} // namespace wangge::importers
