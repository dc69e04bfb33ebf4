#include "new_geopackage.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/importers/layer_repair.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace wangge::importers {

void write_repair_layers(std::span<topology::RepairProposal const> proposals, std::filesystem::path const& path,
                         Language language) {
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
                feature.SetField("refusal", p.refusal.in(language).c_str());
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

/// OGRFieldType and OGRFieldSubType. A GeoPackage has no time of day.
std::pair<int, int> stored_as(ValueType type) {
    switch (type) {
    case ValueType::json:
        return {OFTString, OFSTJSON};
    case ValueType::uuid:
        return {OFTString, OFSTUUID};
    case ValueType::boolean:
        return {OFTInteger, OFSTBoolean};
    case ValueType::int16:
        return {OFTInteger, OFSTInt16};
    case ValueType::int32:
        return {OFTInteger, OFSTNone};
    case ValueType::int64:
        return {OFTInteger64, OFSTNone};
    case ValueType::float32:
        return {OFTReal, OFSTFloat32};
    case ValueType::float64:
        return {OFTReal, OFSTNone};
    case ValueType::date:
        return {OFTDate, OFSTNone};
    case ValueType::date_time:
        return {OFTDateTime, OFSTNone};
    case ValueType::binary:
        return {OFTBinary, OFSTNone};
    case ValueType::text:
    case ValueType::time:
        break;
    }
    return {OFTString, OFSTNone};
}

template <class Number>
bool set_number(OGRFeature& to, int index, std::string const& text) {
    Number value{};
    auto const* const last = text.data() + text.size();
    auto const [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc{} || end != last) {
        return false;
    }
    if constexpr (sizeof value == sizeof(GIntBig) && std::is_integral_v<Number>) {
        to.SetField(index, static_cast<GIntBig>(value));
    } else {
        to.SetField(index, value);
    }
    return true;
}

/// False when the text is no value of that type.
bool set_value(OGRFeature& to, int index, ValueType type, std::string const& text) {
    switch (type) {
    case ValueType::boolean:
    case ValueType::int16:
    case ValueType::int32:
        return set_number<int>(to, index, text);
    case ValueType::int64:
        return set_number<std::int64_t>(to, index, text);
    case ValueType::float32:
    case ValueType::float64:
        return set_number<double>(to, index, text);
    case ValueType::date:
    case ValueType::date_time:
        to.SetField(index, text.c_str());
        return to.IsFieldSetAndNotNull(index);
    case ValueType::binary: {
        int count = 0;
        auto* const bytes = CPLHexToBinary(text.c_str(), &count);
        to.SetField(index, count, bytes);
        CPLFree(bytes);
        return text.size() == 2 * static_cast<std::size_t>(count);
    }
    case ValueType::text:
    case ValueType::json:
    case ValueType::uuid:
    case ValueType::time:
        break;
    }
    to.SetField(index, text.c_str());
    return true;
}

} // namespace

void write_layer_repair(LayerRepair const& repair, std::filesystem::path const& path, Language language) {
    if (path.extension() == ".gpkg") {
        write_repair_layers(repair.proposals, path, language);
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

    // Once more by the reading process: what no process of its own fences in never opens a file from outside.
    auto reader = OgrReader::open(repair.file, repair.read);
    std::vector<GeoPackageField> fields;
    for (std::size_t i = 0; i < reader.columns().size(); ++i) {
        auto const [type, subtype] = stored_as(reader.types()[i]);
        fields.push_back({reader.columns()[i], type, subtype});
    }
    NewGeoPackage file{path};
    auto& layer = file.layer(reader.layer().c_str(), wkbMultiPolygon, fields);
    RawFeature feature;
    std::vector<Problem> ignored; // reported when it was read first
    std::size_t row = 0;
    for (; reader.next(feature, ignored) != OgrReader::Outcome::end; ++row) {
        if (row == shapes.size()) {
            changed_meanwhile(repair);
        }
        OGRFeature to{layer.GetLayerDefn()};
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (!feature.absent[i] && !set_value(to, static_cast<int>(i), reader.types()[i], feature.fields[i])) {
                throw Error{ErrorCode::data_unreadable,
                            words("{}: row {}: '{}' is no value of the kind of its column '{}'; have the file exported "
                                  "again",
                                  "{}：第 {} 行：“{}”不符合字段“{}”的类型；请重新导出该文件", repair.file.string(),
                                  feature.row, feature.fields[i], fields[i].name)};
            }
        }
        for (auto const& [i, bytes] : feature.undecoded) { // as it came
            to.SetField(static_cast<int>(i), bytes.c_str());
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
