#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/changes/preview.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace wangge::changes {

namespace {

struct DatasetClose {
    void operator()(GDALDataset* dataset) const noexcept { GDALClose(GDALDataset::ToHandle(dataset)); }
};

void CPL_STDCALL keep_first(CPLErr level, CPLErrorNum, char const* message) {
    auto* const first = static_cast<std::string*>(CPLGetErrorHandlerUserData());
    if (first != nullptr && first->empty() && message != nullptr && (level == CE_Failure || level == CE_Fatal)) {
        *first = message;
    }
}

std::unique_ptr<OGRMultiPolygon> to_ogr(geom::MultiPolygon const& shape) {
    auto multi = std::make_unique<OGRMultiPolygon>();
    for (auto const& part : shape.parts) {
        auto polygon = std::make_unique<OGRPolygon>();
        auto const add = [&](geom::Ring const& points) {
            auto ring = std::make_unique<OGRLinearRing>();
            for (auto const p : points) {
                ring->addPoint(geom::to_degrees(p.lon), geom::to_degrees(p.lat));
            }
            ring->closeRings();
            polygon->addRingDirectly(ring.release());
        };
        add(part.outer);
        std::ranges::for_each(part.holes, add);
        multi->addGeometryDirectly(polygon.release());
    }
    return multi;
}

/// The GeoPackage being written.
class PreviewLayers {
public:
    PreviewLayers(std::filesystem::path const& path, std::filesystem::path const& shown) : m_shown(shown) {
        static std::once_flag once;
        std::call_once(once, RegisterOGRGeoPackage);
        CPLPushErrorHandlerEx(keep_first, &m_failure);
        auto* const driver = GetGDALDriverManager()->GetDriverByName("GPKG");
        m_dataset.reset(driver == nullptr ? nullptr : driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        if (!m_dataset) {
            fail();
        }
        m_reference.importFromEPSG(4490);
        m_reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        m_dataset->StartTransaction();
    }
    ~PreviewLayers() {
        m_dataset.reset();
        CPLPopErrorHandler();
    }
    PreviewLayers(PreviewLayers const&) = delete;
    PreviewLayers& operator=(PreviewLayers const&) = delete;

    void grids(char const* name, std::vector<TouchedGrid> const& touched,
               std::optional<registry::Grid> TouchedGrid::*side) {
        auto* const layer = make_layer(name, {{"grid_code", OFTString},
                                              {"name", OFTString},
                                              {"kind", OFTString},
                                              {"village_code", OFTString},
                                              {"change", OFTString},
                                              {"area_m2", OFTReal}});
        for (auto const& grid : touched) {
            auto const& shown = grid.*side;
            if (!shown) {
                continue;
            }
            OGRFeature feature{layer->GetLayerDefn()};
            feature.SetField("grid_code", std::string{shown->code.str()}.c_str());
            feature.SetField("name", shown->name.c_str());
            feature.SetField("kind", std::string{to_string(shown->kind)}.c_str());
            feature.SetField("village_code", shown->village.str().c_str());
            feature.SetField("change", !grid.before                                  ? "added"
                                       : !grid.after                                 ? "retired"
                                       : grid.before->shape != grid.after->shape     ? "reshaped"
                                       : grid.before->village != grid.after->village ? "reparented"
                                                                                     : "renamed");
            feature.SetField("area_m2", geom::area_m2(shown->shape));
            write(layer, feature, shown->shape);
        }
    }
    void moves(std::vector<Move> const& moves) {
        auto* const layer = make_layer(
            "moved",
            {{"from_code", OFTString}, {"to_code", OFTString}, {"area_m2", OFTReal}, {"addresses", OFTInteger64}});
        for (auto const& move : moves) {
            OGRFeature feature{layer->GetLayerDefn()};
            if (move.from) {
                feature.SetField("from_code", std::string{move.from->str()}.c_str());
            }
            if (move.to) {
                feature.SetField("to_code", std::string{move.to->str()}.c_str());
            }
            feature.SetField("area_m2", move.area_m2);
            feature.SetField("addresses", static_cast<GIntBig>(move.addresses));
            write(layer, feature, move.shape);
        }
    }
    void close() {
        if (m_dataset->CommitTransaction() != OGRERR_NONE) {
            fail();
        }
        m_dataset.reset();
        if (!m_failure.empty()) {
            fail();
        }
    }

private:
    [[nodiscard]] OGRLayer* make_layer(char const* name,
                                       std::vector<std::pair<char const*, OGRFieldType>> const& fields) {
        auto* const layer = m_dataset->CreateLayer(name, &m_reference, wkbMultiPolygon, nullptr);
        if (layer == nullptr) {
            fail();
        }
        for (auto const& [field, type] : fields) {
            OGRFieldDefn definition{field, type};
            if (layer->CreateField(&definition) != OGRERR_NONE) {
                fail();
            }
        }
        return layer;
    }
    void write(OGRLayer* layer, OGRFeature& feature, geom::MultiPolygon const& shape) {
        feature.SetGeometryDirectly(to_ogr(shape).release());
        if (layer->CreateFeature(&feature) != OGRERR_NONE) {
            fail();
        }
    }
    [[noreturn]] void fail() const {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: the layers cannot be written: {}; check the folder, its permissions and the disk "
                                "space",
                                m_shown.string(), m_failure)};
    }

    std::filesystem::path m_shown;
    std::string m_failure;
    OGRSpatialReference m_reference;
    std::unique_ptr<GDALDataset, DatasetClose> m_dataset;
};

} // namespace

void write_preview_layers(Preview const& preview, std::filesystem::path const& path) {
    if (path.extension() != ".gpkg") {
        throw Error{ErrorCode::usage, words("{}: the layers are a GeoPackage; give a name that ends in .gpkg",
                                            "{}：图层写成 GeoPackage；请用 .gpkg 结尾的文件名", path.string())};
    }
    remove_left_over(path); // of a run that was ended
    std::filesystem::path const aside = fmt::format("{}.new-{}.gpkg", path.string(), ::getpid());
    try {
        PreviewLayers layers{aside, path};
        layers.grids("before", preview.examination.touched, &TouchedGrid::before);
        layers.grids("after", preview.examination.touched, &TouchedGrid::after);
        layers.moves(preview.moves);
        layers.close();
    } catch (...) {
        remove_left_over(path); // the journal too
        throw;
    }
    rename_durably(aside, path);
}

} // namespace wangge::changes
