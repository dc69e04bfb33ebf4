#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace wangge {

/// Language of what people read. Keys of JSON, slugs of problems and names of layers are the same in both.
enum class Language { english, chinese };

/// What a person reads, in every language there is: one cannot be made without the other.
struct Words {
    std::string english;
    std::string chinese;

    [[nodiscard]] std::string const& in(Language language) const noexcept {
        return language == Language::chinese ? chinese : english;
    }
    friend bool operator==(Words const&, Words const&) = default;
};

/// What stands in a hole of a sentence: the same in both languages, or words of its own.
class Filling {
public:
    Filling(std::string_view text) : m_words{std::string{text}, std::string{text}} {}
    Filling(char const* text) : Filling{std::string_view{text}} {}
    Filling(std::string const& text) : Filling{std::string_view{text}} {}
    Filling(std::integral auto number) : Filling{std::to_string(number)} {}
    Filling(Words words) : m_words(std::move(words)) {}

    [[nodiscard]] std::string const& in(Language language) const noexcept { return m_words.in(language); }

private:
    Words m_words;
};

/// A sentence with as many holes as there are fillings: {} is the next one, {0} the first. Anything else in braces, a
/// hole without a filling and a filling without a hole do not compile.
template <class... Fillings>
class Sentence {
public:
    template <class Text>
    requires std::convertible_to<Text const&, std::string_view>
    consteval Sentence(Text const& text) : m_text(text) {
        bool used[sizeof...(Fillings) + 1] = {};
        std::size_t next = 0;
        for (std::size_t i = 0; i < m_text.size(); ++i) {
            if (m_text[i] != '{') {
                continue;
            }
            bool const numbered = m_text.at(i + 1) != '}';
            auto const hole = numbered ? static_cast<std::size_t>(m_text.at(i + 1) - '0') : next++;
            i += numbered ? 2 : 1;
            if (hole >= sizeof...(Fillings) || m_text.at(i) != '}') {
                throw "a hole has no filling";
            }
            used[hole] = true;
        }
        for (std::size_t i = 0; i < sizeof...(Fillings); ++i) {
            if (!used[i]) {
                throw "a filling has no hole";
            }
        }
    }
    [[nodiscard]] std::string_view text() const noexcept { return m_text; }

private:
    std::string_view m_text;
};

[[nodiscard]] Words filled(std::string_view english, std::string_view chinese, std::span<Filling const> fillings);

/// words("grid {} is gone", "网格 {} 已不存在", code.str())
template <class... Fillings>
[[nodiscard]] Words words(std::type_identity_t<Sentence<Fillings...>> english,
                          std::type_identity_t<Sentence<Fillings...>> chinese, Fillings const&... fillings) {
    Filling const list[sizeof...(Fillings) + 1] = {Filling{fillings}..., Filling{""}};
    return filled(english.text(), chinese.text(), {list, sizeof...(Fillings)});
}

/// words(...).in(language)
template <class... Fillings>
[[nodiscard]] std::string said(Language language, std::type_identity_t<Sentence<Fillings...>> english,
                               std::type_identity_t<Sentence<Fillings...>> chinese, Fillings const&... fillings) {
    return words(english, chinese, fillings...).in(language);
}

} // namespace wangge
