#pragma once

#include "query_text.hpp"

#include <wangge/address/address_index.hpp>

#include <array>
#include <string>

namespace wangge::address {

/**
 * Reads the columns of an address point from its text where the table gives none of them, as a query is read, so that
 * the two meet. Roads and estates that nobody knows are told by their endings alone.
 */
class TextColumns {
public:
    /// The gazetteer must outlive it.
    explicit TextColumns(Gazetteer const& gazetteer) : m_parser(gazetteer) {}
    /// Leaves a record that has a column as it is. What it fills in is borrowed until the next call.
    void fill(AddressRecord& record);

private:
    [[nodiscard]] std::string_view source(std::string_view text, std::uint32_t part) const;
    [[nodiscard]] std::string_view road(std::string_view text, AddressLine const& line) const;

    Parser m_parser;
    NormalizedText m_normalized;
    ParsedAddress m_parsed;
    AddressQuery m_query;
    std::array<std::string, 3> m_compact; ///< building, unit and room of one number with dashes
};

} // namespace wangge::address
