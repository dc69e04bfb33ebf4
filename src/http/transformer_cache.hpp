#pragma once

#include <wangge/crs/transformer.hpp>

#include <list>
#include <string>
#include <string_view>

namespace wangge::http {

/// The transformers of one thread, least recently used out first. Names that no transformer can be made for leave
/// nothing behind, and another site's systems empty it: a name may mean something else there.
class TransformerCache {
public:
    static constexpr std::size_t kCapacity = 16;
    /// Throws Error{usage} as crs::Transformer::make does. The reference holds until the next call.
    [[nodiscard]] crs::Transformer const& get(std::string_view crs_name, crs::SiteSystems const& site = {});
    [[nodiscard]] std::size_t size() const noexcept { return m_transformers.size(); }
    /// The calling thread's own.
    [[nodiscard]] static TransformerCache& of_this_thread();

private:
    crs::SiteSystems m_site;
    std::list<crs::Transformer> m_transformers; ///< last used first
};

} // namespace wangge::http
