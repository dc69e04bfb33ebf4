#include <wangge/registry/concordance.hpp>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace wangge::registry {

namespace {

auto by_old(Concordance const& row) { return std::tie(row.old_code, row.effective, row.new_code); }

} // namespace

std::string_view to_string(ConcordanceKind kind) noexcept {
    switch (kind) {
    case ConcordanceKind::recoded:
        return "recoded";
    case ConcordanceKind::split:
        return "split";
    case ConcordanceKind::merged:
        return "merged";
    case ConcordanceKind::reorganised:
        return "reorganised";
    case ConcordanceKind::abolished:
        return "abolished";
    }
    return "";
}

ConcordanceTable::ConcordanceTable(std::vector<Concordance> rows) : m_rows(std::move(rows)) {
    std::ranges::stable_sort(m_rows, [](auto const& a, auto const& b) { return by_old(a) < by_old(b); });
    auto const [first, last] =
        std::ranges::unique(m_rows, [](auto const& a, auto const& b) { return by_old(a) == by_old(b); });
    m_rows.erase(first, last);
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        if (m_rows[i].new_code) {
            m_by_new.push_back(i);
        }
    }
    auto const key = [&](std::size_t i) {
        return std::tie(m_rows[i].new_code, m_rows[i].effective, m_rows[i].old_code);
    };
    std::ranges::sort(m_by_new, [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
}

ConcordanceStep ConcordanceTable::step(Concordance const& row) const {
    if (!row.new_code) {
        return {row, ConcordanceKind::abolished};
    }
    auto const olds =
        std::ranges::equal_range(m_by_new, std::pair{*row.new_code, row.effective}, {}, [&](std::size_t i) {
            return std::pair{*m_rows[i].new_code, m_rows[i].effective};
        });
    auto const news = std::ranges::count_if(std::ranges::equal_range(m_rows, std::pair{row.old_code, row.effective}, {},
                                                                     [](Concordance const& r) {
                                                                         return std::pair{r.old_code, r.effective};
                                                                     }),
                                            [](Concordance const& r) { return r.new_code.has_value(); });
    if (olds.size() > 1) {
        return {row, news > 1 ? ConcordanceKind::reorganised : ConcordanceKind::merged};
    }
    return {row, news > 1 ? ConcordanceKind::split : ConcordanceKind::recoded};
}

Became ConcordanceTable::became(DivisionCode code, Date as_of) const {
    Became result;
    std::set<DivisionCode> now;
    std::set<std::pair<Date, DivisionCode>> seen;
    std::vector<std::pair<Date, DivisionCode>> todo{{kAlways, code}}; // what carries it, from which day on
    while (!todo.empty()) {
        auto const [since, carrier] = todo.back();
        todo.pop_back();
        auto const later = std::ranges::upper_bound(m_rows, std::pair{carrier, since}, {}, [](Concordance const& r) {
            return std::pair{r.old_code, r.effective};
        });
        if (later == m_rows.end() || later->old_code != carrier || later->effective > as_of) {
            now.insert(carrier);
            continue;
        }
        for (auto row = later; row != m_rows.end() && row->old_code == carrier && row->effective == later->effective;
             ++row) {
            result.steps.push_back(step(*row));
            if (row->new_code && seen.emplace(row->effective, *row->new_code).second) {
                todo.emplace_back(row->effective, *row->new_code);
            }
        }
    }
    auto const key = [](ConcordanceStep const& s) {
        return std::tie(s.change.effective, s.change.old_code, s.change.new_code);
    };
    std::ranges::sort(result.steps, [&](auto const& a, auto const& b) { return key(a) < key(b); });
    auto const [first, last] =
        std::ranges::unique(result.steps, [&](auto const& a, auto const& b) { return key(a) == key(b); });
    result.steps.erase(first, last); // two carriers since different days may meet in one
    result.now.assign(now.begin(), now.end());
    return result;
}

std::vector<ConcordanceStep> ConcordanceTable::formerly(DivisionCode code) const {
    std::vector<ConcordanceStep> steps;
    for (auto const i :
         std::ranges::equal_range(m_by_new, code, {}, [&](std::size_t n) { return *m_rows[n].new_code; })) {
        steps.push_back(step(m_rows[i]));
    }
    return steps;
}

std::vector<DivisionCode> ConcordanceTable::old_codes() const {
    std::vector<DivisionCode> codes;
    for (auto const& row : m_rows) {
        if (codes.empty() || codes.back() != row.old_code) {
            codes.push_back(row.old_code);
        }
    }
    return codes;
}

} // namespace wangge::registry
