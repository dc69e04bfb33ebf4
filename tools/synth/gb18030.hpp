#pragma once

#include <string>
#include <string_view>

namespace wangge::synth {

/// UTF-8 to GB18030, which has every character. One object serves one thread.
class Gb18030 {
public:
    /// Throws Error{environment} when this system's iconv lacks GB18030.
    Gb18030();
    ~Gb18030();
    Gb18030(Gb18030 const&) = delete;
    Gb18030& operator=(Gb18030 const&) = delete;
    /// `text` must be valid UTF-8.
    [[nodiscard]] std::string encode(std::string_view text) const;

private:
    void* m_converter;
};

} // namespace wangge::synth
