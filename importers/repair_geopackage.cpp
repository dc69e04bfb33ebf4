#include "new_geopackage.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/importers/layer_repair.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace wangge::importers {

void write_repair_layers(std::span<topology::RepairProposal const> proposals, std::filesystem::path const& path) {
    NewGeoPackage file{path};
    std::vector<GeoPackageField> const fields{
        {"proposal_id", OFTString}, {"kind", OFTString},        {"accepted", OFTInteger},     {"grids", OFTString},
        {"problems", OFTString},    {"area_moved_m2", OFTReal}, {"greatest_move_m", OFTReal}, {"refusal", OFTString}};
    auto& before = file.layer("repair_before", wkbMultiPolygon, fields);
    auto& after = file.layer("repair_after", wkbMultiPolygon, fields);
    auto& moved = file.layer("repair_moved", wkbMultiPolygon, fields);
    auto& places = file.layer("repair_places", wkbPoint, fields);
    for (auto const& p : proposals) {
        auto const row = [&](OGRLayer& layer, std::string const& grids, std::unique_ptr<OGRGeometry> geometry) {
            OGRFeature feature{layer.GetLayerDefn()};
            feature.SetField("proposal_id", p.id().c_str());
            feature.SetField("kind", std::string{topology::to_string(p.kind)}.c_str());
            feature.SetField("accepted", p.accepted() ? 1 : 0);
            feature.SetField("grids", grids.c_str());
            feature.SetField("problems", fmt::format("{}", fmt::join(p.problems, ", ")).c_str());
            feature.SetField("area_moved_m2", p.area_moved_m2);
            feature.SetField("greatest_move_m", p.greatest_move_m);
            if (!p.accepted()) {
                feature.SetField("refusal", p.refusal.c_str());
            }
            file.add(layer, feature, std::move(geometry));
        };
        for (auto const& change : p.changes) {
            row(before, change.name, to_ogr(change.before));
            row(after, change.name, to_ogr(change.after));
        }
        auto const grids = fmt::format("{}", fmt::join(p.grids, ", "));
        if (!p.moved.empty()) {
            row(moved, grids, to_ogr(p.moved));
        }
        row(places, grids, std::make_unique<OGRPoint>(geom::to_degrees(p.at.lon), geom::to_degrees(p.at.lat)));
    }
    file.close();
}

namespace {

[[noreturn]] void changed_meanwhile(LayerRepair const& repair) {
    throw Error{ErrorCode::data_unreadable, words("{}: has changed since it was read; run the repair again",
                                                  "{}：读取之后文件有变化；请重新运行修补", repair.file.string())};
}

} // namespace

void write_layer_repair(LayerRepair const& repair, std::filesystem::path const& path) {
    if (path.extension() == ".gpkg") {
        write_repair_layers(repair.proposals, path);
    } else {
        write_file_atomically(path, layer_repair_json(repair));
    }
}

std::size_t write_repaired_layer(LayerRepair const& repair, std::filesystem::path const& path) {
    check_repair_path(path, repair.file, "--out", false);
    auto const faces = repair.faces();
    auto const shapes = topology::apply_repairs(faces, repair.proposals);
    auto const count = static_cast<std::size_t>(std::ranges::count_if(faces, [&](topology::Face const& face) {
        return shapes[static_cast<std::size_t>(&face - faces.data())] != *face.shape;
    }));

    // The reader decodes the text of any encoding; types and other values come from GDAL, row by row beside it.
    auto reader = OgrReader::open(repair.file, repair.read);
    GdalMessages messages;
    GdalMessages::Listening const listening{messages};
    register_drivers();
    char const* const drivers[] = {"GPKG", "ESRI Shapefile", "GeoJSON", nullptr};
    Dataset const source{
        GDALDataset::Open(repair.file.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers, nullptr, nullptr)};
    auto* const typed = source ? source->GetLayerByName(reader.layer().c_str()) : nullptr;
    if (typed == nullptr || typed->GetLayerDefn()->GetFieldCount() != static_cast<int>(reader.columns().size())) {
        changed_meanwhile(repair);
    }
    std::vector<GeoPackageField> fields;
    for (std::size_t i = 0; i < reader.columns().size(); ++i) {
        auto const* const from = typed->GetLayerDefn()->GetFieldDefn(static_cast<int>(i));
        fields.push_back({reader.columns()[i], from->GetType(), from->GetSubType()});
    }
    NewGeoPackage file{path};
    auto& layer = file.layer(reader.layer().c_str(), wkbMultiPolygon, fields);
    RawFeature feature;
    std::vector<Problem> ignored; // reported when it was read first
    std::size_t row = 0;
    typed->ResetReading();
    for (;; ++row) {
        OGRFeatureUniquePtr const from{typed->GetNextFeature()};
        auto const outcome = reader.next(feature, ignored);
        if ((outcome == OgrReader::Outcome::end) != (from == nullptr) || row > shapes.size()) {
            changed_meanwhile(repair);
        }
        if (!from) {
            break;
        }
        if (row == shapes.size()) {
            changed_meanwhile(repair);
        }
        OGRFeature to{layer.GetLayerDefn()};
        for (std::size_t i = 0; i < fields.size(); ++i) {
            int const index = static_cast<int>(i);
            if (!from->IsFieldSetAndNotNull(index)) {
                if (from->IsFieldNull(index)) {
                    to.SetFieldNull(index);
                }
            } else if (fields[i].type == OFTString) {
                auto const& decoded = feature.fields[i]; // empty when it cannot be read: then as it came
                to.SetField(index, decoded.empty() ? from->GetFieldAsString(index) : decoded.c_str());
            } else {
                to.SetField(index, from->GetRawFieldRef(index));
            }
        }
        file.add(layer, to, to_ogr(shapes[row]));
    }
    if (row != shapes.size()) {
        changed_meanwhile(repair);
    }
    file.close();
    return count;
}

} // namespace wangge::importers
