#include "gb18030.hpp"

#include <wangge/base/error.hpp>

#include <iconv.h>

namespace wangge::synth {

Gb18030::Gb18030() : m_converter(iconv_open("GB18030", "UTF-8")) {
    if (m_converter == reinterpret_cast<iconv_t>(-1)) {
        throw Error{ErrorCode::environment, "iconv has no GB18030; install the package libc-bin"};
    }
}

Gb18030::~Gb18030() { iconv_close(m_converter); }

std::string Gb18030::encode(std::string_view text) const {
    std::string result(text.size() * 2 + 4, '\0'); // four bytes at most for two or more
    auto* from = const_cast<char*>(text.data());   // iconv does not write there
    auto from_left = text.size();
    auto* to = result.data();
    auto to_left = result.size();
    if (iconv(m_converter, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1)) {
        throw Error{ErrorCode::corrupt, "a text of the generator is not valid UTF-8"};
    }
    result.resize(result.size() - to_left);
    return result;
}

} // namespace wangge::synth
