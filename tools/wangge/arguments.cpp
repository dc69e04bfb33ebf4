#include "arguments.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

namespace wangge::command {

Date date_argument(std::string const& text, char const* option) {
    if (text.empty()) {
        return Date::today();
    }
    if (auto const date = Date::parse(text)) {
        return *date;
    }
    throw Error{ErrorCode::usage, fmt::format("{}: '{}' is not a date; write it as YYYY-MM-DD", option, text)};
}

std::string author_argument(std::string const& given) {
    if (!given.empty()) {
        return given;
    }
    if (auto const* user = ::getpwuid(::getuid())) {
        return user->pw_name;
    }
    return fmt::format("uid-{}", ::getuid());
}

} // namespace wangge::command
