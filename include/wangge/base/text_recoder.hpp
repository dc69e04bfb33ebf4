#pragma once

#include <string>
#include <string_view>

namespace wangge {

/// Turns text from one encoding into another, as iconv names them. Keeps its memory; one thread at a time.
class TextRecoder {
public:
    /// Error{environment} when the system knows one of them not.
    TextRecoder(char const* to, char const* from);
    ~TextRecoder();
    TextRecoder(TextRecoder const&) = delete;
    TextRecoder& operator=(TextRecoder const&) = delete;
    /// False when it is not in that encoding or cannot be written in the other; `text` is then as it was.
    [[nodiscard]] bool convert(std::string& text);

private:
    void* m_iconv;
    std::string m_out;
};

} // namespace wangge
