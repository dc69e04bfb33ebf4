#include <wangge/base/words.hpp>

namespace wangge {

namespace {

[[nodiscard]] std::string filled_in(std::string_view text, std::span<Filling const> fillings, Language language) {
    std::string result;
    std::size_t next = 0;
    while (!text.empty()) {
        auto const open = text.find('{');
        result += text.substr(0, open);
        if (open == std::string_view::npos) {
            break;
        }
        bool const numbered = text[open + 1] != '}';
        auto const hole = numbered ? static_cast<std::size_t>(text[open + 1] - '0') : next++;
        result += fillings[hole].in(language);
        text.remove_prefix(open + (numbered ? 3 : 2));
    }
    return result;
}

} // namespace

Words filled(std::string_view english, std::string_view chinese, std::span<Filling const> fillings) {
    return {filled_in(english, fillings, Language::english), filled_in(chinese, fillings, Language::chinese)};
}

} // namespace wangge
