#include <wangge/base/error.hpp>
#include <wangge/importers/code_list.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::importers {

std::vector<DivisionCode> parse_code_list(std::string_view text, std::string const& file) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    std::vector<DivisionCode> codes;
    for (std::size_t line = 1; !text.empty(); ++line) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const word = text.substr(0, std::min(end, text.find_first_of(", \t\r\n;")));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (word.empty()) {
            continue;
        }
        if (auto const code = DivisionCode::parse(word)) {
            codes.push_back(*code);
        } else if (line > 1) {
            throw Error{ErrorCode::data_rejected,
                        words("{}: line {}: '{}' is not a 12-digit division code; correct it",
                              "{}：第 {} 行：“{}”不是 12 位区划编码；请更正", file, line, word.substr(0, 40))};
        }
    }
    return codes;
}

} // namespace wangge::importers
