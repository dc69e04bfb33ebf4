#pragma once

#include <wangge/base/words.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace wangge {

/// What kind of thing went wrong; decides the exit code of a command and the status of an HTTP answer.
enum class ErrorCode {
    usage,           ///< the caller asked for something that cannot be: a bad option, an unknown CRS
    data_unreadable, ///< a file from outside is damaged, truncated or of an unknown format
    data_rejected,   ///< a file from outside was read and holds problems that forbid to go on
    not_found,       ///< a code, date or layer that does not exist
    conflict,        ///< another process holds the registry, or the state changed meanwhile
    environment,     ///< disk full, permission, missing file of our own, port in use
    corrupt,         ///< a file of our own fails its checksum or structure
};

/**
 * The one exception of the product. The message says what, where, and what to do about it.
 * Thrown once, caught once (main, HTTP edge). Bad data that can be listed is a Problem instead.
 */
class Error : public std::runtime_error {
public:
    Error(ErrorCode code, std::string const& message) : std::runtime_error(message), m_code(code) {}
    Error(ErrorCode code, Words words)
        : std::runtime_error(words.english), m_code(code), m_words(std::make_shared<Words const>(std::move(words))) {}

    [[nodiscard]] ErrorCode code() const noexcept { return m_code; }
    /// what() for a person of that language; English where nobody said it in another.
    [[nodiscard]] char const* in(Language language) const noexcept {
        return m_words ? m_words->in(language).c_str() : what();
    }
    [[nodiscard]] Words words() const { return m_words ? *m_words : Words{what(), what()}; }

private:
    ErrorCode m_code;
    std::shared_ptr<Words const> m_words; ///< copying an exception must not throw
};

/// Exit codes of every command: 0 done, 1 the data has problems, 2 wrong usage, 3 the environment failed.
[[nodiscard]] int exit_code(ErrorCode code) noexcept;

} // namespace wangge
