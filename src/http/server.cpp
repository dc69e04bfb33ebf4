#include "listener.hpp"
#include "state_keeper.hpp"

#include <wangge/base/log.hpp>
#include <wangge/http/server.hpp>

#include <fmt/format.h>

namespace wangge::http {

struct Server::Impl {
    explicit Impl(ServerOptions const& options) : keeper(options), listener(options, keeper) {}
    StateKeeper keeper;
    Listener listener;
};

Server::Server(ServerOptions options) {
    options.threads = std::max(1U, options.threads);
    m_impl = std::make_unique<Impl>(options);
}

// Stopped first, so that the listener need not wait for a build to end.
Server::~Server() { m_impl->keeper.stop(); }

void Server::run() {
    auto const served = m_impl->keeper.current();
    log_info(served ? fmt::format("listening on http://{}, generation {}, {} grids", m_impl->listener.address(),
                                  served->generation(), served->grid_count())
                    : fmt::format("listening on http://{}, nothing is published yet: run `wangge publish --data DIR`",
                                  m_impl->listener.address()));
    m_impl->listener.run(true);
    m_impl->keeper.stop();
    log_info("stopped");
}

void Server::stop() { m_impl->listener.stop(); }

std::uint16_t Server::port() const { return m_impl->listener.port(); }

} // namespace wangge::http
