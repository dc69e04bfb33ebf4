#include "transformer_cache.hpp"

#include <algorithm>

namespace wangge::http {

namespace {

bool same_name(std::string_view a, std::string_view b) {
    auto const upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return upper(x) == upper(y); });
}

} // namespace

crs::Transformer const& TransformerCache::get(std::string_view crs_name, crs::SiteSystems const& site) {
    if (!m_site.same_as(site)) {
        m_transformers.clear();
        m_site = site;
    }
    auto const find = [&](std::string_view name) {
        return std::find_if(m_transformers.begin(), m_transformers.end(),
                            [&](crs::Transformer const& t) { return same_name(t.name(), name); });
    };
    auto found = find(crs_name);
    if (found == m_transformers.end()) {
        auto made = crs::Transformer::make(crs_name, site);
        found = find(made.name()); // a name may be written in several ways; kept is the canonical one
        if (found == m_transformers.end()) {
            m_transformers.push_front(std::move(made));
            if (m_transformers.size() > kCapacity) {
                m_transformers.pop_back();
            }
            return m_transformers.front();
        }
    }
    m_transformers.splice(m_transformers.begin(), m_transformers, found);
    return m_transformers.front();
}

TransformerCache& TransformerCache::of_this_thread() {
    thread_local TransformerCache cache;
    return cache;
}

} // namespace wangge::http
