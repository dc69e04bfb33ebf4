#pragma once

#include <wangge/base/words.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace wangge::lookup {

/// Lines of a label and what it labels.
class LabelledLines {
public:
    explicit LabelledLines(Language language) : m_language(language) {}

    void add(Words const& label, Filling const& value) {
        m_text += m_text.empty() ? "" : "\n";
        m_text += m_language == Language::chinese ? label.chinese + "：" : fmt::format("{:<12}", label.english);
        m_text += value.in(m_language);
    }
    [[nodiscard]] std::string take() { return std::move(m_text); }

private:
    Language m_language;
    std::string m_text;
};

} // namespace wangge::lookup
