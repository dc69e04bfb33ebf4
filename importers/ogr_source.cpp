#include "ogr_source.hpp"

#include "drawing_labels.hpp"

#include <wangge/base/error.hpp>

#include <cpl_conv.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace wangge::importers {

namespace {

[[noreturn]] void unreadable(SourceFile const& file, Words const& what) {
    throw Error{ErrorCode::data_unreadable, words("{}: {}", "{}：{}", file.shown(), what)};
}

[[nodiscard]] Dataset open_dataset(SourceFile const& file, GdalMessages& messages) {
    register_drivers();
    // Only the driver that the first bytes call for: a .geojson that is something else must not reach another driver.
    char const* const allowed[] = {driver_of(file.format()), nullptr};
    char const* const raw_text[] = {"ENCODING=", nullptr}; // text is decoded here, strictly
    GdalMessages::Listening const listening{messages};
    return Dataset{GDALDataset::Open(file.gdal_name().c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, allowed,
                                     file.format() == Format::shapefile ? raw_text : nullptr, nullptr)};
}

/// Modules of SQLite that read other files are no part of boundaries.
void check_virtual_tables(GDALDataset& dataset, SourceFile const& file) {
    auto* const tables =
        dataset.ExecuteSQL("SELECT name, lower(sql) FROM sqlite_master WHERE type = 'table'", nullptr, nullptr);
    std::string offending;
    while (tables != nullptr) {
        OGRFeatureUniquePtr const table{tables->GetNextFeature()};
        if (!table) {
            break;
        }
        std::string_view const sql{table->GetFieldAsString(1)};
        for (auto const* const module : {"virtualtext", "virtualshape", "virtualdbf", "virtualxl", "virtualgeojson",
                                         "virtualbbox", "virtualfdo"}) {
            if (sql.starts_with("create virtual") && sql.find(module) != std::string_view::npos) {
                offending = table->GetFieldAsString(0);
            }
        }
    }
    if (tables != nullptr) {
        dataset.ReleaseResultSet(tables);
    }
    if (!offending.empty()) {
        throw Error{ErrorCode::data_rejected,
                    words("{}: its table '{}' shows another file (a virtual table); export the table you need to a "
                          "file of its own",
                          "{}：其中的表“{}”指向另一个文件（虚拟表）；请把所需的表单独导出", file.shown(), offending)};
    }
}

/// A page with a wrong count of rows is no error for SQLite until it is asked to look.
void check_pages(GDALDataset& dataset, SourceFile const& file) {
    auto* const result = dataset.ExecuteSQL("PRAGMA quick_check(1)", nullptr, nullptr);
    std::string said = "no answer";
    if (result != nullptr) {
        if (OGRFeatureUniquePtr const row{result->GetNextFeature()}) {
            said = row->GetFieldAsString(0);
        }
        dataset.ReleaseResultSet(result);
    }
    if (said != "ok") {
        unreadable(file,
                   words("is damaged: {}; copy it again from where it came", "已损坏：{}；请从来源处重新复制", said));
    }
}

[[nodiscard]] std::string definition_of_crs(OGRLayer& layer, SourceFile const& file, std::string const& asked) {
    auto const* const reference = layer.GetSpatialRef();
    char const* const name = reference == nullptr ? nullptr : reference->GetName();
    if (!asked.empty() || name == nullptr || std::string_view{name}.starts_with("Undefined")) {
        return {};
    }
    char* exported = nullptr;
    char const* const options[] = {"FORMAT=WKT2_2019", nullptr};
    bool const good = reference->exportToWkt(&exported, options) == OGRERR_NONE && exported != nullptr;
    std::string definition{good ? exported : ""};
    CPLFree(exported);
    if (!good) {
        throw Error{ErrorCode::data_rejected, words("{}: its coordinate system '{}' cannot be understood; pass --crs",
                                                    "{}：无法识别其坐标系“{}”；请用 --crs 指明", file.shown(), name)};
    }
    return definition;
}

[[nodiscard]] std::vector<std::string> names_of(std::vector<OGRLayer*> const& layers) {
    std::vector<std::string> names;
    for (auto* const layer : layers) {
        names.emplace_back(layer->GetName());
    }
    return names;
}

void append_ring(OGRSimpleCurve const& ring, std::uint32_t part, bool hole, RawFeature& feature) {
    auto const first = feature.coordinates.size();
    auto const count = static_cast<std::size_t>(ring.getNumPoints());
    if (count > 0) {
        feature.coordinates.resize(first + count);
        constexpr int kStride = sizeof(crs::Coordinate);
        ring.getPoints(&feature.coordinates[first].x, kStride, &feature.coordinates[first].y, kStride);
    }
    feature.rings.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(first + count), part, hole});
}

/// False when something in it is no polygon with straight edges.
[[nodiscard]] bool append_areas(OGRGeometry const& geometry, RawFeature& feature, int depth = 0) {
    constexpr int kDeepest = 16;
    auto const part = feature.rings.empty() ? 0U : feature.rings.back().part + 1;
    switch (wkbFlatten(geometry.getGeometryType())) { // Z and M are dropped
    case wkbPolygon: {
        auto const& polygon = *geometry.toPolygon();
        if (auto const* const outer = polygon.getExteriorRing()) {
            append_ring(*outer, part, false, feature);
            for (int i = 0; i < polygon.getNumInteriorRings(); ++i) {
                append_ring(*polygon.getInteriorRing(i), part, true, feature);
            }
        }
        return true;
    }
    case wkbMultiPolygon:
    case wkbGeometryCollection: // as KML and some GeoJSON hold several polygons
        return depth < kDeepest &&
               std::ranges::all_of(*geometry.toGeometryCollection(), [&](OGRGeometry const* member) {
                   return append_areas(*member, feature, depth + 1);
               });
    default:
        return false;
    }
}

/// A .dbf cuts names at ten bytes, wherever that falls; of names that are then the same, writers cut more to add "_1".
[[nodiscard]] std::string whole_characters(std::string const& name, TextDecoder& decoder) {
    auto const mark = name.rfind('_');
    auto const numbered = mark != std::string::npos && mark + 1 < name.size() &&
                          name.find_first_not_of("0123456789", mark + 1) == std::string::npos;
    std::string whole{without_cut_character(name, decoder.encoding())};
    if (std::string copy = whole; !numbered || decoder.decode(copy)) {
        return whole;
    }
    return std::string{without_cut_character(std::string_view{name}.substr(0, mark), decoder.encoding())} +
           name.substr(mark);
}

} // namespace

[[nodiscard]] ValueType type_of(OGRFieldDefn const& field) {
    switch (field.GetType()) {
    case OFTInteger:
        return field.GetSubType() == OFSTBoolean ? ValueType::boolean
               : field.GetSubType() == OFSTInt16 ? ValueType::int16
                                                 : ValueType::int32;
    case OFTInteger64:
        return ValueType::int64;
    case OFTReal:
        return field.GetSubType() == OFSTFloat32 ? ValueType::float32 : ValueType::float64;
    case OFTDate:
        return ValueType::date;
    case OFTTime:
        return ValueType::time;
    case OFTDateTime:
        return ValueType::date_time;
    case OFTBinary:
        return ValueType::binary;
    case OFTIntegerList:
    case OFTInteger64List:
    case OFTRealList:
    case OFTStringList:
        return ValueType::json;
    default:
        return field.GetSubType() == OFSTJSON   ? ValueType::json
               : field.GetSubType() == OFSTUUID ? ValueType::uuid
                                                : ValueType::text;
    }
}

/// The value as text that reads back as the same value.
[[nodiscard]] std::string text_of(OGRFeature& from, int index) {
    switch (from.GetFieldDefnRef(index)->GetType()) {
    case OFTReal: {
        std::string text = from.GetFieldAsString(index);
        double const value = from.GetFieldAsDouble(index);
        return CPLAtof(text.c_str()) == value || std::isnan(value) ? text : fmt::format("{}", value);
    }
    case OFTIntegerList:
    case OFTInteger64List:
    case OFTRealList:
    case OFTStringList: {
        char* const list = from.GetFieldAsSerializedJSon(index);
        std::string text{list == nullptr ? "" : list};
        CPLFree(list);
        return text;
    }
    default:
        return from.GetFieldAsString(index);
    }
}

struct OgrSource::Impl {
    /// A layer that is read, and where its fields go.
    struct Part {
        OGRLayer* layer = nullptr;
        std::vector<std::size_t> columns;
        std::string name;
    };

    Impl(SourceFile const& source, ReadOptions const& options);

    SourceFile const& file;
    GdalMessages messages;
    Dataset dataset;
    std::vector<Part> parts;
    TextDecoder decoder;
    std::vector<std::string> columns;
    std::vector<ValueType> types;
    std::vector<Words> remarks;
    std::size_t part = 0; ///< that is being read
    std::size_t row = 0;
    std::uint64_t declared = 0; ///< features that its own header or the file's text promises; 0: none
    std::uint64_t folder_column = 0;
    std::optional<DrawingLabels> labels; ///< DXF
    std::size_t first_label = 0;         ///< column

    void choose_layers(ReadOptions const& options);
    void read_columns();
    void read_drawing_labels();
    [[nodiscard]] bool next_feature(OGRFeatureUniquePtr& from);
    [[nodiscard]] bool take_drawing(OGRFeature& from, RawFeature& feature, std::vector<RowProblem>& problems) const;
    void read_fields(OGRFeature& from, RawFeature& feature, std::vector<RowProblem>& problems);
    void read_geometry(OGRFeature& from, RawFeature& feature, std::vector<RowProblem>& problems) const;
    void check_damage() const {
        if (messages.failed()) {
            unreadable(file, words("is damaged after feature {}: {}; copy it again from where it came",
                                   "第 {} 个要素之后已损坏：{}；请从来源处重新复制", row, messages.first_failure()));
        }
    }
};

OgrSource::Impl::Impl(SourceFile const& source, ReadOptions const& options) : file(source), decoder(source.encoding()) {
    // Blocks are drawn where they are inserted; their entities keep their layers.
    CPLSetConfigOption("DXF_MERGE_BLOCK_GEOMETRIES", "FALSE");
    CPLSetConfigOption("DXF_ENCODING", "UTF-8");
    dataset = open_dataset(file, messages);
    if (!dataset) {
        unreadable(file,
                   words("cannot be opened as {}: {}; copy it again from where it came",
                         "无法按 {} 打开：{}；请从来源处重新复制", name_of(file.format()),
                         messages.failed() ? Words{messages.first_failure(), messages.first_failure()}
                                           : words("its contents are not what its name says", "内容与文件名不符")));
    }
    GdalMessages::Listening const listening{messages};
    if (file.format() == Format::spatialite || file.format() == Format::geopackage) {
        check_pages(*dataset, file);
        check_virtual_tables(*dataset, file);
    }
    choose_layers(options);
    if (file.format() == Format::dxf) {
        read_drawing_labels();
    }
    read_columns();
    check_damage();
}

void OgrSource::Impl::choose_layers(ReadOptions const& options) {
    std::vector<OGRLayer*> all;
    std::vector<OGRLayer*> drawn;
    std::vector<OGRLayer*> named;
    for (int i = 0; i < dataset->GetLayerCount(); ++i) {
        auto* const layer = dataset->GetLayer(i);
        all.push_back(layer);
        if (layer->GetGeomType() != wkbNone) {
            drawn.push_back(layer);
        }
        if (layer->GetName() == file.layer()) {
            named.push_back(layer);
        }
    }
    auto const& wanted = file.layer().empty() ? drawn : named;
    if (!file.layer().empty() && named.empty()) {
        throw Error{ErrorCode::usage,
                    words("{}: there is no layer '{}'; it has: {}", "{}：没有图层“{}”；现有：{}", file.shown(),
                          file.layer(), fmt::format("{}", fmt::join(names_of(all), ", ")))};
    }
    if (all.empty()) {
        unreadable(file, words("holds no layer at all; it is empty or damaged: have it exported again",
                               "没有任何图层；文件是空的或已损坏：请重新导出"));
    }
    if (wanted.empty()) {
        unreadable(file, words("holds no layer with geometry (layers: {})", "没有带几何的图层（图层：{}）",
                               fmt::format("{}", fmt::join(names_of(all), ", "))));
    }
    bool const folders = file.format() == Format::kml; // each folder is a layer of its own, one file one matter
    if (wanted.size() > 1 && !folders) {
        throw Error{ErrorCode::usage,
                    words("{}: has {} layers, name one with --layer: {}", "{}：有 {} 个图层，请用 --layer 指明一个：{}",
                          file.shown(), wanted.size(), fmt::format("{}", fmt::join(names_of(wanted), ", ")))};
    }
    for (auto* const layer : wanted) {
        parts.push_back({layer, {}, layer->GetName()});
    }
    if (options.layer.empty() || !folders) {
        declared = file.places();
    }
}

void OgrSource::Impl::read_columns() {
    if (file.format() == Format::dxf) {
        return;
    }
    for (auto& [layer, targets, name] : parts) {
        auto const* const definition = layer->GetLayerDefn();
        for (int i = 0; i < definition->GetFieldCount(); ++i) {
            std::string column = definition->GetFieldDefn(i)->GetNameRef();
            if (file.format() == Format::shapefile) {
                column = whole_characters(column, decoder);
            }
            if (!decoder.decode(column)) {
                throw Error{
                    ErrorCode::usage,
                    words("{}: the name of column {} is not valid {}; pass the right --encoding (GB18030, UTF-8)",
                          "{}：第 {} 列的列名不是有效的 {}；请用 --encoding 指定正确的编码（GB18030、UTF-8）",
                          file.shown(), i + 1, decoder.encoding())};
            }
            auto const type = type_of(*definition->GetFieldDefn(i));
            auto const known = parts.size() > 1 ? std::ranges::find(columns, column) : columns.end();
            targets.push_back(static_cast<std::size_t>(known - columns.begin()));
            if (known == columns.end()) {
                columns.push_back(std::move(column));
                types.push_back(type);
            } else if (types[targets.back()] != type) {
                types[targets.back()] = ValueType::text;
            }
        }
    }
    if (file.format() == Format::kml) {
        folder_column = columns.size();
        columns.emplace_back("Folder");
        types.push_back(ValueType::text);
    }
}

/// First of two passes over a drawing: texts, and attributes of blocks where they stand.
void OgrSource::Impl::read_drawing_labels() {
    labels.emplace();
    CPLSetConfigOption("DXF_INLINE_BLOCKS", "FALSE"); // only then GDAL gives the attributes with their tags
    auto const blocks = open_dataset(file, messages);
    CPLSetConfigOption("DXF_INLINE_BLOCKS", nullptr);
    auto* const entities = blocks ? blocks->GetLayerByName("entities") : nullptr;
    if (entities == nullptr) {
        unreadable(file, words("holds no entities; save it again as DXF", "没有图元；请重新保存为 DXF"));
    }
    GdalMessages::Listening const listening{messages};
    while (auto const entity = OGRFeatureUniquePtr{entities->GetNextFeature()}) {
        auto const* const geometry = entity->GetGeometryRef();
        if (geometry == nullptr || wkbFlatten(geometry->getGeometryType()) != wkbPoint) {
            continue;
        }
        crs::Coordinate const at{geometry->toPoint()->getX(), geometry->toPoint()->getY()};
        std::string_view const text{entity->GetFieldAsString("Text")};
        if (!text.empty()) {
            labels->add(entity->GetFieldAsString("Layer"), text, at);
        }
        auto* const* const attributes = entity->GetFieldAsStringList(entity->GetFieldIndex("BlockAttributes"));
        for (auto const* const* item = attributes; item != nullptr && *item != nullptr; ++item) {
            std::string_view const pair{*item}; // "TAG value"
            auto const blank = std::min(pair.find(' '), pair.size());
            if (blank + 1 < pair.size()) {
                labels->add(pair.substr(0, blank), pair.substr(blank + 1), at);
            }
        }
    }
    labels->finish();
    columns = {"Layer", "EntityHandle"};
    first_label = columns.size();
    constexpr std::size_t kMostKinds = 1000;
    if (labels->kinds().size() > kMostKinds) {
        throw Error{ErrorCode::data_rejected,
                    words("{}: has texts on {} layers, more than {}; remove what does not describe grids",
                          "{}：有 {} 个图层含文字，超过 {} 个；请去掉与网格无关的内容", file.shown(),
                          labels->kinds().size(), kMostKinds)};
    }
    for (auto const& kind : labels->kinds()) {
        auto const taken = std::ranges::find(columns, kind) != columns.end();
        columns.push_back(taken ? kind + " (text)" : kind);
    }
    types.assign(columns.size(), ValueType::text);
    remarks.push_back(
        words("closed polylines are read as areas; {} texts and block attributes become the columns of the areas they "
              "lie in, named by layer or tag",
              "闭合多段线按面读取；{} 处文字和块属性作为其所在面的字段，以图层名或属性标记命名", labels->count()));
}

bool OgrSource::Impl::next_feature(OGRFeatureUniquePtr& from) {
    for (; part < parts.size(); ++part) {
        from.reset(parts[part].layer->GetNextFeature());
        check_damage();
        if (from) {
            return true;
        }
        if (part + 1 < parts.size()) {
            parts[part + 1].layer->ResetReading();
        }
    }
    if (declared > row) {
        unreadable(file, words("promises {} features, but only {} can be read; it is damaged or cut short: have it "
                               "exported again",
                               "自称有 {} 个要素，只能读出 {} 个；文件已损坏或不完整：请重新导出", declared, row));
    }
    return false;
}

/// A drawing's entity: a closed line is an area, an open one a problem. False for all that is no line.
bool OgrSource::Impl::take_drawing(OGRFeature& from, RawFeature& feature, std::vector<RowProblem>& problems) const {
    auto const* const geometry = from.GetGeometryRef();
    if (geometry == nullptr || wkbFlatten(geometry->getGeometryType()) != wkbLineString) {
        return false;
    }
    auto const& line = *geometry->toLineString();
    std::string_view const classes{from.GetFieldAsString("SubClasses")};
    bool const polyline = classes.find("Polyline") != std::string_view::npos; // none in a DXF of release 12
    if (!polyline && (!classes.empty() || line.getNumPoints() <= 2)) {
        return false; // a single line, arc or spline
    }
    int const last = line.getNumPoints() - 1;
    // An arc that closes the outline ends where it began but for rounding.
    constexpr double kSame = 1e-7;
    bool const closed = last > 1 && std::hypot(line.getX(0) - line.getX(last), line.getY(0) - line.getY(last)) <= kSame;
    auto const end = [&](int at) {
        return fmt::format("{:.3f} {:.3f}", last < 0 ? 0 : line.getX(at), last < 0 ? 0 : line.getY(at));
    };
    if (closed) {
        append_ring(line, 0, false, feature);
    } else {
        problems.push_back(
            {ProblemCode::unsupported_geometry,
             words("the polyline with handle {} on layer '{}', from {} to {}, is not closed; close it (AutoCAD: PEDIT, "
                   "Close), or move it to a layer that is not exported",
                   "图层“{1}”上句柄为 {0} 的多段线没有闭合（从 {2} 到 {3}）；请将其闭合（AutoCAD：PEDIT，闭合），"
                   "或移到不导出的图层",
                   from.GetFieldAsString("EntityHandle"), from.GetFieldAsString("Layer"), end(0), end(last))});
    }
    return true;
}

void OgrSource::Impl::read_fields(OGRFeature& from, RawFeature& feature, std::vector<RowProblem>& problems) {
    auto const& targets = parts[part].columns;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        auto& text = feature.fields[targets[i]];
        int const index = static_cast<int>(i);
        feature.absent[targets[i]] = !from.IsFieldSetAndNotNull(index);
        text = feature.absent[targets[i]] ? std::string{} : text_of(from, index);
        if (!decoder.decode(text)) {
            feature.undecoded.emplace_back(static_cast<std::uint32_t>(targets[i]), text_of(from, index));
            problems.push_back(
                {ProblemCode::unreadable_text,
                 words("field '{}' is not valid {}; pass the right --encoding (GB18030, UTF-8), or correct the value",
                       "字段“{}”的文字不是有效的 {}；请用 --encoding 指定正确的编码（GB18030、UTF-8），或更正该值",
                       columns[targets[i]], decoder.encoding())});
            text.clear();
        }
    }
    if (file.format() == Format::kml) {
        feature.fields[folder_column] = parts[part].name;
        feature.absent[folder_column] = false;
    }
}

void OgrSource::Impl::read_geometry(OGRFeature& from, RawFeature& feature, std::vector<RowProblem>& problems) const {
    auto const* const geometry = from.GetGeometryRef();
    if (geometry == nullptr || geometry->IsEmpty()) {
        problems.push_back({ProblemCode::empty_geometry, words("has no geometry; draw it, or leave the record out",
                                                               "没有几何；请绘制其范围，或删去该记录")});
    } else if (!append_areas(*geometry, feature)) {
        feature.coordinates.clear();
        feature.rings.clear();
        problems.push_back(
            {ProblemCode::unsupported_geometry,
             words("its geometry is a {}; grids are polygons with straight edges: convert it (curves with "
                   "'segmentize') and export again",
                   "几何是 {}；网格是由直线段围成的面：请转换（曲线先用 segmentize 打散）后重新导出",
                   geometry->getGeometryName())});
    }
}

OgrSource::OgrSource(SourceFile const& file, ReadOptions const& options)
    : m_impl(std::make_unique<Impl>(file, options)) {
    auto& impl = *m_impl;
    GdalMessages::Listening const listening{impl.messages};
    auto& layer = *impl.parts.front().layer;
    m_header.layer = impl.parts.size() > 1 ? fmt::format("{} folders", impl.parts.size()) : layer.GetName();
    m_header.encoding = file.file_encoding();
    m_header.crs_definition = impl.messages.unknown_crs() ? std::string{} : definition_of_crs(layer, file, options.crs);
    m_header.columns = impl.columns;
    m_header.types = impl.types;
    m_header.remarks = file.remarks();
    std::ranges::move(impl.remarks, std::back_inserter(m_header.remarks));
    // Counting a text format means to parse it all; others have the number in a header.
    bool const cheap = file.format() != Format::geojson_lines && file.format() != Format::dxf;
    for (auto const& part : impl.parts) {
        auto const count = cheap ? part.layer->GetFeatureCount(TRUE) : 0;
        m_header.feature_count += count > 0 ? static_cast<std::uint64_t>(count) : 0U;
    }
    if (file.format() == Format::flatgeobuf || file.format() == Format::file_geodatabase) {
        impl.declared = m_header.feature_count;
    }
    if (m_header.feature_count > options.limits.features) {
        throw Error{ErrorCode::data_rejected,
                    words("{}: says that it holds {} features; more than {} are not read at once: cut it into parts, "
                          "or have it exported again",
                          "{}：自称有 {} 个要素；一次最多读取 {} 个：请分成几部分，或重新导出", file.shown(),
                          m_header.feature_count, options.limits.features)};
    }
    impl.check_damage();
    layer.ResetReading();
}

OgrSource::~OgrSource() = default;

bool OgrSource::next(RawFeature& feature, std::vector<RowProblem>& problems) {
    auto& impl = *m_impl;
    GdalMessages::Listening const listening{impl.messages};
    OGRFeatureUniquePtr from;
    problems.clear();
    while (impl.next_feature(from)) {
        feature.coordinates.clear();
        feature.rings.clear();
        feature.fields.resize(impl.columns.size());
        for (auto& field : feature.fields) {
            field.clear();
        }
        feature.absent.assign(impl.columns.size(), impl.labels == std::nullopt);
        feature.undecoded.clear();
        if (impl.labels) {
            if (!impl.take_drawing(*from, feature, problems)) {
                continue;
            }
            feature.fields[0] = from->GetFieldAsString("Layer");
            feature.fields[1] = from->GetFieldAsString("EntityHandle");
            std::ranges::move(impl.labels->labels_in(feature),
                              feature.fields.begin() + static_cast<std::ptrdiff_t>(impl.first_label));
        } else {
            impl.read_fields(*from, feature, problems);
            impl.read_geometry(*from, feature, problems);
        }
        bool const numbered = impl.file.format() == Format::shapefile;
        impl.row = numbered ? static_cast<std::size_t>(from->GetFID()) + 1 : impl.row + 1;
        feature.row = impl.row;
        return true;
    }
    return false;
}

} // namespace wangge::importers
