#include <wangge/base/error.hpp>
#include <wangge/importers/field_mapping.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace wangge::importers {

namespace {

using Names = std::string_view;

// Chinese names first, then their pinyin initials as surveyors abbreviate them to ten bytes, then English.
constexpr std::array<Names, 11> kGridCode{"网格编码",  "网格代码", "网格编号", "WGBM", "WGDM", "WGBH",
                                          "grid_code", "grid_id",  "编码",     "BM",   "code"};
constexpr std::array<Names, 8> kGridName{"网格名称", "网格名", "WGMC", "grid_name", "名称", "MC", "name", "WGM"};
constexpr std::array<Names, 9> kGridKind{"网格类型",  "网格类别", "WGLX", "WGLB", "grid_kind",
                                         "grid_type", "类型",     "kind", "type"};
constexpr std::array<Names, 16> kVillageCode{
    "所属村居编码", "村居编码", "所属村居代码", "村居代码", "村社区编码", "社区编码",     "村编码",     "SSCJBM",
    "CJBM",         "CJDM",     "CUNBM",        "CUNDM",    "SQBM",       "village_code", "village_id", "vill_code"};
constexpr std::array<Names, 14> kDivisionCode{"统计用区划代码", "行政区划代码", "区划代码",      "区划编码", "代码",
                                              "编码",           "TJYQHDM",      "XZQHDM",        "XZQDM",    "QHDM",
                                              "QHBM",           "DM",           "division_code", "code"};
constexpr std::array<Names, 10> kDivisionName{"行政区划名称", "区划名称", "名称",          "XZQHMC", "XZQMC",
                                              "QHMC",         "MC",       "division_name", "name",   "名字"};
constexpr std::array<Names, 6> kLevel{"级别", "层级", "行政级别", "JB", "level", "CJ"};
constexpr std::array<Names, 10> kParentCode{"上级代码", "上级编码", "上级区划代码", "父级代码", "父级编码",
                                            "SJDM",     "SJBM",     "parent_code",  "parent",   "SJQHDM"};
constexpr std::array<Names, 5> kUrbanRural{"城乡分类代码", "城乡分类", "CXFLDM", "CXFL", "urban_rural_class"};
constexpr std::array<Names, 12> kOfficerId{"工号",  "人员编号",   "网格员编号", "员工编号", "GH",   "RYBH",
                                           "WGYBH", "officer_id", "staff_no",   "staff_id", "编号", "id"};
constexpr std::array<Names, 7> kOfficerName{"姓名", "网格员姓名", "XM", "WGYXM", "officer_name", "name", "网格员"};
constexpr std::array<Names, 13> kPhone{"手机号码", "手机号", "手机", "联系电话", "联系方式", "电话", "SJHM",
                                       "SJH",      "LXDH",   "DH",   "phone",    "mobile",   "tel"};
constexpr std::array<Names, 12> kRole{"角色", "网格员类型", "网格员类别", "人员类型", "岗位", "类型",
                                      "JS",   "WGYLX",      "WGYLB",      "RYLX",     "role", "type"};
constexpr std::array<Names, 10> kValidFrom{"生效日期", "上岗日期", "开始日期",   "起始日期",   "SXRQ",
                                           "SGRQ",     "KSRQ",     "valid_from", "start_date", "from"};
constexpr std::array<Names, 11> kValidTo{"失效日期", "离岗日期", "结束日期", "截止日期", "终止日期", "LGRQ",
                                         "JSRQ",     "JZRQ",     "valid_to", "end_date", "to"};
constexpr std::array<Names, 10> kAddressId{"地址编码", "地址编号", "标准地址编码", "地址ID",     "DZBM",
                                           "DZBH",     "BZDZBM",   "DZID",         "address_id", "id"};
constexpr std::array<Names, 11> kAddressText{"标准地址", "地址全称", "详细地址", "完整地址", "地址", "BZDZ",
                                             "DZQC",     "XXDZ",     "DZ",       "address",  "text"};
constexpr std::array<Names, 11> kRoad{"道路名称", "道路", "街路巷", "街路巷名称", "路名", "DLMC",
                                      "JLX",      "LM",   "road",   "street",     "路"};
constexpr std::array<Names, 8> kNumber{"门牌号码", "门牌号", "门牌", "MPHM", "MPH", "MP", "number", "house_number"};
constexpr std::array<Names, 7> kEstate{"小区名称", "小区", "住宅小区", "XQMC", "XQ", "estate", "compound"};
constexpr std::array<Names, 10> kBuilding{"楼栋", "楼栋号", "楼号", "栋", "幢", "LD", "LDH", "LH", "building", "栋号"};
constexpr std::array<Names, 5> kUnit{"单元", "单元号", "DY", "DYH", "unit"};
constexpr std::array<Names, 10> kRoom{"房号", "房间号", "户室号", "室", "房间", "FH", "FJH", "HSH", "room", "室号"};
constexpr std::array<Names, 7> kLon{"经度", "JD", "lon", "lng", "longitude", "X坐标", "x"};
constexpr std::array<Names, 6> kLat{"纬度", "WD", "lat", "latitude", "Y坐标", "y"};

constexpr std::array<Names, 11> kOldCode{"旧编码",     "原编码", "旧代码", "原代码",   "变更前编码", "变更前代码",
                                         "原区划代码", "JBM",    "YBM",    "old_code", "from_code"};
constexpr std::array<Names, 11> kNewCode{"新编码",     "现编码", "新代码", "现代码",   "变更后编码", "变更后代码",
                                         "现区划代码", "XBM",    "XDM",    "new_code", "to_code"};
constexpr std::array<Names, 9> kEffective{"生效日期", "变更日期", "变更时间",  "启用日期", "日期",
                                          "SXRQ",     "BGRQ",     "effective", "date"};
constexpr std::array<Names, 8> kNote{"备注", "说明", "变更说明", "变更原因", "BZ", "SM", "note", "remark"};

constexpr std::array kBoundary{WantedField{"grid_code", true, kGridCode}, WantedField{"grid_name", true, kGridName},
                               WantedField{"grid_kind", false, kGridKind},
                               WantedField{"village_code", false, kVillageCode}};
constexpr std::array kDivision{WantedField{"code", true, kDivisionCode}, WantedField{"name", true, kDivisionName},
                               WantedField{"level", false, kLevel}, WantedField{"parent_code", false, kParentCode},
                               WantedField{"urban_rural_class", false, kUrbanRural}};
constexpr std::array kOutline{WantedField{"code", true, kDivisionCode}, WantedField{"name", false, kDivisionName}};
constexpr std::array kOfficer{WantedField{"officer_id", true, kOfficerId}, WantedField{"name", true, kOfficerName},
                              WantedField{"phone", true, kPhone},          WantedField{"grid_code", true, kGridCode},
                              WantedField{"role", false, kRole},           WantedField{"valid_from", false, kValidFrom},
                              WantedField{"valid_to", false, kValidTo}};
constexpr std::array kAddress{WantedField{"id", true, kAddressId},
                              WantedField{"text", true, kAddressText},
                              WantedField{"village_code", false, kVillageCode},
                              WantedField{"road", false, kRoad},
                              WantedField{"number", false, kNumber},
                              WantedField{"estate", false, kEstate},
                              WantedField{"building", false, kBuilding},
                              WantedField{"unit", false, kUnit},
                              WantedField{"room", false, kRoom},
                              WantedField{"lon", true, kLon},
                              WantedField{"lat", true, kLat}};

constexpr std::array kConcordance{WantedField{"old_code", true, kOldCode}, WantedField{"new_code", true, kNewCode},
                                  WantedField{"effective", false, kEffective}, WantedField{"note", false, kNote}};

/// Without case, blanks and joining marks; "网格编码（必填）*" is 网格编码.
[[nodiscard]] std::string folded(std::string_view name) {
    for (std::string_view const bracket : {"(", "（", "[", "【"}) {
        if (auto const at = name.find(bracket); at != std::string_view::npos && at > 0) {
            name = name.substr(0, at);
        }
    }
    std::string result;
    for (char const c : name) {
        if (c >= 'A' && c <= 'Z') {
            result += static_cast<char>(c - 'A' + 'a');
        } else if (std::string_view{" \t\r\n_-*.:"}.find(c) == std::string_view::npos) {
            result += c;
        }
    }
    return result;
}

/// A .dbf cuts names at ten bytes: "village_co" stands for village_code, 网格编 for 网格编码.
[[nodiscard]] bool is_cut_form(std::string const& column, std::string_view name) {
    constexpr std::size_t kDbfName = 10;
    return name.size() > kDbfName && column.size() >= kDbfName - 2 && column.size() <= kDbfName &&
           folded(name).starts_with(folded(column));
}

} // namespace

std::span<WantedField const> boundary_fields() noexcept { return kBoundary; }
std::span<WantedField const> division_fields() noexcept { return kDivision; }
std::span<WantedField const> outline_fields() noexcept { return kOutline; }
std::span<WantedField const> officer_fields() noexcept { return kOfficer; }
std::span<WantedField const> address_fields() noexcept { return kAddress; }
std::span<WantedField const> concordance_fields() noexcept { return kConcordance; }

FieldMapping FieldMapping::guess(std::span<WantedField const> wanted, std::vector<std::string> const& columns,
                                 std::string const& file) {
    std::vector<std::string> keys;
    keys.reserve(columns.size());
    for (auto const& column : columns) {
        keys.push_back(folded(column));
    }
    FieldMapping mapping;
    std::vector<bool> taken(columns.size(), false);
    auto const find = [&](WantedField const& field, auto const& matches) -> std::optional<std::size_t> {
        for (auto const name : field.names) {
            for (std::size_t i = 0; i < columns.size(); ++i) {
                if (!taken[i] && matches(i, name)) {
                    taken[i] = true;
                    return i;
                }
            }
        }
        return std::nullopt;
    };
    for (auto const& field : wanted) {
        mapping.m_entries.push_back(
            {field.key,
             field.names.front(),
             find(field, [&](std::size_t i, std::string_view name) { return keys[i] == folded(name); }),
             {}});
    }
    for (std::size_t f = 0; f < wanted.size(); ++f) {
        auto& entry = mapping.m_entries[f];
        if (!entry.column) {
            entry.column =
                find(wanted[f], [&](std::size_t i, std::string_view name) { return is_cut_form(columns[i], name); });
        }
        if (entry.column) {
            entry.name = columns[*entry.column];
        } else if (wanted[f].required) {
            throw Error{ErrorCode::data_rejected,
                        words("{}: has no column for {}; its columns are: {}; accepted names are: {}; or say which it "
                              "is with --mapping, or, when they cannot be read, the right --encoding",
                              "{}：没有“{}”列；现有的列：{}；可识别的列名：{}；也可用 --mapping "
                              "指明是哪一列；列名若是乱码，请用 --encoding 指明编码",
                              file, Words{std::string{wanted[f].key}, std::string{wanted[f].names.front()}},
                              fmt::format("{}", fmt::join(columns, ", ")),
                              fmt::format("{}", fmt::join(wanted[f].names, ", ")))};
        }
    }
    return mapping;
}

namespace {

constexpr char const* kMappingFormat = "wangge-field-mapping";
constexpr int kMappingVersion = 1;

[[nodiscard]] nlohmann::json parse_mapping(std::string_view text, std::string const& mapping_file) {
    auto const bad = [&](Words const& what) -> Error {
        return {ErrorCode::data_unreadable,
                words("{}: {}; write one with --save-mapping", "{}：{}；可用 --save-mapping 生成", mapping_file, what)};
    };
    auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object() || document.value("format", nlohmann::json{}) != kMappingFormat) {
        throw bad(words("is no field mapping", "不是字段对应文件"));
    }
    auto const version = document.value("version", nlohmann::json{});
    if (version != kMappingVersion) {
        throw bad(words("is a field mapping of version {}, this program reads version {}",
                        "是版本 {} 的字段对应文件，本程序只读版本 {}", version.dump(), kMappingVersion));
    }
    auto fields = document.value("fields", nlohmann::json{});
    if (!fields.is_object() || !std::ranges::all_of(fields, [](nlohmann::json const& column) {
            return column.is_null() || column.is_string();
        })) {
        throw bad(
            words("has no \"fields\" with a column name or null for each", "没有 \"fields\"，或其中不全是列名或 null"));
    }
    return fields;
}

} // namespace

FieldMapping FieldMapping::from_json(std::string_view json, std::string const& mapping_file,
                                     std::span<WantedField const> wanted, std::vector<std::string> const& columns,
                                     std::string const& file) {
    auto const fields = parse_mapping(json, mapping_file);
    std::vector<std::string_view> keys;
    for (auto const& field : wanted) {
        keys.push_back(field.key);
    }
    for (auto const& [key, column] : fields.items()) {
        if (std::ranges::find(keys, key) == keys.end()) {
            throw Error{ErrorCode::data_rejected, words("{}: maps '{}', which this import does not want; it wants: {}",
                                                        "{}：其中的“{}”不是本次导入所需；所需的有：{}", mapping_file,
                                                        key, fmt::format("{}", fmt::join(keys, ", ")))};
        }
    }
    FieldMapping mapping;
    for (auto const& field : wanted) {
        Entry entry{field.key, field.names.front(), {}, {}};
        auto const found = fields.find(std::string{field.key});
        if (found != fields.end() && found->is_string()) {
            entry.name = found->get<std::string>();
            auto const at = std::ranges::find(columns, entry.name);
            if (at == columns.end()) {
                throw Error{ErrorCode::data_rejected,
                            words("{}: takes {} from column '{}', which {} does not have; its columns are: {}",
                                  "{}：{} 取自“{}”列，而 {} 没有该列；现有的列：{}", mapping_file, field.key,
                                  entry.name, file, fmt::format("{}", fmt::join(columns, ", ")))};
            }
            entry.column = static_cast<std::size_t>(at - columns.begin());
        } else if (field.required) {
            throw Error{ErrorCode::data_rejected,
                        words("{}: does not say which column holds {}; the columns of {} are: {}",
                              "{}：没有说明哪一列是 {}；{} 现有的列：{}", mapping_file, field.key, file,
                              fmt::format("{}", fmt::join(columns, ", ")))};
        }
        mapping.m_entries.push_back(std::move(entry));
    }
    return mapping;
}

std::string FieldMapping::to_json() const {
    auto fields = nlohmann::ordered_json::object();
    for (auto const& entry : m_entries) {
        fields[std::string{entry.key}] = entry.column ? nlohmann::ordered_json(entry.name) : nlohmann::ordered_json{};
    }
    nlohmann::ordered_json const document{
        {"format", kMappingFormat}, {"version", kMappingVersion}, {"fields", std::move(fields)}};
    return document.dump(2) + "\n";
}

std::optional<std::size_t> FieldMapping::column(std::string_view key) const {
    auto const found = std::ranges::find(m_entries, key, &Entry::key);
    return found == m_entries.end() ? std::nullopt : found->column;
}

std::string const& FieldMapping::value(std::vector<std::string> const& fields, std::string_view key) const {
    static std::string const kEmpty;
    auto const index = column(key);
    return index ? fields[*index] : kEmpty;
}

Words FieldMapping::describe() const {
    Words text;
    for (auto const& entry : m_entries) {
        auto const column = entry.column ? Words{entry.name, entry.name} : words("(none)", "（无）");
        text.english += fmt::format("{}{} <- {}", text.english.empty() ? "" : ", ", entry.key, column.english);
        text.chinese += fmt::format("{}{} ← {}", text.chinese.empty() ? "" : "，", entry.chinese, column.chinese);
    }
    return text;
}

} // namespace wangge::importers
