#pragma once

#include <wangge/base/words.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/// One thing an import looks for in a file, and the names that columns have for it, best first. Names are compared
/// without case, blanks, '_', '-', '*' and bracketed additions. The first
/// one is Chinese, and what a person is told the column is for.
struct WantedField {
    std::string_view key; ///< "grid_code"
    bool required = false;
    std::span<std::string_view const> names;
};

[[nodiscard]] std::span<WantedField const>
boundary_fields() noexcept; ///< grid_code, grid_name, grid_kind, village_code
[[nodiscard]] std::span<WantedField const>
division_fields() noexcept; ///< code, name, level, parent_code, urban_rural_class
[[nodiscard]] std::span<WantedField const> outline_fields() noexcept; ///< code, name
[[nodiscard]] std::span<WantedField const>
officer_fields() noexcept; ///< officer_id, name, phone, grid_code, role, valid_from, valid_to
[[nodiscard]] std::span<WantedField const> address_fields() noexcept; ///< id, text, village_code, road, ..., lon, lat
[[nodiscard]] std::span<WantedField const> concordance_fields() noexcept; ///< old_code, new_code, effective, note

/// Which column of a file holds what. Printable, so that a person sees it before it is used.
class FieldMapping {
public:
    /// Throws Error{data_rejected} when a required field has no column; it lists the columns found and the names
    /// accepted.
    [[nodiscard]] static FieldMapping guess(std::span<WantedField const> wanted,
                                            std::vector<std::string> const& columns, std::string const& file);

    /// As a mapping document says, which is all that is used: a wanted field without a column in it has none.
    ///   {"format": "wangge-field-mapping", "version": 1, "fields": {"grid_code": "WGBM", "grid_kind": null}}
    /// Throws Error{data_unreadable} for what is no such document, Error{data_rejected} when it names a column that
    /// the file lacks (the message lists those it has), a field that is not wanted, or none for a required one.
    [[nodiscard]] static FieldMapping from_json(std::string_view json, std::string const& mapping_file,
                                                std::span<WantedField const> wanted,
                                                std::vector<std::string> const& columns, std::string const& file);
    /// A document that from_json reads; indented, ends with a line break.
    [[nodiscard]] std::string to_json() const;

    /// Index of the column that holds `key`, which must be one of the wanted fields; empty when the file has none.
    [[nodiscard]] std::optional<std::size_t> column(std::string_view key) const;
    /// The field of `row` for `key`, empty when the file has no such column.
    [[nodiscard]] std::string const& value(std::vector<std::string> const& fields, std::string_view key) const;
    /// "grid_code <- 网格编码, grid_name <- 网格名称, grid_kind <- (none)"
    [[nodiscard]] Words describe() const;

private:
    struct Entry {
        std::string_view key;
        std::string_view chinese; ///< what it is for
        std::optional<std::size_t> column;
        std::string name; ///< of the column
    };
    std::vector<Entry> m_entries;
};

} // namespace wangge::importers
