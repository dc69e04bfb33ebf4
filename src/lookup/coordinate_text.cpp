#include "coordinate_text.hpp"

#include <charconv>
#include <limits>

namespace wangge::lookup {

double parse_other_coordinate(std::string_view field) noexcept {
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
        field = field.substr(1, field.size() - 2);
    }
    while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) {
        field.remove_prefix(1);
    }
    while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) {
        field.remove_suffix(1);
    }
    double value = 0;
    if (parse_plain_decimal(field, value)) {
        return value;
    }
    auto const [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (field.empty() || error != std::errc{} || end != field.data() + field.size()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    return value;
}

} // namespace wangge::lookup
