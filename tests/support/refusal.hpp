#pragma once

#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace wangge::test {

/// What the Error says with which f() is refused; a failure of the test when it is another, or none.
template <class F>
std::string refusal(ErrorCode expected, F&& f) {
    try {
        f();
    } catch (Error const& error) {
        BOOST_TEST((error.code() == expected), error.what());
        return error.what();
    }
    BOOST_ERROR("nothing was refused");
    return {};
}

[[nodiscard]] inline bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace wangge::test
