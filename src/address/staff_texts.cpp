#include "staff_texts.hpp"

#include <algorithm>
#include <span>

namespace wangge::address {

namespace {

bool lies_in(Gazetteer const& gazetteer, DivisionNumber village, DivisionNumber division) {
    return village != kNoDivision && division <= village && village < gazetteer.division(division).end;
}

std::size_t behind_gaps(std::u32string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(U" ,", at), text.size());
}

class BoundSearch {
public:
    BoundSearch(IndexView const& index, std::u32string_view text) : m(index), m_text(text) {
        auto const last = m_text.find_last_not_of(U" ,");
        m_text = m_text.substr(0, last == std::u32string_view::npos ? 0 : last + 1);
    }
    std::vector<std::uint32_t> run() {
        look(0);
        std::sort(m_found.begin(), m_found.end());
        m_found.erase(std::unique(m_found.begin(), m_found.end()), m_found.end());
        return std::move(m_found);
    }

private:
    void look(std::size_t begin) {
        begin = behind_gaps(m_text, begin);
        if (begin == m_text.size()) {
            return;
        }
        look_up(m_text.substr(begin));
        constexpr std::size_t kMostNames = 8; // levels, and a name said twice
        if (m_names.size() == kMostNames) {
            return;
        }
        m.gazetteer.match(m_text, begin, [&](std::size_t length, std::span<DivisionName const> bearers) {
            m_names.push_back(bearers);
            look(begin + length);
            m_names.pop_back();
        });
    }
    void look_up(std::u32string_view key) {
        auto const count = m.bound_doors.size();
        std::size_t first = 0, last = count;
        while (first < last) {
            auto const middle = first + (last - first) / 2;
            (text_of(middle) < key ? first : last) = text_of(middle) < key ? middle + 1 : middle;
        }
        for (; first < count && text_of(first) == key; ++first) {
            auto const village = m.village(m.houses[m.house_of(m.bound_doors[first])]);
            if (std::all_of(m_names.begin(), m_names.end(), [&](auto const& bearers) {
                    return std::any_of(bearers.begin(), bearers.end(), [&](DivisionName const& name) {
                        return lies_in(m.gazetteer, village, name.division);
                    });
                })) {
                m_found.push_back(m.bound_doors[first]);
            }
        }
    }
    [[nodiscard]] std::u32string_view text_of(std::size_t entry) const {
        return {m.bound_characters.data() + m.bound_begin[entry], m.bound_begin[entry + 1] - m.bound_begin[entry]};
    }

    IndexView const& m;
    std::u32string_view m_text;
    std::vector<std::span<DivisionName const>> m_names; ///< that stand before where it looks
    std::vector<std::uint32_t> m_found;
};

} // namespace

std::u32string bound_key(std::u32string_view text, Gazetteer const& gazetteer, DivisionNumber village) {
    std::size_t at = behind_gaps(text, 0);
    for (;;) {
        std::size_t longest = 0;
        gazetteer.match(text, at, [&](std::size_t length, std::span<DivisionName const> bearers) {
            for (auto const& name : bearers) {
                if ((name.kind == NameKind::full || name.kind == NameKind::plain) &&
                    lies_in(gazetteer, village, name.division)) {
                    longest = length;
                }
            }
        });
        auto const next = behind_gaps(text, at + longest);
        if (longest == 0 || next == text.size()) {
            return std::u32string{text.substr(at)};
        }
        at = next;
    }
}

std::vector<std::uint32_t> find_bound(IndexView const& index, std::u32string_view text) {
    return BoundSearch{index, text}.run();
}

} // namespace wangge::address
